"""Train the forest that is shipped: ``python models/make.py FOLDER... [--out DIR]``.

Each folder is in the origin's layout (``images/STEM.png``, ``text_files/STEM.txt``).
The sample micrographs are left out, so that the shipped forest meets them for the
first time in the demo. Writes ``cdse.skops``, which holds forest, card and training
table, ``cdse.table.npz``, the same table by itself, and ``cdse.json``, the card for
people to read. The same folders give the same bytes on one machine, but for the date.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

from napari_cdse.batch import training_from_folders
from napari_cdse.core.errors import CdseError
from napari_cdse.core.forest import Model, fit
from napari_cdse.core.params import ForestParams
from napari_cdse.core.validation import cross_validate
from napari_cdse.io.folder import find_micrographs
from napari_cdse.io.micrograph_file import read_micrograph
from napari_cdse.io.model_file import save_model
from napari_cdse.io.training_file import save_training
from napari_cdse.resources import sample_data_dir

if TYPE_CHECKING:
    from napari_cdse.core.detection import Progress
    from napari_cdse.core.scores import Scores
    from napari_cdse.core.training import TrainingSet

NAME = "CdSe quantum dots, simulated"
TRAINED_ON = (
    "Simulated micrographs of CdSe quantum dots on amorphous carbon (multislice, "
    "truth known, no real micrograph); their pixel sizes were estimated from the "
    "lattice. Correct some of your own particles and retrain before you trust it."
)


def main(arguments: list[str] | None = None) -> int:
    """Train, score and write the model; 0 when done, 1 when it could not be."""
    told = _parser().parse_args(arguments)
    params = ForestParams(trees=told.trees, features=told.features, seed=told.seed)
    try:
        model = make(told.folders, params)
        write(model, told.out)
    except CdseError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Train the forest that is shipped.")
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent)
    parser.add_argument("--features", default=ForestParams().features)
    parser.add_argument("--trees", type=int, default=ForestParams().trees)
    parser.add_argument("--seed", type=int, default=0)
    return parser


def make(folders: list[Path], params: ForestParams) -> Model:
    """Train on folders and score by held-out micrograph."""
    training, notices = training_from_folders(
        folders, params, leave_out=sample_ids(), progress=_progress("micrographs")
    )
    for notice in notices:
        print(notice, file=sys.stderr)
    scores, _ = cross_validate(training, params, _progress("folds"))
    _tell(training, scores)
    return fit(
        training, params, name=NAME, trained_on=TRAINED_ON, scores=scores.as_dict()
    )


def sample_ids() -> frozenset[str]:
    """Content hashes of the sample micrographs."""
    files = find_micrographs([sample_data_dir()]).files
    return frozenset(read_micrograph(path).id for path in files)


def write(model: Model, folder: Path) -> None:
    """Write the model, its table and its card."""
    save_model(model, folder / "cdse.skops")
    if model.training is not None:
        save_training(model.training, folder / "cdse.table.npz")
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


def _progress(what: str) -> Progress:
    def report(share: float) -> None:
        end = "\n" if share >= 1 else ""
        print(f"\r{what} {100 * share:3.0f} %", end=end, file=sys.stderr, flush=True)

    return report


if __name__ == "__main__":
    sys.exit(main())
