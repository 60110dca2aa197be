"""Command ``train``: fit a forest to labelled folders or projects."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_cdse.cli.command import Command, path_of, result_path_of
from napari_cdse.cli.console import SOME_FAILED, say, tell
from napari_cdse.cli.flags import (
    add_again,
    add_frame,
    add_jobs,
    add_parameters,
    add_pixel_size,
    read_parameters,
)
from napari_cdse.cli.score_lines import score_lines
from napari_cdse.cli.training_data import training_data
from napari_cdse.core.classifier.forest import fit
from napari_cdse.core.classifier.quality_range import joined_range
from napari_cdse.core.errors import ModelError, TrainingError
from napari_cdse.core.evaluation.validation import cross_validate
from napari_cdse.core.params import DetectionParams, ForestParams
from napari_cdse.io.files import check_replaceable
from napari_cdse.io.models.model_file import is_model_file, load_model, save_model
from napari_cdse.pipeline import forest_below, joined

if TYPE_CHECKING:
    import argparse

    from napari_cdse.core.classifier.forest import Model
    from napari_cdse.core.classifier.training_set import TrainingSet


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "folders",
        nargs="+",
        type=path_of,
        metavar="FOLDER",
        help="folders with images/ and text_files/, or projects (*.cdse)",
    )
    parser.add_argument(
        "--out",
        required=True,
        type=result_path_of,
        metavar="MODEL",
        help="the file of the forest, NAME.skops",
    )
    parser.add_argument(
        "--onto",
        type=path_of,
        metavar="MODEL",
        help="learn on top of this forest's own training table",
    )
    parser.add_argument("--name", default="", help="what to call the forest")
    add_pixel_size(parser)
    add_frame(parser)
    add_jobs(parser)
    add_again(parser)
    add_parameters(parser, ForestParams)
    add_parameters(parser, DetectionParams)


def _run(arguments: argparse.Namespace) -> int:
    out = arguments.out
    check_replaceable(out, lambda _: is_model_file(out), "forest", ModelError)
    params = read_parameters(arguments, ForestParams)
    detection = read_parameters(arguments, DetectionParams)
    parent = load_model(arguments.onto) if arguments.onto else None
    own, notices, qualities, micrographs = training_data(
        arguments.folders, params, detection, arguments
    )
    earlier = None if parent is None else _training_set_of(parent)
    training = joined(own, earlier, micrographs)
    tell(f"Cross-validating {params.folds} forests by micrograph.")
    own_particles = np.unique(own.particle_ids)
    below = forest_below(parent, own, training)
    scores, _ = cross_validate(training, params, only=own_particles, below=below)
    # If none of the parent's examples is used, the range of its micrographs is not.
    inherited = None if parent is None or training is own else parent.card
    model = fit(
        training,
        params,
        name=arguments.name or out.stem,
        parent=parent.card.id if parent else None,
        trained_on=", ".join(folder.name for folder in arguments.folders),
        scores=scores.as_dict(),
        calibration=scores.calibration,
        quality_range=joined_range(qualities, inherited),
    )
    save_model(model, out)
    for line in score_lines(scores):
        say(line)
    say(f"The forest is in {out}")
    return SOME_FAILED if notices else 0


def _training_set_of(model: Model) -> TrainingSet:
    if model.training is None:
        raise TrainingError(
            f"The forest {model.card.name!r} has no training table to learn on top of; "
            "train without --onto."
        )
    return model.training


COMMAND = Command(
    description="Train a random forest from labelled folders or projects, and score "
    "it by cross-validation grouped by micrograph.",
    add_arguments=_add_arguments,
    run=_run,
)
