"""What four methods find in one micrograph, side by side: part of ``make pictures``.

Takes a micrograph of the sample and draws, for each method, its first map in
colour over the micrograph and the circles that the forest did not call empty.
"""

from __future__ import annotations

import argparse
import io
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle as Ring
from matplotlib.patheffects import withStroke
from PIL import Image

from napari_cdse.core.params import DetectionParams
from napari_cdse.core.records import Micrograph
from napari_cdse.io.export.figures.style import DARK, PRINT, Palette, drawing
from napari_cdse.io.images.micrograph_file import read_micrograph
from napari_cdse.io.models.model_file import load_model
from napari_cdse.pipeline import Analysis, analyse
from napari_cdse.resources import default_model_path, sample_data_dir

MICROGRAPH = "standard_41_0002.png"
METHODS = ("bragg", "nfindr", "window", "unet")
THEMES = {"dark": DARK, "light": PRINT}
WIDE_IN, HIGH_IN = 5.6, 6.0
DOTS_PER_INCH = 120
COLOURS = 128
MAP_ALPHA = 0.45
"""Opacity of the map where it is highest; none at its median and below."""


def main() -> None:
    """Draw the picture and write it."""
    parser = argparse.ArgumentParser(description="Picture four methods.")
    parser.add_argument("out", nargs="?", type=Path, default=Path("docs/pictures"))
    out = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    micrograph = read_micrograph(sample_data_dir() / "images" / MICROGRAPH)
    forest = load_model(default_model_path())
    found = [
        analyse(micrograph, forest, DetectionParams(method=each)) for each in METHODS
    ]
    for theme, palette in THEMES.items():
        write(micrograph, found, palette, out / f"methods-{theme}.png")


def write(
    micrograph: Micrograph, found: list[Analysis], palette: Palette, path: Path
) -> None:
    """Draw one panel for each analysis."""
    with drawing(palette):
        figure = Figure(figsize=(WIDE_IN, HIGH_IN), dpi=DOTS_PER_INCH)
        panels = figure.subplots(2, 2).ravel()
        for axes, name, one in zip(panels, METHODS, found, strict=True):
            draw(axes, micrograph, one)
            axes.set_title(f"{name}: {one.detection.maps[0].name}")
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png")
    picture = Image.open(buffer).convert("RGB")
    picture.quantize(COLOURS, Image.Quantize.MAXCOVERAGE).save(path, optimize=True)


def draw(axes: Axes, micrograph: Micrograph, one: Analysis) -> None:
    """Draw micrograph, map and circles."""
    axes.imshow(micrograph.pixels, cmap="gray")
    shown = one.detection.maps[0]
    low, high = np.percentile(shown.values, (50, 99.8))
    share = np.clip((shown.values - low) / max(high - low, 1e-9), 0, 1)
    coloured = np.ones((*share.shape, 4))
    coloured[..., :3] = (1.0, 0.82, 0.4)
    coloured[..., 3] = MAP_ALPHA * share
    rows, cols = shown.values.shape
    top, left = shown.place(-0.5, -0.5)
    bottom, right = shown.place(rows - 0.5, cols - 0.5)
    axes.imshow(coloured, extent=(left, right, bottom, top))
    labels = {each.particle_id: each.label for each in one.predictions}
    for each in one.candidates:
        if labels.get(each.id) != "empty":
            circle = each.circle
            axes.add_patch(
                Ring(
                    (circle.col_px, circle.row_px),
                    circle.radius_px,
                    fill=False,
                    color="#66ffff",
                    linewidth=1.1,
                    path_effects=[withStroke(linewidth=2.2, foreground="black")],
                )
            )
    axes.set_xlim(-0.5, micrograph.shape[1] - 0.5)
    axes.set_ylim(micrograph.shape[0] - 0.5, -0.5)
    axes.set_axis_off()


if __name__ == "__main__":
    main()
