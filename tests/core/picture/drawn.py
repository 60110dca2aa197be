"""Speckle with patches of fringes, and what saving does to it."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image
from scipy.ndimage import gaussian_filter


def fringed_speckle(shape: tuple[int, int], patches: int) -> np.ndarray:
    """Blurred noise, some white noise, and round patches of fringes; as gray levels."""
    rng = np.random.default_rng(3)
    speckle = gaussian_filter(rng.normal(size=shape), 1.2) * 4
    speckle += 0.4 * rng.normal(size=shape)
    rows, cols = np.indices(shape)
    for row, col in rng.uniform(60, min(shape) - 60, (patches, 2)):
        inside = np.hypot(rows - row, cols - col) < 45
        speckle += inside * 1.7 * np.cos(2 * np.pi * (rows + 0.3 * cols) / 8.5)
    return gray(speckle)


def gray(values: np.ndarray) -> np.ndarray:
    """Stretch to the gray levels of eight bits."""
    low, high = float(values.min()), float(values.max())
    return np.rint((values - low) / (high - low) * 255).astype(np.float32)


def jpeg(pixels: np.ndarray, quality: int) -> np.ndarray:
    """Save gray levels as JPEG, and read them again."""
    file = io.BytesIO()
    Image.fromarray(pixels.astype(np.uint8)).save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file)).astype(np.float32)
