"""Whole runs of ``predict`` on all cores against the same in one process.

Times are those on the clock, since waiting is what counts here: on a machine that
others use meanwhile the ratios say little, so the load is printed with them. What says
something there is processor time: how much more all processes take together.
"""

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from napari_cdse.resources import sample_data_dir
from tests.benchmarks.measuring import Row

TITLE = "predict on all cores / in one process, on the clock"
MANY = 100
FEW = (1, 3, 10)
NEVER_SLOWER = 1.05
"""Times of two like runs differ by so much."""
MOST_PROCESSOR = 1.2
"""Each further process imports the libraries for itself, some 1.5 s."""
_RUN = "import sys; from napari_cdse.cli import main; sys.exit(main(sys.argv[1:]))"


def rows(quick: bool = False) -> Iterator[Row]:
    cores = len(os.sched_getaffinity(0))
    yield Row(f"cores: {cores}; load before: {os.getloadavg()[0]:.1f}")
    for number in (*FEW, MANY // 5 if quick else MANY):
        rounds = 1 if number >= 20 else 3
        with tempfile.TemporaryDirectory() as name:
            folder = pictures(Path(name) / "pictures", number)
            runs = [
                (timed(folder, Path(name), "0"), timed(folder, Path(name), "1"))
                for _ in range(rounds)
            ]
        pairs = [(ours[0], one[0]) for ours, one in runs]
        processor = [(ours[1], one[1]) for ours, one in runs]
        yield Row(
            "1 micrograph" if number == 1 else f"{number} micrographs",
            seconds=statistics.median(ours for ours, _ in pairs),
            value=statistics.median(ours / one for ours, one in pairs),
            # 1.85 times as fast on two cores, and as near to all of more.
            limit=NEVER_SLOWER if number < 20 else 1 / (1 + 0.85 * (cores - 1)),
        )
        yield Row(
            "  processor time of all together",
            seconds=statistics.median(ours for ours, _ in processor),
            value=statistics.median(ours / one for ours, one in processor),
            limit=MOST_PROCESSOR,
        )


def timed(folder: Path, out: Path, jobs: str) -> tuple[float, float]:
    """Seconds on the clock, and of processors, those of all processes together."""
    shutil.rmtree(out / "out", ignore_errors=True)
    words = ["predict", str(folder), "--out", str(out / "out"), "--no-figures"]
    command = [sys.executable, "-c", _RUN, *words, "--quiet", "--jobs", jobs]
    begun, before = time.perf_counter(), os.times()
    subprocess.run(command, check=True, capture_output=True)
    after = os.times()
    used = after.children_user + after.children_system
    used -= before.children_user + before.children_system
    return time.perf_counter() - begun, used


def pictures(folder: Path, number: int) -> Path:
    """Write so many micrographs of 1024 x 1024 pixels, no two of them alike."""
    folder.mkdir()
    samples = sorted((sample_data_dir() / "images").iterdir())
    for index in range(number):
        with Image.open(samples[index % len(samples)]) as image:
            turned = np.rot90(np.asarray(image), index // len(samples))
        shifted = np.roll(turned, index, axis=0)
        Image.fromarray(shifted).save(folder / f"m{index:03d}.png")
    return folder
