"""Studies of ``evaluate``: settings, importance, learning curves, methods."""

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
from napari_cdse.cli.teaching import (
    MODEL_SUFFIX,
    feature_cache,
    labelled_micrographs,
    teach,
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

    from napari_cdse.core.classifier.training_set import TrainingSet
    from napari_cdse.core.evaluation.feature_importance import FeatureImportance
    from napari_cdse.core.evaluation.learning_curve_records import LearningCurves
    from napari_cdse.core.evaluation.method_comparison import (
        MethodFigure,
        MethodScores,
    )
    from napari_cdse.core.evaluation.tuning import Trial

    Study = Callable[[argparse.Namespace], int]


def results_of(study: Study) -> Mapping[str, re.Pattern[bytes]]:
    """Return what an earlier result of a study begins with, by its file's name."""
    return _RESULTS[study]


def add_studies(parser: argparse.ArgumentParser) -> None:
    """Offer the studies as flags; one at a time."""
    group = parser.add_argument_group("studies, of labelled folders or projects")
    one = group.add_mutually_exclusive_group()
    one.add_argument(
        "--tune",
        dest="study",
        action="store_const",
        const=_tune,
        help="score a grid of settings: trees, features per split, criterion",
    )
    one.add_argument(
        "--importance",
        dest="study",
        action="store_const",
        const=_importance,
        help="what each feature is worth on held-out micrographs",
    )
    one.add_argument(
        "--learning-curve",
        dest="study",
        action="store_const",
        const=_learning_curve,
        help="replay labelling in the queue's order and by chance (folders only)",
    )
    one.add_argument(
        "--methods",
        dest="study",
        action="store_const",
        const=_methods,
        help="find particles in labelled folders by every method, and compare each "
        "with --method; a forest named before the folders classifies the circles, the "
        "shipped one without",
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
    training, failed = _taught(arguments, params)
    found = tune(training, params, ShareProgress("settings"))
    for line in tuning_lines(found):
        say(line)
    told = {
        "present": _trial(found.present),
        "trials": [_trial(one) for one in found.trials],
        "sentence": found.sentence,
    }
    _write(arguments.out, "tuning", told)
    return SOME_FAILED if failed else 0


def _importance(arguments: argparse.Namespace) -> int:
    params = read_parameters(arguments, ForestParams)
    training, failed = _taught(arguments, params)
    found = importance(training, params, ShareProgress("features"))
    for line in importance_lines(found):
        say(line)
    told = {
        "balanced_accuracy": found.balanced_accuracy,
        "micrographs": found.n_micrographs,
        "families": [_worth(one) for one in found.families],
        "features": [_worth(one) for one in found.features],
    }
    _write(arguments.out, "importance", told, partial(importance_figure, found))
    return SOME_FAILED if failed else 0


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
    named = paths[0].suffix == MODEL_SUFFIX
    model = load_model(paths[0] if named else default_model_path())
    folders = paths[1:] if named else paths
    if not folders:
        raise ParameterError("There is no folder to score on; name one or more.")
    params = read_parameters(arguments, DetectionParams)
    names, missing = usable_methods()
    for sentence in missing:
        say(sentence)
    order = [params.method, *(name for name in names if name != params.method)]
    found = run_methods(
        folders,
        model,
        params,
        order,
        pixel_size_nm=arguments.pixel_size,
        frame=arguments.frame,
        jobs=arguments.jobs,
        told=tell,
    )
    for problem in found.problems:
        tell(problem)
    scores = compare_methods(found.runs, params.method)
    for line in method_lines(scores, len(found.names)):
        say(line)
    if arguments.out is not None:
        _write_methods(arguments.out, scores, found.names, missing)
    return SOME_FAILED if found.problems else 0


def _write_methods(
    folder: Path,
    scores: Sequence[MethodScores],
    micrographs: Sequence[str],
    missing: Sequence[str],
) -> None:
    make_folder(folder, CdseError)
    rows = [
        [one.name, each.name, *_numbers(each)] for one in scores for each in one.figures
    ]
    rows += [
        [one.name, name, value, *[None] * 5]
        for one in scores
        for name, value in (
            ("seconds of a core, median", one.seconds),
            ("memory in MB, most", one.peak_bytes / 1e6),
        )
    ]
    columns = ["method", "figure", "value", "low_95", "high_95"]
    columns += ["difference", "difference_low_95", "difference_high_95"]
    write_table(folder / "methods.csv", columns, rows)
    told = {
        "compared_with": scores[0].name,
        "not_installed": missing,
        "micrographs": micrographs,
        "methods": [
            {
                "name": one.name,
                "seconds": one.seconds,
                "peak_bytes": one.peak_bytes,
                "figures": [without_nan(asdict(each)) for each in one.figures],
            }
            for one in scores
        ],
    }
    _write(folder, "methods", told)


def _numbers(figure: MethodFigure) -> list[float | None]:
    told = [figure.value, *(figure.interval_95 or (None, None))]
    told += [figure.difference, *(figure.difference_95 or (None, None))]
    return [None if each is None or math.isnan(each) else each for each in told]


def _taught(
    arguments: argparse.Namespace, params: ForestParams
) -> tuple[TrainingSet, bool]:
    detection = read_parameters(arguments, DetectionParams)
    training, notices, *_ = teach(
        arguments.paths,
        params,
        detection,
        arguments.pixel_size,
        arguments.frame,
        arguments.jobs,
        feature_cache(arguments),
    )
    for notice in notices:
        tell(notice)
    return training, bool(notices)


def _write(
    folder: Path | None,
    name: str,
    told: Mapping[str, object],
    draw: Callable[[], Figure] | None = None,
) -> None:
    if folder is None:
        return
    make_folder(folder, CdseError)
    text = json.dumps(told, indent=1)
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


def _worth(worth: FeatureImportance) -> dict[str, object]:
    return {
        "name": worth.name,
        "features": len(worth.features),
        "loss": worth.loss.value,
        "loss_95": worth.loss.interval_95,
        "impurity": worth.impurity,
    }


def _curves(curves: LearningCurves) -> dict[str, object]:
    saving = curves.saving()
    told = {
        "labels": curves.labels,
        "balanced_accuracy": {n: each.tolist() for n, each in curves.scores.items()},
        "final": curves.final,
        "share": ENOUGH,
        "labels_needed": {name: curves.needed(name) for name in curves.scores},
        "needed_of_random": saving.share,
        "needed_of_random_95": saving.interval_95,
        "sentence": curves.sentence(),
    }
    return {name: without_nan(value) for name, value in told.items()}


_RESULTS: Mapping[Study, Mapping[str, re.Pattern[bytes]]] = {
    _tune: {"tuning.json": re.compile(rb'\s*\{\s*"present":')},
    _importance: {"importance.json": re.compile(rb'\s*\{\s*"balanced_accuracy":')},
    _learning_curve: {"learning_curve.json": re.compile(rb'\s*\{\s*"labels":')},
    _methods: {
        "methods.json": re.compile(rb'\s*\{\s*"compared_with":'),
        "methods.csv": re.compile(rb"method,figure,value"),
    },
}
"""Files of each study, and what each version has begun them with."""
