"""``train`` on labelled folders: a second run against the first, and its memory.

The first run works circles and features out, the second one reads them. Pictures must
not be held: with twice as many micrographs, memory grows by their rows alone, which
are in the model's own training table.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from napari_cdse.io.labels.label_file import read_label_file, write_label_file
from napari_cdse.resources import sample_data_dir
from tests.benchmarks.measuring import Row

TITLE = "train on labelled folders"
NUMBERS = (10, 20, 40)
QUICK = (5, 10)
MOST_OF_FIRST = 0.5
"""Reading, cross-validation and the fit remain, and of few micrographs the start."""
MOST_GROWTH = 1.1
"""Of memory, when there are twice as many micrographs; a choice: the libraries, which
stay as they are, are most of it."""
_RUN = (
    "import resource, sys; from napari_cdse.cli import main; code = main(sys.argv[1:]);"
    "used = resource.getrusage(resource.RUSAGE_SELF);"
    "print(used.ru_maxrss, used.ru_utime + used.ru_stime); sys.exit(code)"
)


def rows(quick: bool = False) -> Iterator[Row]:
    before: float | None = None
    for number in QUICK if quick else NUMBERS:
        with tempfile.TemporaryDirectory() as name:
            place = Path(name)
            folder = labelled(place / "labelled", number)
            first, second = (trained(folder, place) for _ in range(2))
        yield Row(
            f"{number} micrographs, second run / first",
            seconds=second[1],
            value=second[1] / first[1],
            limit=MOST_OF_FIRST if number > NUMBERS[0] else None,
        )
        yield Row(
            f"  peak memory {first[0] / 1024:.0f} MB, of half as many: times",
            value=None if before is None else first[0] / before,
            limit=None if before is None else MOST_GROWTH,
        )
        before = first[0]


def trained(folder: Path, place: Path) -> tuple[float, float]:
    """Most memory in kB, and seconds of a processor, of one run in one process."""
    words = ["train", str(folder), "--out", str(place / "model.skops"), "--jobs", "1"]
    done = subprocess.run(
        [sys.executable, "-c", _RUN, *words],
        check=True,
        capture_output=True,
        text=True,
        env=os.environ | {"NAPARI_CDSE_CACHE": str(place / "cache")},
    )
    memory, seconds = map(float, done.stdout.splitlines()[-1].split())
    return memory, seconds


def labelled(folder: Path, number: int) -> Path:
    """Write so many labelled micrographs of 1024 x 1024 px, no two of them alike."""
    for kind in ("images", "text_files"):
        (folder / kind).mkdir(parents=True)
    samples = sample_data_dir()
    stems = sorted(path.stem for path in (samples / "text_files").glob("*.txt"))
    stems = [stem for stem in stems if (samples / "images" / f"{stem}.png").is_file()]
    for index in range(number):
        stem = stems[index % len(stems)]
        target = f"{stem}_{index:04d}"
        truth = read_label_file(samples / "text_files" / f"{stem}.txt")
        assert truth is not None
        write_label_file(
            folder / "text_files" / f"{target}.txt",
            truth.circles,
            truth.labels,
            truth.shape,
        )
        with Image.open(samples / "images" / f"{stem}.png") as image:
            pixels = np.asarray(image).astype(np.int16)
        # A gray level more here and there: another content, the same particles.
        noise = np.random.default_rng(index).integers(0, 2, pixels.shape)
        gray = np.clip(pixels + noise, 0, 255).astype(np.uint8)
        Image.fromarray(gray).save(folder / "images" / f"{target}.png")
    return folder
