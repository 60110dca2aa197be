"""Studies of a forest on labelled data: settings, importance, learning curves."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from napari_cdse.cli.console import SOME_FAILED, say, tell
from napari_cdse.cli.flags import read_parameters
from napari_cdse.cli.score_lines import curve_lines, importance_lines, tuning_lines
from napari_cdse.cli.teaching import labelled_micrographs, teach
from napari_cdse.core.errors import CdseError, TrainingError
from napari_cdse.core.evaluation.feature_importance import importance
from napari_cdse.core.evaluation.learning_curve_records import ENOUGH
from napari_cdse.core.evaluation.scores import without_nan
from napari_cdse.core.evaluation.tuning import tune
from napari_cdse.core.params import DetectionParams, ForestParams
from napari_cdse.io.export.figure_style import write_figure
from napari_cdse.io.export.study_figures import (
    importance_figure,
    learning_curves_figure,
)
from napari_cdse.io.files import make_folder, write_file
from napari_cdse.io.models.model_file import load_model
from napari_cdse.pipeline.label_replay import replay

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Mapping

    from matplotlib.figure import Figure

    from napari_cdse.core.classifier.training_set import TrainingSet
    from napari_cdse.core.evaluation.feature_importance import FeatureImportance
    from napari_cdse.core.evaluation.learning_curve_records import LearningCurves
    from napari_cdse.core.evaluation.tuning import Trial
    from napari_cdse.core.progress import Progress

    Study = Callable[[argparse.Namespace], int]


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
    group.add_argument(
        "--repeats",
        type=int,
        default=10,
        metavar="N",
        help="repeats of the learning curve (default: 10)",
    )
    group.add_argument(
        "--labels-per-step",
        type=int,
        default=20,
        metavar="N",
        help="labels between two points of the learning curve (default: 20)",
    )
    group.add_argument(
        "--onto",
        type=Path,
        metavar="MODEL",
        help="the learning curve starts from this model's own training table",
    )


def _tune(arguments: argparse.Namespace) -> int:
    params = read_parameters(arguments, ForestParams)
    training, failed = _taught(arguments, params)
    found = tune(training, params, _progress("settings"))
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
    found = importance(training, params, _progress("features"))
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
        progress=_progress("replays"),
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


def _taught(
    arguments: argparse.Namespace, params: ForestParams
) -> tuple[TrainingSet, bool]:
    detection = read_parameters(arguments, DetectionParams)
    training, notices, _ = teach(
        arguments.paths,
        params,
        detection,
        arguments.pixel_size,
        arguments.frame,
        arguments.jobs,
    )
    for notice in notices:
        tell(notice)
    return training, bool(notices)


def _progress(what: str) -> Progress:
    """Tell every twentieth part."""
    told = [-1]

    def progress(share: float) -> None:
        if int(20 * share) > told[0]:
            told[0] = int(20 * share)
            tell(f"{share:4.0%}  {what}")

    return progress


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
