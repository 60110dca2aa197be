"""Circles found where there is no particle, against those that were asked for.

``python -m tests.benchmarks.false_alarms FOLDER...``, each a folder of particle-free
pictures, as ``napari-cdse simulate`` writes with ``[field] dots = [0, 0]``: its
``tiff`` carries the pixel size, its ``images`` do not. Pictures are cut into squares.
"""

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from joblib import Parallel, delayed
from scipy.stats import poisson

from napari_cdse.core.detection.methods import detect
from napari_cdse.core.params import DetectionParams
from napari_cdse.core.records import Micrograph
from napari_cdse.io.images.micrograph_file import read_micrograph

SQUARE_PX = 512
MICROGRAPH_PX = 1024
ASKED = (0.1, 1.0, 10.0)
"""Circles per micrograph of `MICROGRAPH_PX`; a square gets its share by area."""
FACTOR = 2.0


@dataclass(frozen=True)
class Count:
    """Circles in all squares of a folder; ``asked`` is for all of them together."""

    folder: str
    squares: int
    per_micrograph: float
    asked: float
    found: int

    @property
    def interval(self) -> tuple[int, int]:
        """Exact 95 % interval of what was asked for."""
        low, high = poisson.interval(0.95, self.asked)
        return int(low), int(high)

    @property
    def right(self) -> bool:
        low, high = self.interval
        near = self.asked / FACTOR <= self.found <= self.asked * FACTOR
        return near or low <= self.found <= high


def squares(micrograph: Micrograph) -> Iterator[Micrograph]:
    rows, cols = (length // SQUARE_PX for length in micrograph.shape)
    for row in range(rows):
        for col in range(cols):
            down, right = row * SQUARE_PX, col * SQUARE_PX
            cut = micrograph.pixels[down : down + SQUARE_PX, right : right + SQUARE_PX]
            yield replace(micrograph, pixels=cut.copy())


def found_in(path: Path) -> list[tuple[int, ...]]:
    """Circles of each square of a picture, for each number asked for."""
    share = (SQUARE_PX / MICROGRAPH_PX) ** 2
    every = [DetectionParams(false_alarms=asked * share) for asked in ASKED]
    return [
        tuple(len(detect(square, params).circles) for params in every)
        for square in squares(read_micrograph(path))
    ]


def counts(folder: str, found: Sequence[tuple[int, ...]]) -> list[Count]:
    share = len(found) * (SQUARE_PX / MICROGRAPH_PX) ** 2
    return [
        Count(
            folder, len(found), asked, asked * share, sum(one[number] for one in found)
        )
        for number, asked in enumerate(ASKED)
    ]


def show(rows: Sequence[Count]) -> None:
    for row in rows:
        low, high = row.interval
        print(
            f"{row.folder:32s}{row.squares:8d}{row.per_micrograph:10.1f}"
            f"{row.asked:8.1f}{row.found:7d}   {low} to {high}"
            f"{'' if row.right else '  off'}",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.false_alarms")
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER")
    parser.add_argument("--jobs", type=int, default=1, help="processes at a time")
    arguments = parser.parse_args()
    print(
        f"{'folder':32s}{'squares':>8s}{'per 1024':>10s}{'asked':>8s}{'found':>7s}"
        "   95 % Poisson"
    )
    everywhere: list[tuple[int, ...]] = []
    for folder in arguments.folders:
        work = Parallel(n_jobs=arguments.jobs)
        paths = sorted(path for path in folder.iterdir() if path.is_file())
        found = [one for each in work(map(delayed(found_in), paths)) for one in each]
        show(counts("/".join(folder.parts[-2:]), found))
        everywhere += found
    if len(arguments.folders) > 1:
        show(counts("all", everywhere))


if __name__ == "__main__":
    main()
