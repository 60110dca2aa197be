"""Scores on the fields held out, and false circles on bare support, for the card."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import ndimage

from napari_cdse.core.detection.unet.channels import network_input
from napari_cdse.core.detection.unet.false_circles import AREA_NM2
from napari_cdse.core.detection.unet.instances import find_instances
from napari_cdse.core.detection.unet.method import find_particles
from napari_cdse.core.imaging.preprocessing import prepare
from napari_cdse.core.matching import match
from napari_cdse.core.params import DetectionParams
from napari_cdse.core.records import Circle
from unet_training.fields import load_field

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_cdse.core.detection.unet.network import Network
    from unet_training.fields import Plan
    from unet_training.variation import Field

_GRAY = (4.5, 7.0)
"""Standard deviations below and above the mean at which eight bits end, as in the
simulator's presets."""
_MOST_POINTS = 12
"""Of the table of false circles."""


def false_circles(
    network: Network, plan: Plan, pictures: Path
) -> tuple[tuple[float, float], ...]:
    """Count circles by strength on the bare fields held out, per 1000 nm**2."""
    strengths, area = [], 0.0
    for name in plan.names(held_out=True):
        if "-bare_" not in name:
            continue
        field = load_field(pictures / f"{name}.field.npz")
        prepared = prepare(_gray(field.contrast))
        maps = network.maps(network_input(prepared, field.pixel_nm))
        found = find_instances(maps)
        diameters = 2 * found.radii * np.mean(maps.step_px) * field.pixel_nm
        limits = DetectionParams()
        fits = diameters >= limits.diameter_min_nm
        fits &= diameters <= limits.diameter_max_nm
        strengths.extend(found.strengths[fits].tolist())
        area += field.mask.size * field.pixel_nm**2
    ordered = np.sort(strengths)[::-1]
    counts = np.unique(np.geomspace(1, max(len(ordered), 1), _MOST_POINTS).astype(int))
    points = [
        (round(float(ordered[n - 1]), 4), n * AREA_NM2 / area)
        for n in counts[::-1]
        if n <= len(ordered)
    ]
    rising = [
        one for n, one in enumerate(points) if n == 0 or one[0] > points[n - 1][0]
    ]
    return tuple(rising)


def scores(network: Network, plan: Plan, pictures: Path) -> dict[str, Any]:
    """Dice, F1 at IoU 0.5 and radius error of the fields held out, by preset."""
    by_preset: dict[str, list[dict[str, Any]]] = {}
    for name in plan.names(held_out=True):
        if "-bare_" not in name:
            field = load_field(pictures / f"{name}.field.npz")
            by_preset.setdefault(name.rpartition("_")[0], []).append(
                score_field(network, field)
            )
    return {preset: joined(each) for preset, each in sorted(by_preset.items())}


def score_field(
    network: Network, field: Field, params: DetectionParams | None = None
) -> dict[str, Any]:
    """Compare what is found in one field with its truth."""
    prepared = prepare(_gray(field.contrast))
    circles, _, maps, _ = find_particles(
        network,
        prepared,
        field.pixel_nm,
        True,
        params or DetectionParams(),
        lambda share: None,
    )
    top, left = prepared.origin_px
    circles = [circle.moved(top, left) for circle in circles]
    asked, forgiven = _truth(field)
    pairs = match([*asked], circles, 0.5)
    false = [
        circles[n]
        for n in pairs.false
        if not forgiven[
            int(np.clip(round(circles[n].row_px), 0, forgiven.shape[0] - 1)),
            int(np.clip(round(circles[n].col_px), 0, forgiven.shape[1] - 1)),
        ]
    ]
    errors = [
        abs(circles[b].radius_px / asked[a].radius_px - 1) for a, b in pairs.pairs
    ]
    inside, truth, seen = _pixels(field, maps[0], (top, left))
    return {
        "found": len(pairs.pairs),
        "asked": len(asked),
        "false": len(false),
        "errors": errors,
        "both": int((inside & truth & seen).sum()),
        "either": int((inside & seen).sum() + (truth & seen).sum()),
    }


def joined(rows: list[dict[str, Any]]) -> dict[str, float]:
    """Figures of several fields together."""
    total = {
        name: sum(row[name] for row in rows)
        for name in ("found", "asked", "false", "both", "either")
    }
    errors = [error for row in rows for error in row["errors"]]
    found = total["found"]
    return {
        "fields": len(rows),
        "dice": round(2 * total["both"] / max(total["either"], 1), 4),
        "f1": round(2 * found / max(found + total["false"] + total["asked"], 1), 4),
        "precision": round(found / max(found + total["false"], 1), 4),
        "recall": round(found / max(total["asked"], 1), 4),
        "radius_error": round(float(np.median(errors)), 4) if errors else 1.0,
    }


def _truth(field: Field) -> tuple[list[Circle], NDArray[np.bool_]]:
    """Circles asked for, and where others are forgiven: cut or too faint."""
    asked, forgiven = [], np.zeros(field.mask.shape, bool)
    for number, place in enumerate(ndimage.find_objects(field.mask), 1):
        if place is None:
            continue
        rows, cols = np.nonzero(field.mask == number)
        cut = (
            min(rows.min(), cols.min()) == 0
            or max(rows.max(), cols.max()) == field.mask.shape[0] - 1
        )
        if cut or not field.listed[number - 1]:
            forgiven[rows, cols] = True
        else:
            radius = float(np.sqrt(len(rows) / np.pi))
            asked.append(Circle(float(rows.mean()), float(cols.mean()), radius))
    return asked, forgiven


def _pixels(
    field: Field, shown: Any, corner: tuple[int, int]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.bool_]]:
    """Probably inside, truly inside, and counted, at the samples of the map."""
    rows, cols = (
        np.clip(
            np.rint(first + each * np.arange(count) + shift).astype(int), 0, length - 1
        )
        for first, each, count, shift, length in zip(
            shown.origin_px,
            shown.step_px,
            shown.values.shape,
            corner,
            field.mask.shape,
            strict=True,
        )
    )
    mask = field.mask[np.ix_(rows, cols)]
    faint = np.isin(mask, 1 + np.flatnonzero(~field.listed))
    return shown.values > 0.5, (mask > 0) & ~faint, ~faint


def _gray(contrast: NDArray[np.float32]) -> NDArray[np.float32]:
    mean, spread = contrast.mean(), contrast.std()
    low, high = mean - _GRAY[0] * spread, mean + _GRAY[1] * spread
    scaled = np.clip((contrast - low) / (high - low), 0, 1)
    return np.rint(255 * scaled).astype(np.float32)
