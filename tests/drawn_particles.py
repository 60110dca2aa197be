"""Micrographs drawn from a recipe: speckle, and disks of fringes of known kind."""

from __future__ import annotations

import hashlib
import math
import zlib

import numpy as np
from scipy.ndimage import gaussian_filter

from napari_cdse.core.features.surroundings import Surroundings
from napari_cdse.core.records import Circle, Micrograph

_SIDE = 4
PIXEL_NM = 0.04
RADIUS_PX = 46.0
KINDS = ("yes", "no", "null", "empty")
# Zinc blende along <110>: two {111} and one {200}, with the fault's plane normal to
# the first; d in nm, direction in degrees, whether the fault shifts it.
FAMILIES = ((0.3494, 0.0, False), (0.3494, 70.5, True), (0.3026, 125.3, True))


def speckle(shape: tuple[int, int], seed: int) -> np.ndarray:
    """Amorphous background: smoothed noise of mean 100 and standard deviation 20."""
    noise = np.random.default_rng(seed).normal(size=shape)
    smooth = gaussian_filter(noise, 1.6, mode="wrap") + 0.02 * noise
    return 100 + 20 * smooth / smooth.std()


def fringes(
    shape: tuple[int, int], circle: Circle, kind: str, turn_deg: float, seed: int
) -> np.ndarray:
    """Fringes in a soft disk: perfect (no), faulted (yes), one family (null)."""
    row, col = np.mgrid[: shape[0], : shape[1]].astype(float)
    row, col = row - circle.row_px, col - circle.col_px
    inside = 1 / (1 + np.exp((np.hypot(row, col) - circle.radius_px) / 1.5))
    rng = np.random.default_rng(seed)
    image = np.zeros(shape)
    families = FAMILIES[:1] if kind == "null" else FAMILIES
    for spacing_nm, angle_deg, shifted in families if kind != "empty" else ():
        phase = rng.uniform(0, 2 * np.pi)
        if kind == "yes" and shifted:
            across = _along(row, col, turn_deg + FAMILIES[0][1])
            phase = phase + 2 * np.pi / 3 * (across > 0)
        k_per_px = PIXEL_NM / spacing_nm
        wave = _along(row, col, turn_deg + angle_deg)
        image += 20 * np.cos(2 * np.pi * k_per_px * wave + phase)
    return image * inside


def _along(row: np.ndarray, col: np.ndarray, angle_deg: float) -> np.ndarray:
    angle = np.radians(angle_deg)
    return np.cos(angle) * col + np.sin(angle) * row


def micrograph_of(
    kinds: list[str], seed: int, *, turn_deg: float | None = None
) -> tuple[Micrograph, list[Circle]]:
    """Draw particles in a row, on speckle, at random angles unless one is given."""
    rng = np.random.default_rng(seed)
    step = int(3 * RADIUS_PX)
    shape = (step + 60, max(step * len(kinds), 300))
    image = speckle(shape, seed)
    circles = []
    for number, kind in enumerate(kinds):
        centre = (shape[0] / 2, step * (number + 0.5))
        circle = Circle(*centre, RADIUS_PX * float(rng.uniform(0.9, 1.1)))
        angle = rng.uniform(0, 180) if turn_deg is None else turn_deg
        image += fringes(shape, circle, kind, angle, seed * 100 + number)
        circles.append(circle)
    name = hashlib.sha256(f"{seed}/{kinds}".encode()).hexdigest()
    return Micrograph(image.astype(np.float32), f"drawn {seed}", name), circles


def grid_of(
    diameter_nm: float, strength: float, *, faulted: bool, name: str
) -> tuple[Micrograph, list[float], list[Circle]]:
    """Draw sixteen particles of one size whose fringes have one strength.

    Returns
    -------
    Micrograph
    list of float
        Turn of each in degrees.
    list of Circle
        As a detector leaves them: off by a little in place and size.
    """
    seed = zlib.crc32(name.encode())
    rng = np.random.default_rng(seed)
    radius = diameter_nm / PIXEL_NM / 2
    pitch = math.ceil(3.2 * radius)
    image = speckle((_SIDE * pitch, _SIDE * pitch), seed)
    empty = Micrograph(image.astype(np.float32), name, "0" * 64)
    around = Surroundings.of(empty, PIXEL_NM)
    turns, circles = [], []
    for number in range(_SIDE**2):
        first = [pitch * n for n in divmod(number, _SIDE)]
        at = pitch / 2 + rng.uniform(-3, 3, 2)
        turn = float(rng.uniform(0, 180))
        here = image[first[0] : first[0] + pitch, first[1] : first[1] + pitch]
        there = Circle(float(at[0]), float(at[1]), radius)
        here += _of_strength(here.shape, there, turn, faulted, strength, around, rng)
        off = at + rng.normal(0, 0.04 * radius, 2)
        circle = Circle(
            *(off + first).tolist(), radius * float(rng.uniform(0.94, 1.06))
        )
        turns.append(turn)
        circles.append(circle)
    return Micrograph(image.astype(np.float32), name, "1" * 64), turns, circles


def _of_strength(
    shape: tuple[int, ...],
    circle: Circle,
    turn_deg: float,
    faulted: bool,
    strength: float,
    around: Surroundings,
    rng: np.random.Generator,
) -> np.ndarray:
    """Fringes of three families, each peak so many times the background's power.

    The peak of a disk of amplitude a is (a / 2 area)^2, the background's power there
    its power per pixel times the area.
    """
    row, col = np.mgrid[: shape[0], : shape[1]].astype(float)
    row, col = row - circle.row_px, col - circle.col_px
    inside = 1 / (1 + np.exp((np.hypot(row, col) - circle.radius_px) / 1.5))
    image = np.zeros(shape)
    fault_at = rng.uniform(-0.35, 0.35) * circle.radius_px
    for spacing_nm, angle_deg, shifted in FAMILIES:
        k_per_px = PIXEL_NM / spacing_nm
        noise = float(around.power_at(np.array(k_per_px))) * around.rms**2
        amplitude = 2 * math.sqrt(strength * noise / math.pi) / circle.radius_px
        phase = rng.uniform(0, 2 * np.pi)
        if faulted and shifted:
            across = _along(row, col, turn_deg + FAMILIES[0][1])
            phase = phase + 2 * np.pi / 3 * (across > fault_at)
        wave = _along(row, col, turn_deg + angle_deg)
        image += amplitude * np.cos(2 * np.pi * k_per_px * wave + phase)
    return image * inside
