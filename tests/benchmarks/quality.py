"""How good the figures of quality are: ``python -m tests.benchmarks quality``.

On simulated micrographs, whose lens, detector and dose are known: bias and scatter of
each figure; how many micrographs are called worse than all others, as they are and
after blur, noise and a stretch; what it costs beside a detection. Folders with truth of
one's own: ``python -m tests.benchmarks.quality FOLDER...``.
"""

import json
import math
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
from scipy.ndimage import gaussian_filter, zoom

from napari_cdse.core.classifier.forest import Model
from napari_cdse.core.classifier.quality_range import quality_range, worse_than_learnt
from napari_cdse.core.detection.methods import detect
from napari_cdse.core.imaging.preprocessing import prepare
from napari_cdse.core.micrograph_quality import MicrographQuality
from napari_cdse.core.params import DetectionParams
from napari_cdse.core.quality.measurement import measure_quality
from napari_cdse.core.quality.speckle_spectrum import WAVELENGTH_NM
from napari_cdse.core.records import Micrograph, ModelCard
from napari_cdse.io.images.micrograph_file import read_micrograph
from napari_cdse.io.models.model_file import load_model
from napari_cdse.pipeline import quality_of
from napari_cdse.resources import models_dir
from napari_cdse.simulate.microscope.optics import wavelength_nm
from tests.benchmarks.scale import simulated_folder

DOTS_NM = 4.0
"""Height of a dot, roughly: the defocus is counted from the middle of the dots."""
TIMED, REPEATS = 5, 3
"""Micrographs whose detection is timed, and how often."""

Change = Callable[[np.ndarray], np.ndarray]


def _noisy(share: float) -> Change:
    noise = np.random.default_rng(0)
    return lambda pixels: pixels + noise.normal(0, share * pixels.std(), pixels.shape)


def _stretched(ratio: float) -> Change:
    return lambda pixels: zoom(pixels, (ratio, 1), order=3)


CHANGES: dict[str, Change] = {
    "as they are": lambda pixels: pixels,
    "blurred by 0.7 px": lambda pixels: gaussian_filter(pixels, 0.7),
    "blurred by 1 px": lambda pixels: gaussian_filter(pixels, 1.0),
    "blurred by 2 px": lambda pixels: gaussian_filter(pixels, 2.0),
    "noise of 0.3 deviations": _noisy(0.3),
    "noise of 0.6 deviations": _noisy(0.6),
    "noise of 1 deviation": _noisy(1.0),
    "stretched by 1.05": _stretched(1.05),
    "stretched by 1.1": _stretched(1.1),
    "stretched by 1.25": _stretched(1.25),
}


def show(quick: bool) -> None:
    """Simulate what is not there yet, and print what the figures are worth."""
    show_folders([simulated_folder(quick)])


def show_folders(folders: Sequence[Path]) -> None:
    """Print bias and scatter of the figures, marks, and the cost."""
    known = list(_truths(folders))
    print(f"\n{len(known)} micrographs of {', '.join(map(str, folders))}")
    found = [(quality_of(each), truth) for each, truth in _read(known)]
    told = [(each, truth) for each, truth in found if each is not None]
    print(f"  figures of {len(told)}; the others have no scale, or do not tell")
    _show_errors(told)
    _show_marks(known, [each for each, _ in told])
    _show_cost(known[:TIMED])


def _truths(folders: Sequence[Path]) -> Iterator[tuple[Path, dict]]:
    for folder in folders:
        for file in sorted((folder / "truth").glob("*.json")):
            truth = json.loads(file.read_text("utf-8"))
            yield folder / "images" / f"{file.stem}.png", truth


def _read(known: Sequence[tuple[Path, dict]]) -> Iterator[tuple[Micrograph, dict]]:
    for path, truth in known:
        yield read_micrograph(path), truth


def _show_errors(told: Sequence[tuple[MicrographQuality, dict]]) -> None:
    """Beside what is true, as far as the simulator says it."""
    for name, relative, true in (
        ("defocus_nm", True, _support_defocus),
        ("astigmatism_nm", False, lambda truth: _at_300_kV(truth, "astig")),
        ("drift_nm", False, lambda truth: truth["optics"]["drift"]),
        ("sharpness_per_px", True, lambda truth: truth["optics"]["mtf"]),
        ("stretch", False, lambda _: 1.0),
    ):
        pairs = [
            (value, true(truth))
            for each, truth in told
            if (value := getattr(each, name)) is not None
        ]
        values, truths = np.array(pairs).T
        errors = np.log(values / truths) if relative else values - truths
        form = ".1%" if relative else ".3f"
        middle = np.median(np.abs(errors - np.median(errors))) * 1.4826
        print(
            f"  {name:18} {len(pairs):4}: bias {np.median(errors):+{form}}, "
            f"scatter {middle:{form}}, 9 of 10 within "
            f"{np.quantile(np.abs(errors), 0.9):{form}}"
        )
    pulls = [
        (each.defocus_nm - _support_defocus(truth)) / each.defocus_error_nm
        for each, truth in told
        if each.defocus_nm is not None and each.defocus_error_nm
    ]
    beyond = np.mean(np.abs(pulls) > 2)
    print(f"  defocus beyond two of its errors: {beyond:.0%}")


def _support_defocus(truth: dict) -> float:
    """Defocus of the carbon's middle, for 300 kV."""
    away = (truth["carbon_nm"] + DOTS_NM) / 2
    if truth["beam_meets_first"] != "dots":
        away = -away
    lens = truth["optics"]
    return (lens["defocus"] + away) * wavelength_nm(lens["kV"]) / WAVELENGTH_NM


def _at_300_kV(truth: dict, name: str) -> float:
    lens = truth["optics"]
    return lens[name] * wavelength_nm(lens["kV"]) / WAVELENGTH_NM


def _show_marks(
    known: Sequence[tuple[Path, dict]], told: Sequence[MicrographQuality]
) -> None:
    """How many are called worse: by the shipped card, else than all others here."""
    shipped: Model = load_model(models_dir() / "cdse.skops")
    card = shipped.card
    what = "the shipped forest learnt from"
    if card.quality_range is None:
        what = "these are"
        card = replace(card, quality_range=quality_range(told))
    if card.quality_range is None:
        print("  too few for a range, and the shipped card has none")
        return
    print(f"  called worse than those that {what}, at the true pixel size:")
    for name, change in CHANGES.items():
        marks = [_is_marked(card, path, truth, change) for path, truth in known]
        print(f"    {name:24} {np.mean(marks):6.1%}")


def _is_marked(card: ModelCard, path: Path, truth: dict, change: Change) -> bool:
    pixels = np.clip(np.rint(change(read_micrograph(path).pixels)), 0, 255)
    image = prepare(pixels.astype(np.float32))
    quality = measure_quality(image, truth["pixel_size_nm"])
    return worse_than_learnt(card, quality) is not None


def _show_cost(known: Sequence[tuple[Path, dict]]) -> None:
    """Processor time of the figures, over that of a detection."""
    shares = [_share_of_detection(path, truth) for path, truth in known]
    print(f"  cost beside a detection: {math.fsum(shares) / len(shares):.1%}")


def _share_of_detection(path: Path, truth: dict) -> float:
    size_nm = truth["pixel_size_nm"]
    micrograph = read_micrograph(path, pixel_size_nm=size_nm)
    image = prepare(micrograph.pixels)
    # Once before it counts: its background is known then, as it is to a detection.
    measure_quality(image, size_nm)
    figures = partial(measure_quality, image, size_nm)
    detection = partial(detect, micrograph, DetectionParams(method="bragg"))
    alone, whole = (
        min(_seconds(work) for _ in range(REPEATS)) for work in (figures, detection)
    )
    return alone / whole


def _seconds(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


if __name__ == "__main__":
    show_folders([Path(name) for name in sys.argv[1:]])
