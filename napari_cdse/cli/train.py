"""Labelled folders or projects in, a forest and its card out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from napari_cdse.batch import training_from_annotations, training_from_folders
from napari_cdse.cli.command import Command
from napari_cdse.cli.console import SOME_FAILED, say, tell
from napari_cdse.cli.flags import add_parameters, add_pixel_size, read_parameters
from napari_cdse.cli.report import score_lines
from napari_cdse.core.errors import TrainingError
from napari_cdse.core.forest import fit
from napari_cdse.core.params import DetectionParams, ForestParams
from napari_cdse.core.training import TrainingSet, join
from napari_cdse.core.validation import cross_validate
from napari_cdse.io.model_file import load_model, save_model
from napari_cdse.project import SUFFIX, Project

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from napari_cdse.core.forest import Model


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "folders",
        nargs="+",
        type=Path,
        metavar="FOLDER",
        help="folders with images/ and text_files/, or projects (*.cdse)",
    )
    parser.add_argument(
        "--out", required=True, type=Path, metavar="MODEL", help="the .skops file"
    )
    parser.add_argument(
        "--onto",
        type=Path,
        metavar="MODEL",
        help="learn on top of this model's own training table",
    )
    parser.add_argument("--name", default="", help="what to call the model")
    add_pixel_size(parser)
    add_parameters(parser, ForestParams)
    add_parameters(parser, DetectionParams)


def _run(arguments: argparse.Namespace) -> int:
    params = read_parameters(arguments, ForestParams)
    detection = read_parameters(arguments, DetectionParams)
    parent = load_model(arguments.onto) if arguments.onto else None
    own, notices = _own(arguments.folders, params, detection, arguments.pixel_size)
    for notice in notices:
        tell(notice)
    training = own if parent is None else join(_table_of(parent), own)
    tell(f"Cross-validating {params.folds} forests by micrograph.")
    scores, _ = cross_validate(training, params)
    model = fit(
        training,
        params,
        name=arguments.name or arguments.out.stem,
        parent=parent.card.id if parent else None,
        trained_on=", ".join(folder.name for folder in arguments.folders),
        scores=scores.as_dict(),
    )
    save_model(model, arguments.out)
    for line in score_lines(scores):
        say(line)
    say(f"The model is in {arguments.out}")
    return SOME_FAILED if notices else 0


def _own(
    paths: Sequence[Path],
    params: ForestParams,
    detection: DetectionParams,
    pixel_size_nm: float | None,
) -> tuple[TrainingSet, tuple[str, ...]]:
    """Join what folders and projects teach."""
    projects = [path for path in paths if path.suffix == SUFFIX]
    folders = [path for path in paths if path.suffix != SUFFIX]
    parts: list[tuple[TrainingSet, tuple[str, ...]]] = []
    if folders:
        parts.append(
            training_from_folders(
                folders,
                params,
                detection,
                pixel_size_nm=pixel_size_nm,
                progress=lambda share: tell(f"{share:4.0%}  folders"),
            )
        )
    parts.extend(_from_project(path, params) for path in projects)
    sets = [training for training, _ in parts]
    return join(*sets), tuple(notice for _, notices in parts for notice in notices)


def _from_project(
    path: Path, params: ForestParams
) -> tuple[TrainingSet, tuple[str, ...]]:
    project = Project.create_or_open(path)
    try:
        labelled = project.labelled()
    finally:
        project.close()
    return training_from_annotations(labelled, params)


def _table_of(model: Model) -> TrainingSet:
    if model.training is None:
        raise TrainingError(
            f"The model {model.card.name!r} has no training table to learn on top of; "
            "train without --onto."
        )
    return model.training


COMMAND = Command(
    name="train",
    summary="train a forest from labelled folders or projects",
    description="Train a random forest from labelled folders or projects, and score "
    "it by cross-validation grouped by micrograph.",
    add_arguments=_add_arguments,
    run=_run,
)
