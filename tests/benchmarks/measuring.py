"""What every benchmark needs: times as ratios within one run, and rows of a table."""

import os
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from napari_cdse.core.pixel_size import PixelSizeSource
from napari_cdse.core.records import Micrograph
from napari_cdse.io.images.micrograph_file import read_micrograph
from napari_cdse.resources import sample_data_dir

ROUNDS = 5


@dataclass(frozen=True)
class Row:
    """One line of a table.

    ``value`` is what ``limit`` limits, a ratio mostly; ``share`` is that of the
    seconds of the whole table.
    """

    name: str
    seconds: float | None = None
    share: float | None = None
    value: float | None = None
    limit: float | None = None


@dataclass(frozen=True)
class Step:
    """Something to time against something else."""

    name: str
    run: Callable[[], object]
    bare: Callable[[], object]
    limit: float


def keeps_compiled(folder: str) -> dict[str, str]:
    """Return an environment whose processes keep what they compile in a folder.

    As where a package is installed. Without it our modules are compiled anew at each
    start if the environment says so (``PYTHONDONTWRITEBYTECODE``), while those of
    installed packages are not.
    """
    return {
        **os.environ,
        "PYTHONPYCACHEPREFIX": folder,
        "PYTHONDONTWRITEBYTECODE": "",
    }


def seconds(run: Callable[[], object]) -> float:
    """Return processor time, which other people's work hardly moves."""
    start = time.process_time()
    run()
    return time.process_time() - start


def timed(step: Step) -> Row:
    """Median time and median ratio, both timed in turn."""
    step.run()
    step.bare()
    pairs = [(seconds(step.run), seconds(step.bare)) for _ in range(ROUNDS)]
    return Row(
        step.name,
        seconds=statistics.median(one for one, _ in pairs),
        value=statistics.median(one / bare for one, bare in pairs),
        limit=step.limit,
    )


def show(title: str, rows: list[Row]) -> None:
    """Print a table; what a row does not have stays blank."""
    print(f"\n{title:48s}{'time':>10s}{'share':>8s}{'ratio':>8s}{'limit':>8s}")
    for row in rows:
        words = [
            _cell(row.seconds, 9, ".3f", "s"),
            _cell(row.share, 8, ".0%"),
            _cell(row.value, 8, ".2f"),
            _cell(row.limit, 8, ".1f"),
        ]
        over = row.value is not None and row.limit is not None and row.value > row.limit
        print(f"{row.name:48s}{''.join(words)}{'  over' if over else ''}".rstrip())


def _cell(value: float | None, width: int, form: str, unit: str = "") -> str:
    if value is None:
        return " " * (width + len(unit))
    return f"{value:{width}{form}}{unit}"


def sample_micrograph() -> Micrograph:
    """One of 1024 x 1024 pixels that carries no pixel size."""
    path = sorted((sample_data_dir() / "images").iterdir())[-1]
    return scaled(read_micrograph(path), None)


def scaled(micrograph: Micrograph, pixel_size_nm: float | None) -> Micrograph:
    """Say or forget the pixel size."""
    source: PixelSizeSource | None = (
        None if pixel_size_nm is None else PixelSizeSource.PERSON
    )
    return replace(micrograph, pixel_size_nm=pixel_size_nm, pixel_size_source=source)
