"""Studies of ``evaluate``: settings, importance, learning curves, methods.

A study is a function like that of a command, chosen by a flag. It prints its results
and, with ``--out``, writes them as JSON, a table or a figure.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING

from napari_cdse.cli.command import integer, path_of
from napari_cdse.cli.console import SOME_FAILED, say, tell
from napari_cdse.cli.flags import read_parameters
from napari_cdse.cli.progress import ShareProgress
from napari_cdse.cli.score_lines import (
    curve_lines,
    importance_lines,
    method_lines,
    tuning_lines,
)
from napari_cdse.cli.training_data import (
    MODEL_SUFFIX,
    labelled_micrographs,
    training_data,
)
from napari_cdse.core.errors import CdseError, ParameterError, TrainingError
from napari_cdse.core.evaluation.feature_importance import importance
from napari_cdse.core.evaluation.learning_curve_records import ENOUGH
from napari_cdse.core.evaluation.method_comparison import compare_methods
from napari_cdse.core.evaluation.scores import without_nan
from napari_cdse.core.evaluation.tuning import tune
from napari_cdse.core.params import DetectionParams, ForestParams
from napari_cdse.io.export.figures.studies import (
    importance_figure,
    learning_curves_figure,
)
from napari_cdse.io.export.figures.style import write_figure
from napari_cdse.io.export.tables import write_table
from napari_cdse.io.files import make_folder, write_file
from napari_cdse.io.models.model_file import load_model
from napari_cdse.pipeline.label_replay import replay
from napari_cdse.pipeline.method_runs import run_methods, usable_methods
from napari_cdse.resources import default_model_path

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from matplotlib.figure import Figure

    from napari_cdse.core.evaluation.feature_importance import FeatureImportance
    from napari_cdse.core.evaluation.learning_curve_records import LearningCurves
    from napari_cdse.core.evaluation.method_comparison import (
        MethodFigure,
        MethodScores,
    )
    from napari_cdse.core.evaluation.tuning import Trial

    Study = Callable[[argparse.Namespace], int]


def results_of(study: Study) -> Mapping[str, re.Pattern[bytes]]:
    """Return the beginning of each result of a study, by the name of its file."""
    return _RESULTS[study]


def add_studies(parser: argparse.ArgumentParser) -> None:
    """Add a flag for each study, of which one can be chosen, and their settings."""
    group = parser.add_argument_group("studies, of labelled folders or projects")
    flags = group.add_mutually_exclusive_group()
    for flag, (study, description) in _FLAGS.items():
        flags.add_argument(
            flag, dest="study", action="store_const", const=study, help=description
        )
    group.add_argument(
        "--repeats",
        type=integer,
        default=10,
        metavar="N",
        help="repeats of the learning curve (default: 10)",
    )
    group.add_argument(
        "--labels-per-step",
        type=integer,
        default=20,
        metavar="N",
        help="labels between two points of the learning curve (default: 20)",
    )
    group.add_argument(
        "--onto",
        type=path_of,
        metavar="MODEL",
        help="the learning curve starts from this forest's own training table",
    )


def _tune(arguments: argparse.Namespace) -> int:
    params = read_parameters(arguments, ForestParams)
    detection = read_parameters(arguments, DetectionParams)
    training, notices, *_ = training_data(arguments.paths, params, detection, arguments)
    tuning = tune(training, params, ShareProgress("settings"))
    for line in tuning_lines(tuning):
        say(line)
    record = {
        "present": _trial(tuning.present),
        "trials": [_trial(each) for each in tuning.trials],
        "sentence": tuning.sentence,
    }
    _write(arguments.out, "tuning", record)
    return SOME_FAILED if notices else 0


def _importance(arguments: argparse.Namespace) -> int:
    params = read_parameters(arguments, ForestParams)
    detection = read_parameters(arguments, DetectionParams)
    training, notices, *_ = training_data(arguments.paths, params, detection, arguments)
    result = importance(training, params, ShareProgress("features"))
    for line in importance_lines(result):
        say(line)
    record = {
        "balanced_accuracy": result.balanced_accuracy,
        "micrographs": result.n_micrographs,
        "families": [_importance_record(each) for each in result.families],
        "features": [_importance_record(each) for each in result.features],
    }
    _write(arguments.out, "importance", record, partial(importance_figure, result))
    return SOME_FAILED if notices else 0


def _learning_curve(arguments: argparse.Namespace) -> int:
    params = read_parameters(arguments, ForestParams)
    base = None
    if arguments.onto is not None:
        base = load_model(arguments.onto).training
        if base is None:
            raise TrainingError(
                f"{arguments.onto.name} has no training table to start from; "
                "leave --onto out."
            )
    labelled, failed = labelled_micrographs(arguments.paths, params, arguments)
    curves = replay(
        labelled,
        params,
        seeds=arguments.repeats,
        step=arguments.labels_per_step,
        base=base,
        progress=ShareProgress("replays"),
    )
    for line in curve_lines(curves):
        say(line)
    _write(
        arguments.out,
        "learning_curve",
        _curves(curves),
        partial(learning_curves_figure, curves),
    )
    return SOME_FAILED if failed else 0


def _methods(arguments: argparse.Namespace) -> int:
    paths = arguments.paths
    has_model = paths[0].suffix == MODEL_SUFFIX
    model = load_model(paths[0] if has_model else default_model_path())
    folders = paths[1:] if has_model else paths
    if not folders:
        raise ParameterError("There is no folder to score on; name one or more.")
    params = read_parameters(arguments, DetectionParams)
    names, missing = usable_methods()
    for sentence in missing:
        say(sentence)
    order = [params.method, *(name for name in names if name != params.method)]
    comparison = run_methods(
        folders,
        model,
        params,
        order,
        pixel_size_nm=arguments.pixel_size,
        frame=arguments.frame,
        jobs=arguments.jobs,
        told=tell,
    )
    for problem in comparison.problems:
        tell(problem)
    scores = compare_methods(comparison.runs, params.method)
    for line in method_lines(scores, len(comparison.names)):
        say(line)
    if arguments.out is not None:
        _write_method_table(arguments.out, scores)
        _write_method_record(arguments.out, scores, comparison.names, missing)
    return SOME_FAILED if comparison.problems else 0


def _write_method_table(folder: Path, scores: Sequence[MethodScores]) -> None:
    make_folder(folder, CdseError)
    rows = [
        [method.name, figure.name, *_numbers(figure)]
        for method in scores
        for figure in method.figures
    ]
    rows += [
        [method.name, name, value, *[None] * 5]
        for method in scores
        for name, value in (
            ("seconds of a core, median", method.seconds),
            ("memory in MB, most", method.peak_bytes / 1e6),
        )
    ]
    columns = ["method", "figure", "value", "low_95", "high_95"]
    columns += ["difference", "difference_low_95", "difference_high_95"]
    write_table(folder / "methods.csv", columns, rows)


def _write_method_record(
    folder: Path,
    scores: Sequence[MethodScores],
    micrographs: Sequence[str],
    missing: Sequence[str],
) -> None:
    record = {
        "compared_with": scores[0].name,
        "not_installed": missing,
        "micrographs": micrographs,
        "methods": [
            {
                "name": method.name,
                "seconds": method.seconds,
                "peak_bytes": method.peak_bytes,
                "figures": [without_nan(asdict(each)) for each in method.figures],
            }
            for method in scores
        ],
    }
    _write(folder, "methods", record)


def _numbers(figure: MethodFigure) -> list[float | None]:
    """Return value and difference, each with its interval; None for NaN."""
    numbers = [figure.value, *(figure.interval_95 or (None, None))]
    numbers += [figure.difference, *(figure.difference_95 or (None, None))]
    return [None if each is None or math.isnan(each) else each for each in numbers]


def _write(
    folder: Path | None,
    name: str,
    record: Mapping[str, object],
    draw: Callable[[], Figure] | None = None,
) -> None:
    """Write the results of a study and its figure, if a folder was given."""
    if folder is None:
        return
    make_folder(folder, CdseError)
    text = json.dumps(record, indent=1)
    write_file(folder / f"{name}.json", text.encode(), CdseError)
    if draw is not None:
        write_figure(draw(), folder, name)
    say(f"The results are in {folder}")


def _trial(trial: Trial) -> dict[str, object]:
    return {
        "trees": trial.params.trees,
        "split_features": trial.params.split_features,
        "criterion": trial.params.criterion,
        "balanced_accuracy": trial.scores.balanced_accuracy,
        "interval_95": trial.scores.interval_95,
        "difference_to_present": trial.difference.value,
        "difference_95": trial.difference.interval_95,
    }


def _importance_record(each: FeatureImportance) -> dict[str, object]:
    return {
        "name": each.name,
        "features": len(each.features),
        "loss": each.loss.value,
        "loss_95": each.loss.interval_95,
        "impurity": each.impurity,
    }


def _curves(curves: LearningCurves) -> dict[str, object]:
    saving = curves.saving()
    record = {
        "labels": curves.labels,
        "balanced_accuracy": {n: each.tolist() for n, each in curves.scores.items()},
        "final": curves.final,
        "share": ENOUGH,
        "labels_needed": {name: curves.needed(name) for name in curves.scores},
        "needed_of_random": saving.share,
        "needed_of_random_95": saving.interval_95,
        "sentence": curves.sentence(),
    }
    return {name: without_nan(value) for name, value in record.items()}


_FLAGS: Mapping[str, tuple[Study, str]] = {
    "--tune": (
        _tune,
        "score a grid of settings: trees, features per split, criterion",
    ),
    "--importance": (
        _importance,
        "what each feature is worth on held-out micrographs",
    ),
    "--learning-curve": (
        _learning_curve,
        "replay labelling in the queue's order and by chance (folders only)",
    ),
    "--methods": (
        _methods,
        "find particles in labelled folders by every method, and compare each "
        "with --method; a forest named before the folders classifies the circles, the "
        "shipped one without",
    ),
}
"""The flag of each study, and its help."""

_RESULTS: Mapping[Study, Mapping[str, re.Pattern[bytes]]] = {
    _tune: {"tuning.json": re.compile(rb'\s*\{\s*"present":')},
    _importance: {"importance.json": re.compile(rb'\s*\{\s*"balanced_accuracy":')},
    _learning_curve: {"learning_curve.json": re.compile(rb'\s*\{\s*"labels":')},
    _methods: {
        "methods.json": re.compile(rb'\s*\{\s*"compared_with":'),
        "methods.csv": re.compile(rb"method,figure,value"),
    },
}
"""Files that each study writes, and how they begin in all versions."""
