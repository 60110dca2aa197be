"""How like a reference are the simulated micrographs? ::

    python -m tests.benchmarks.likeness REFERENCE --preset NAME --out DIR

REFERENCE is a folder of micrographs with truth. Each gets a simulated partner with the
same microscope, support and camera, so that only the simulator's own choices differ;
the partners go to DIR. Printed are the radial power of the particle-free areas, partner
over original after scaling, the shape of their grey-level histogram, and the contrast
of the strongest fringes of resolved particles over the background.
"""

import argparse
import json
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Any

import joblib
import numpy as np
from PIL import Image
from scipy.stats import kurtosis, skew

from napari_cdse.core.features.families import find_families
from napari_cdse.core.features.patch import cut
from napari_cdse.core.features.surroundings import Surroundings
from napari_cdse.core.records import Circle
from napari_cdse.io.images.micrograph_file import read_micrograph
from napari_cdse.simulate import preset_by_name, simulate_series
from napari_cdse.simulate.microscope.optics import scherzer_nm
from napari_cdse.simulate.params import Optics, Preset
from napari_cdse.simulate.scene import draw_scene

K_PER_NM = np.arange(0.5, 6.01, 0.25)
WINDOW_PX = 128
CORRECTED_MM = 0.05


@dataclass(frozen=True)
class Seen:
    """What one micrograph looks like."""

    spectrum: np.ndarray
    skewness: float
    kurtosis: float
    contrasts: tuple[float, ...]


def partner(truth: dict[str, Any], base: Preset) -> tuple[Preset, int]:
    """Preset and seed that repeat a micrograph's microscope, and its way up."""
    told = truth["optics"]
    preset = replace(
        base,
        name=f"{base.name}-{truth['index']:02d}",
        optics=_optics(told, base.optics),
        field=replace(base.field, pixel_size_nm=_only(truth["pixel_size_nm"])),
        support=replace(
            base.support,
            carbon_nm=_only(truth["carbon_nm"]),
            residue_nm=_only(truth["residue_nm"]),
        ),
        camera=replace(
            base.camera,
            dose_per_A2=_only(told["dose"]),
            mtf=_only(told["mtf"]),
            read_noise=_only(told["read_noise"]),
        ),
    )
    dots_first = truth["beam_meets_first"] == "dots"
    seeds = (s for s in count() if draw_scene(preset, s, 0).dots_first == dots_first)
    return preset, next(seeds)


def _optics(told: dict[str, float], base: Optics) -> Optics:
    Cs = told["Cs_mm"]
    corrected = abs(Cs) < CORRECTED_MM
    multiple = 1.0 if corrected else told["defocus"] / scherzer_nm(Cs, told["kV"])
    return replace(
        base,
        voltages_kV=(float(told["kV"]),),
        corrected_share=float(corrected),
        corrected_Cs_mm=_only(Cs),
        corrected_defocus_nm=(_only(told["defocus"]),),
        Cs_mm=_only(Cs),
        scherzer_multiple=_only(multiple),
        focal_spread_nm=_only(told["focal_spread"]),
        convergence_mrad=_only(told["convergence_mrad"]),
        astigmatism_nm=_only(told["astig"]),
        drift_nm=_only(told["drift"]),
        vibration_nm=_only(told["vibration"]),
        contrast=_only(told["contrast"]),
        defocus_tilt_nm=_only(told["defocus_tilt_nm"]),
    )


def _only(value: float) -> tuple[float, float]:
    return float(value), float(value)


def style_of(folder: Path, stem: str) -> Seen:
    truth = json.loads((folder / "truth" / f"{stem}.json").read_text())
    micrograph = read_micrograph(folder / "images" / f"{stem}.png")
    covered = np.asarray(Image.open(folder / "masks" / f"{stem}.png")) > 0
    pixel = truth["pixel_size_nm"]
    around = Surroundings.of(micrograph, pixel)
    resolved = [
        Circle(dot["y"], dot["x"], dot["radius_px"])
        for dot in truth["dots"]
        if dot["listed"] and dot["label"] != "null"
        if dot["visible_fraction"] > 0.9 and dot["overlap_fraction"] < 0.1
    ]
    families = [find_families(cut(around, circle)) for circle in resolved]
    free = micrograph.pixels[~covered]
    return Seen(
        _spectrum(micrograph.pixels, covered, pixel),
        float(skew(free)),
        float(kurtosis(free)),
        tuple(found[0].contrast for found in families if found),
    )


def _spectrum(
    pixels: np.ndarray, covered: np.ndarray, pixel_size_nm: float
) -> np.ndarray:
    """Logarithm of the mean power of particle-free windows, by `K_PER_NM`."""
    taper = np.outer(np.hanning(WINDOW_PX), np.hanning(WINDOW_PX))
    total = np.zeros((WINDOW_PX, WINDOW_PX))
    starts = [range(0, n - WINDOW_PX + 1, WINDOW_PX // 2) for n in pixels.shape]
    for row in starts[0]:
        for col in starts[1]:
            place = np.s_[row : row + WINDOW_PX, col : col + WINDOW_PX]
            if not covered[place].any():
                part = pixels[place] - pixels[place].mean()
                total += np.abs(np.fft.fft2(part * taper)) ** 2
    axis = np.fft.fftfreq(WINDOW_PX, pixel_size_nm)
    ring = np.digitize(np.hypot(axis[:, None], axis), K_PER_NM).ravel()
    sums = np.bincount(ring, total.ravel(), len(K_PER_NM) + 1)[1:-1]
    return np.asarray(
        np.log(sums / np.bincount(ring, minlength=len(K_PER_NM) + 1)[1:-1])
    )


def report(originals: list[Seen], partners: list[Seen]) -> None:
    pairs = list(zip(originals, partners, strict=True))
    ratios = [two.spectrum - one.spectrum for one, two in pairs]
    ratio = np.mean([each - np.median(each) for each in ratios], axis=0)
    print(f"{'power, 1/nm':14s}{'partner / original, scaled':>30s}")
    for k, value in zip(K_PER_NM, np.exp(ratio - np.median(ratio)), strict=False):
        print(f"{k:4.2f}-{k + 0.25:4.2f}     {value:30.2f}")
    for name in ("skewness", "kurtosis"):
        told = [[getattr(one, name) for one in side] for side in (originals, partners)]
        words = [f"{np.mean(values):.2f} +- {np.std(values):.2f}" for values in told]
        print(f"{name:14s}{words[0]:>15s}{words[1]:>15s}")
    contrasts = [
        [c for one in side for c in one.contrasts] for side in zip(*pairs, strict=True)
    ]
    words = [f"{np.median(values):.3f} ({len(values)})" for values in contrasts]
    print(f"{'fringes':14s}{words[0]:>15s}{words[1]:>15s}")


def main() -> None:
    parser = argparse.ArgumentParser(description="Compare simulated with given.")
    parser.add_argument("reference", type=Path)
    parser.add_argument("--preset", default="standard")
    parser.add_argument("--out", type=Path, required=True)
    told = parser.parse_args()
    base = preset_by_name(told.preset)
    stems = sorted(path.stem for path in (told.reference / "truth").glob("*.json"))
    truths = [
        json.loads((told.reference / "truth" / f"{s}.json").read_text()) for s in stems
    ]
    wanted = [partner(truth, base) for truth in truths]
    joblib.Parallel(n_jobs=-1)(
        joblib.delayed(lambda p, s: list(simulate_series(told.out, p, s, [0], 1)))(*one)
        for one in wanted
    )
    names = [f"{preset.name}_{seed}_0000" for preset, seed in wanted]
    report(
        [style_of(told.reference, stem) for stem in stems],
        [style_of(told.out, name) for name in names],
    )


if __name__ == "__main__":
    main()
