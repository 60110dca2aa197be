"""Damaged pictures of every format: each ends as a micrograph or as a sentence.

    python -m tests.benchmarks.fuzz_pictures [NUMBER]

NUMBER mutations of each format, 2000 by default. A line a format: how many were read,
how many refused, the longest time of one, how often the helper was started anew.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
import tifffile
from PIL import Image

from napari_cdse.core.errors import MicrographError
from napari_cdse.io.images.micrograph_file import read_micrograph
from napari_cdse.io.images.rosetta_process import ROSETTA
from tests.io.images.microscope_writers import WRITERS, damaged, write_ser

NUMBER = 2000
STACK = np.add.outer(np.arange(2) * 7, np.add.outer(np.arange(37), np.arange(53)) % 90)


class Count(NamedTuple):
    """What became of the mutations of one format."""

    read: int
    refused: int
    longest_s: float
    helpers: int


def _tiff(**options):
    def write(path, values):
        tifffile.imwrite(path, values, photometric="minisblack", **options)

    return write


def _picture(path, values):
    Image.fromarray(values[0].astype(np.uint8)).save(path)


FORMATS = {
    "plain.tif": _tiff(),
    "lzw.tif": _tiff(compression="lzw", predictor=2),
    "deflate.tif": _tiff(compression="zlib", tile=(16, 16)),
    "packed.tif": _tiff(bitspersample=12),
    "a.png": _picture,
    "a.jpg": _picture,
    "a.bmp": _picture,
    "a_1.ser": write_ser,
    **WRITERS,
}


def fuzz(name: str, folder: Path, number: int = NUMBER) -> Count:
    """Damage a file of one format so many times, and read it each time.

    Anything but a micrograph or a `MicrographError` is raised.
    """
    path = folder / name
    FORMATS[name](path, STACK.astype(np.uint16))
    whole, rng = path.read_bytes(), np.random.default_rng(number)
    refused, longest, helpers = 0, 0.0, set()
    for _ in range(number):
        path.write_bytes(damaged(whole, rng))
        began = time.perf_counter()
        try:
            assert np.isfinite(read_micrograph(path).pixels).all()
        except MicrographError:
            refused += 1
        longest = max(longest, time.perf_counter() - began)
        if ROSETTA._running is not None:
            helpers.add(ROSETTA._running.pid)
    return Count(number - refused, refused, longest, len(helpers))


def main() -> None:
    """Print the table."""
    number = int(sys.argv[1]) if len(sys.argv) > 1 else NUMBER
    print(f"{'format':<12}{'read':>8}{'refused':>9}{'longest s':>11}{'helpers':>9}")
    for name in FORMATS:
        with tempfile.TemporaryDirectory() as folder:
            count = fuzz(name, Path(folder), number)
        print(
            f"{name:<12}{count.read:>8}{count.refused:>9}"
            f"{count.longest_s:>11.2f}{count.helpers:>9}",
            flush=True,
        )


if __name__ == "__main__":
    main()
