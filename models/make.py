"""Make the forest that is shipped: ``python models/make.py``, some 45 minutes.

Simulates the micrographs that `series.toml` names into a working folder, trains on
them and scores by held-out micrograph. What is in the folder already is not made
again, so that an interrupted run goes on where it stopped. With folders named,
nothing is simulated and the forest is trained on these, which are in the origin's
layout (``images/STEM.png``, ``text_files/STEM.txt``).

With ``--recalibrate`` the forest stays as it is: its probabilities are fitted and
scored anew on its own training table, some 3 minutes. With ``--measure-quality`` all of
it stays but what its card says of the quality of the micrographs: that is measured anew
on the folders, which must be those that it learnt from, some 2 minutes.

Writes ``cdse.skops``, which holds forest, card and training table, and ``cdse.json``,
the card for people to read. The same folders give the same bytes on one machine, but
for the date.
"""

from __future__ import annotations

import argparse
import json
import sys
import tomllib
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_cdse.core.classifier.forest import Model, fit, identified
from napari_cdse.core.classifier.quality_range import quality_range
from napari_cdse.core.errors import CdseError, TrainingError
from napari_cdse.core.evaluation.validation import cross_validate
from napari_cdse.core.params import DetectionParams, ForestParams
from napari_cdse.io.images.folder import find_micrographs
from napari_cdse.io.images.micrograph_file import read_micrograph
from napari_cdse.io.models.model_file import load_model, save_model
from napari_cdse.pipeline import qualities_of_folders, training_from_folders
from napari_cdse.resources import sample_data_dir
from napari_cdse.simulate import NAMES, load_preset, preset_by_name, simulate_series

if TYPE_CHECKING:
    from napari_cdse.core.classifier.quality_range import QualityRange
    from napari_cdse.core.classifier.training_set import TrainingSet
    from napari_cdse.core.evaluation.scores import Scores
    from napari_cdse.core.progress import Progress
    from napari_cdse.simulate import Preset

HERE = Path(__file__).parent
WORK = HERE.parent / "build" / "series"
NAME = "CdSe quantum dots, simulated"
TRAINED_ON = (
    "Simulated micrographs of CdSe quantum dots on amorphous carbon (multislice, "
    "truth known, no real micrograph); their pixel sizes were estimated from the "
    "lattice. Correct some of your own particles and retrain before you trust it."
)
FALSE_ALARMS = 1.0
"""More than in use, so that the forest meets enough false circles to know them."""
METHOD = "bragg"
"""Whose false circles those are: the U-Net, which is made after the forest, adds none
that has no lattice."""


def main(arguments: list[str] | None = None) -> int:
    """Simulate, train, score and write; 0 when done, 1 when it could not be."""
    told = _parser().parse_args(arguments)
    params = ForestParams(trees=told.trees, features=told.features, seed=told.seed)
    try:
        if told.recalibrate:
            model = recalibrated(load_model(told.out / "cdse.skops"))
        elif told.measure_quality:
            folders = told.folders or simulated(told.work, told.jobs)
            model = load_model(told.out / "cdse.skops")
            model = with_quality(model, measured_range(folders, told.jobs))
        else:
            folders = told.folders or simulated(told.work, told.jobs)
            model = make(folders, params, told.jobs)
            model = with_quality(model, measured_range(folders, told.jobs))
        write(model, told.out)
    except CdseError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Make the forest that is shipped.")
    parser.add_argument("folders", nargs="*", type=Path, metavar="FOLDER")
    parser.add_argument("--work", type=Path, default=WORK, metavar="DIR")
    parser.add_argument("--out", type=Path, default=HERE, metavar="DIR")
    parser.add_argument("--features", default=ForestParams().features)
    parser.add_argument("--trees", type=int, default=ForestParams().trees)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=-1)
    one = parser.add_mutually_exclusive_group()
    one.add_argument("--recalibrate", action="store_true")
    one.add_argument("--measure-quality", action="store_true")
    return parser


def simulated(work: Path, jobs: int, plan: Path = HERE / "series.toml") -> list[Path]:
    """Simulate what a plan names; a folder for each kind of micrograph."""
    told = tomllib.loads(plan.read_text("utf-8"))
    folders = []
    for each in told["series"]:
        for preset, count in _kinds(each, plan.parent / "series"):
            folder = work / preset.name
            report = _progress(preset.name)
            made = simulate_series(folder, preset, told["seed"], range(count), jobs)
            for number, _ in enumerate(made, 1):
                report(min(number / count, 0.99))
            report(1.0)
            folders.append(folder)
    return folders


def _kinds(series: dict[str, Any], folder: Path) -> list[tuple[Preset, int]]:
    """Presets of one entry of a plan: with particles, and bare support."""
    name = series["preset"]
    known = name in NAMES
    preset = preset_by_name(name) if known else load_preset(folder / f"{name}.toml")
    no_dots = replace(preset.field, dots=(0, 0))
    bare = replace(preset, name=f"{name}-bare", field=no_dots)
    return [(preset, series["micrographs"]), (bare, series["bare"])]


def make(folders: list[Path], params: ForestParams, jobs: int = 1) -> Model:
    """Train on folders and score by held-out micrograph."""
    training, notices, *_ = training_from_folders(
        folders,
        params,
        DetectionParams(method=METHOD, false_alarms=FALSE_ALARMS),
        leave_out=sample_ids(),
        jobs=jobs,
        progress=_progress("micrographs"),
    )
    for notice in notices:
        print(notice, file=sys.stderr)
    scores, _ = cross_validate(training, params, _progress("folds"))
    _tell(training, scores)
    return fit(
        training,
        params,
        name=NAME,
        trained_on=TRAINED_ON,
        scores=scores.as_dict(),
        calibration=scores.calibration,
    )


def recalibrated(model: Model) -> Model:
    """Fit and score a forest's calibration on its own table, by held-out micrograph.

    Raises
    ------
    TrainingError
        When it has no training table.
    """
    if model.training is None:
        raise TrainingError("The forest has no training table; make it anew.")
    params = ForestParams(**dict(model.card.parameters))  # type: ignore[arg-type]
    scores, _ = cross_validate(model.training, params, _progress("folds"))
    _tell(model.training, scores)
    card = replace(model.card, scores=scores.as_dict(), calibration=scores.calibration)
    return identified(replace(model, card=card))


def measured_range(folders: list[Path], jobs: int = 1) -> QualityRange | None:
    """Range of the quality of the micrographs that a forest learnt from."""
    progress = _progress("quality")
    found = quality_range(qualities_of_folders(folders, jobs=jobs, progress=progress))
    for name, (low, high) in (found or {}).items():
        print(f"{name} {low:.4g} to {high:.4g}")
    return found


def with_quality(model: Model, learnt: QualityRange | None) -> Model:
    """Write into a forest's card what micrographs it learnt from; its id stays."""
    return replace(model, card=replace(model.card, quality_range=learnt))


def sample_ids() -> frozenset[str]:
    """Content hashes of the sample micrographs: the demo shows them to a stranger."""
    files = find_micrographs([sample_data_dir()]).files
    return frozenset(read_micrograph(path).id for path in files)


def write(model: Model, folder: Path) -> None:
    """Write the model and its card."""
    save_model(model, folder / "cdse.skops")
    # The names are in the table; a person reads the rest.
    card = asdict(replace(model.card, feature_names=()))
    text = json.dumps(card, indent=1)
    (folder / "cdse.json").write_text(text + "\n", encoding="utf-8")


def _tell(training: TrainingSet, scores: Scores) -> None:
    low, high = scores.interval_95
    print(f"{len(training)} rows, particles by class: {training.class_counts}")
    print(f"balanced accuracy {scores.balanced_accuracy:.3f} ({low:.3f} to {high:.3f})")
    print(f"held out by micrograph: {scores.n_micrographs} in {scores.folds} folds")
    print(f"recall {scores.recall}")
    print(f"confusion (truth by row) {scores.confusion.tolist()}")
    print(f"calibration error by class {scores.class_calibration_error}")
    if scores.calibration is not None:
        print(f"weights {scores.calibration.weights}")
        print(f"offsets {scores.calibration.offsets}")
    for confidence, right, number in scores.reliability:
        print(f"  sure {confidence:.2f}  right {right:.2f}  of {number}")


def _progress(what: str) -> Progress:
    def report(share: float) -> None:
        end = "\n" if share >= 1 else ""
        print(f"\r{what} {100 * share:3.0f} %", end=end, file=sys.stderr, flush=True)

    return report


if __name__ == "__main__":
    sys.exit(main())
