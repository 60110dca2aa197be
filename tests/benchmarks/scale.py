"""How good the estimated pixel size is: ``python -m tests.benchmarks scale``.

A hundred micrographs are simulated, from 0.018 to 0.065 nm per px and of three kinds;
they stay in the temporary folder, so that a second run takes a minute. Folders with
truth of one's own: ``python -m tests.benchmarks.scale FOLDER...``.
"""

import json
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from itertools import cycle, islice
from pathlib import Path

import numpy as np

from napari_cdse.core.imaging.pixel_size_estimate import estimate_pixel_size
from napari_cdse.core.pixel_size import PixelSize, PixelSizeSource
from napari_cdse.io.images.micrograph_file import read_micrograph
from napari_cdse.simulate import preset_by_name, simulate_series
from napari_cdse.simulate.params import Preset

COUNT = 100
SEED = 20
RANGE_NM = (0.018, 0.065)
KINDS = ("standard", "hard", "easy")
DOTS_PER_NM2 = (0.0045, 0.0125)
"""Dots on an area, as the presets have them: 7 to 18 on 1024 px of 0.038 nm."""
WRONG = 0.1
"""Relative error from which an estimate is wrong rather than uncertain."""


def scale_presets(count: int) -> list[Preset]:
    """Spread the pixel sizes evenly in their logarithm, each of the next kind."""
    low, high = RANGE_NM
    share = (np.arange(count) + 0.5) / count
    sizes = low * (high / low) ** share
    kinds = islice(cycle(KINDS), count)
    return [_preset(kind, float(size)) for kind, size in zip(kinds, sizes, strict=True)]


def _preset(kind: str, size_nm: float) -> Preset:
    preset = preset_by_name(kind)
    area = (preset.field.size_px * size_nm) ** 2
    fewest, most = (max(2, round(area * density)) for density in DOTS_PER_NM2)
    field = replace(
        preset.field,
        pixel_size_nm=(size_nm, size_nm),
        dots=(min(fewest, 15), min(most, 30)),
    )
    name = f"{kind}-{size_nm:.5f}".replace(".", "_")
    return replace(preset, name=name, field=field)


def show(quick: bool) -> None:
    """Simulate what is not there yet, and print what came of the estimates."""
    show_folder(simulated_folder(quick))


def simulated_folder(quick: bool) -> Path:
    """Simulate what is not there yet; return the folder."""
    count = COUNT // 5 if quick else COUNT
    out = Path(tempfile.gettempdir()) / f"napari-cdse-scales-{count}"
    for index, preset in enumerate(scale_presets(count)):
        for _ in simulate_series(out, preset, SEED, [index], jobs=1):
            pass
    return out


def show_folder(folder: Path) -> None:
    """Print bias, scatter and pulls of the estimates, and how many were unsure."""
    found = list(estimates(folder))
    sources = Counter(size.source for size, _ in found)
    print(f"\n{folder}: {len(found)} micrographs")
    print("  " + ", ".join(f"{sources[source]} {source}" for source in PixelSizeSource))
    sure = [each for each in found if each[0].source is PixelSizeSource.ESTIMATED]
    errors = np.array([np.log(size.nm / true_nm) for size, true_nm in sure])
    pulls = errors / np.array([size.uncertainty for size, _ in sure])
    print(f"  bias {errors.mean():+.2%}, median {np.median(errors):+.2%}")
    print(f"  scatter {errors.std(ddof=1):.2%}, claimed {_claimed(sure):.2%} (rms)")
    print(f"  pulls: mean {pulls.mean():+.2f}, deviation {pulls.std(ddof=1):.2f}")
    print(
        f"  beyond 2 {np.mean(np.abs(pulls) > 2):.1%}, most {np.abs(pulls).max():.1f}"
    )
    print(f"  wrong by {WRONG:.0%} and more: {np.sum(np.abs(errors) > WRONG)}")
    unsure = [each for each in found if each[0].source is PixelSizeSource.UNSURE]
    named = sum(_named(size, true_nm) for size, true_nm in unsure)
    print(f"  unsure, with the true size among the two named: {named}/{len(unsure)}")


def estimates(folder: Path) -> Iterator[tuple[PixelSize, float]]:
    """Estimate each micrograph of a simulated folder; with what is true."""
    for truth in sorted((folder / "truth").glob("*.json")):
        micrograph = read_micrograph(folder / "images" / f"{truth.stem}.png")
        true_nm = json.loads(truth.read_text("utf-8"))["pixel_size_nm"]
        yield estimate_pixel_size(micrograph).pixel_size, true_nm


def _claimed(sure: list[tuple[PixelSize, float]]) -> float:
    claimed = [size.uncertainty or 0.0 for size, _ in sure]
    return float(np.sqrt(np.mean(np.square(claimed))))


def _named(size: PixelSize, true_nm: float) -> bool:
    named = [size.nm, size.other_nm or size.nm]
    return any(abs(np.log(each / true_nm)) < WRONG for each in named)


if __name__ == "__main__":
    for name in sys.argv[1:]:
        show_folder(Path(name))
