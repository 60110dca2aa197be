"""Command ``evaluate``: score a forest, or cross-validate forests, on labelled folders.

Studies, which are flags of the same command, are in `napari_cdse.cli.studies`.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from napari_cdse.cli.command import Command, path_of
from napari_cdse.cli.console import SOME_FAILED, say, tell
from napari_cdse.cli.flags import (
    add_again,
    add_frame,
    add_jobs,
    add_parameters,
    add_pixel_size,
    read_parameters,
)
from napari_cdse.cli.score_lines import evaluation_lines
from napari_cdse.cli.studies import add_studies, results_of
from napari_cdse.cli.training_data import MODEL_SUFFIX, labelled_micrographs
from napari_cdse.core.errors import CdseError, ParameterError
from napari_cdse.core.evaluation.scores import without_nan
from napari_cdse.core.features import groups_in
from napari_cdse.core.params import DetectionParams, ForestParams
from napari_cdse.core.regions import is_inside
from napari_cdse.io.export.earlier_results import foreign, maker_of
from napari_cdse.io.export.label_files import (
    check_replaceable_label_file,
    left_label_files,
)
from napari_cdse.io.files import (
    check_writable,
    holds_another,
    make_folder,
    shown,
    write_file,
)
from napari_cdse.io.labels.label_file import write_label_file
from napari_cdse.io.models.model_file import load_model
from napari_cdse.io.paths import distinct_names, portable_name
from napari_cdse.pipeline import (
    Evaluation,
    evaluate,
    evaluate_held_out,
    learnt_from,
)
from napari_cdse.pipeline.evaluation import PARTICLE_CLASSES

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping
    from pathlib import Path

_SCORES = "evaluation.json"
_SCORES_START = re.compile(rb'\s*\{\s*"(learnt_from|figures)":')
"""Beginning of the scores' file in all versions."""


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.usage = "%(prog)s [options] [MODEL] FOLDER [FOLDER ...]"
    parser.add_argument(
        "paths",
        nargs="+",
        type=path_of,
        metavar="[MODEL] FOLDER",
        help="the file of a forest (*.skops), then labelled folders; folders alone "
        "where others are trained: --folds, --tune, --importance, --learning-curve",
    )
    parser.add_argument(
        "--out",
        type=path_of,
        metavar="DIR",
        help="write the scores, and with --folds the held-out label files, there",
    )
    add_studies(parser)
    add_pixel_size(parser)
    add_frame(parser)
    add_jobs(parser)
    add_again(parser)
    add_parameters(parser, ForestParams)
    parser.set_defaults(**{"ForestParams.folds": None})
    add_parameters(parser, DetectionParams)


def _run(arguments: argparse.Namespace) -> int:
    has_folds = getattr(arguments, "ForestParams.folds") is not None
    if not has_folds:
        setattr(arguments, "ForestParams.folds", ForestParams().folds)
    if arguments.study is not None:
        if arguments.out is not None:
            _check(arguments.out, results_of(arguments.study), with_labels=False)
        return int(arguments.study(arguments))
    model_path, folders = _split(arguments.paths, has_folds)
    if arguments.out is not None:
        files = {_SCORES: _SCORES_START}
        _check(arguments.out, files, with_labels=model_path is None)
    params = read_parameters(arguments, ForestParams)
    model = load_model(model_path) if model_path else None
    scale = 1.0
    if model is not None:
        params = replace(params, features=groups_in(model.card.feature_schema))
        scale = model.card.learnt_scale
    labelled, failed = labelled_micrographs(folders, params, arguments, scale)
    if model is None:
        tell(f"Fitting {params.folds} forests, each without a part of the micrographs.")
        result = evaluate_held_out(labelled, params)
        seen: tuple[str, ...] = ()
    else:
        result = evaluate(model, labelled)
        seen = learnt_from(model, labelled)
    if seen:
        say(_warning(seen, len(labelled)))
    for line in evaluation_lines(result, PARTICLE_CLASSES):
        say(line)
    if arguments.out is not None:
        _write_scores(result, arguments.out, seen)
        if model is None:
            _write_labels(result, arguments.out / "labels")
    return SOME_FAILED if failed else 0


def _split(paths: list[Path], has_folds: bool) -> tuple[Path | None, list[Path]]:
    """Split the arguments into model and folders; ``--folds`` takes no model."""
    has_model = paths[0].suffix == MODEL_SUFFIX
    if has_folds and has_model:
        raise ParameterError(
            "--folds fits forests anew, so it takes no file of a forest; leave "
            f"{paths[0].name} out, or leave --folds out to score it."
        )
    if not has_folds and not has_model:
        raise ParameterError(
            f"{paths[0].name} is no forest (*{MODEL_SUFFIX}); name one first, or give "
            "--folds K to fit forests anew."
        )
    folders = paths[1:] if has_model else paths
    if not folders:
        raise ParameterError("There is no folder to score on; name one or more.")
    return (paths[0] if has_model else None), folders


def _warning(seen: tuple[str, ...], number: int) -> str:
    """Warn of scores on micrographs that were in the training set."""
    return (
        f"The forest learnt from {len(seen)} of these {number} micrographs "
        f"({seen[0]}{', ...' if len(seen) > 1 else ''}): what follows is too good. "
        "Name others that it never saw, or give --folds K to fit forests anew."
    )


def _check(
    folder: Path, results: Mapping[str, re.Pattern[bytes]], *, with_labels: bool
) -> None:
    """Check that results can be written into a folder, before they are computed.

    Parameters
    ----------
    folder : Path
        It need not exist.
    results : mapping of str to re.Pattern
        Beginning of each result, by the name of its file.
    with_labels : bool
        Whether label files are among the results.

    Raises
    ------
    CdseError
        If the folder cannot be written, holds label files of another command, or a
        file of another program would be replaced.
    """
    maker = maker_of(folder) if with_labels else None
    if maker is not None:
        raise CdseError(
            f"Label files of napari-cdse {maker} lie in {shown(folder)}, which those "
            "of --folds would replace; choose another folder."
        )
    make_folder(folder, CdseError)
    for name, start in results.items():
        if holds_another(folder / name, start.match):
            raise CdseError(foreign(folder, name))
        check_writable(folder / name, CdseError)


def _write_scores(result: Evaluation, folder: Path, seen: tuple[str, ...]) -> None:
    scores = {
        "learnt_from": seen,
        "figures": result.figures,
        "interval_95": result.intervals,
        "classes": PARTICLE_CLASSES,
        "confusion": result.confusion.tolist(),
        "reliability": [each._asdict() for each in result.reliability],
        "class_calibration_error": without_nan(result.class_errors),
        "micrographs": [
            {
                "name": each.path.name,
                "matched": each.pairs,
                "missed": each.missed,
                "false": each.false,
            }
            for each in result.micrographs
        ],
    }
    text = json.dumps(scores, indent=1)
    write_file(folder / _SCORES, text.encode(), CdseError)


def _write_labels(result: Evaluation, folder: Path) -> None:
    """Write the held-out predictions of each micrograph as a label file."""
    make_folder(folder, CdseError)
    names = distinct_names([each.path for each in result.micrographs])
    written = set()
    for each in result.micrographs:
        path = folder / f"{portable_name(names[each.path])}.txt"
        particles = [
            (circle, label)
            for circle, label in zip(each.circles, each.labels, strict=True)
            # A label file cannot hold a centre outside of the micrograph.
            if is_inside(circle.row_px, circle.col_px, each.shape)
        ]
        check_replaceable_label_file(path, by_predictions=True)
        write_label_file(
            path,
            [circle for circle, _ in particles],
            [label for _, label in particles],
            each.shape,
            reviewed=False,
        )
        written.add(path.name)
    for sentence in left_label_files(folder, written):
        tell(sentence)


COMMAND = Command(
    description="Score a forest on labelled folders, by micrograph; or, with --folds, "
    "fit forests anew, each without the micrographs it is scored on. Or study what "
    "the labels could give: --tune, --importance, --learning-curve. Or compare the "
    "ways of finding particles: --methods.",
    add_arguments=_add_arguments,
    run=_run,
)
