"""Other pictures of the same field: noise, blur, light, gray scale, frames, letters."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage

from napari_cdse.core.detection.unet.channels import network_input
from napari_cdse.core.imaging.preprocessing import prepare
from unet_training.targets import targets

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cdse.core.imaging.preprocessing import Prepared

OUTPUT_STRIDE = 4
"""Samples of the input for each of the output: 0.2 nm."""
OUTPUT_MIDDLE = (OUTPUT_STRIDE - 1) / 2
"""Where in its four samples an answer lies: in the middle, which turning keeps."""
_LEAST_SIDE_PX = 160
"""Side that a rescaled picture keeps at least."""


@dataclass(frozen=True, eq=False)
class Field:
    """One simulated field of view.

    Attributes
    ----------
    contrast : ndarray of float32, shape (rows, columns)
        Counts over their mean.
    mask : ndarray of uint8, shape (rows, columns)
    listed : ndarray of bool, shape (particles,)
    pixel_nm : float
    """

    contrast: NDArray[np.float32]
    mask: NDArray[np.uint8]
    listed: NDArray[np.bool_]
    pixel_nm: float


def variant(
    field: Field, rng: np.random.Generator, plain: bool
) -> tuple[NDArray[np.float16], NDArray[np.uint8]]:
    """Draw one picture of a field, as the network's input and its targets.

    Parameters
    ----------
    field : Field
        What was simulated.
    rng : Generator
        Says what is done to it.
    plain : bool
        Whether the micrograph is left as it was simulated, but for its gray scale.

    Returns
    -------
    ndarray of float16, shape (2, rows, columns)
        Input channels.
    ndarray of uint8, shape (4, rows / 4, columns / 4)
        Interior, border, distance, weight.
    """
    drawn = targets(field.mask, field.listed, field.pixel_nm)
    picture, pixel = field.contrast, field.pixel_nm
    if not plain:
        picture = _degraded(picture, rng)
        picture, drawn, pixel = _rescaled(picture, drawn, pixel, rng)
    picture = _as_gray(picture, rng)
    if not plain:
        picture = _written_on(picture, rng)
        pixel *= _scale_error(rng, bare=not field.mask.any())
    prepared = prepare(picture)
    given = network_input(prepared, pixel)
    top, left = prepared.origin_px
    rows, cols = (
        _nearest_px(first, each, n, length)
        for first, each, n, length in zip(
            given.origin_px,
            given.step_px,
            given.values.shape[1:],
            prepared.pixels.shape,
            strict=True,
        )
    )
    drawn[3] = np.where(_usable(prepared, drawn.shape[1:]), drawn[3], 0)
    answer = drawn[:, (rows + top)[:, None], cols + left]
    return given.values.astype(np.float16), answer


def _nearest_px(
    first_px: float, step_px: float, samples: int, length_px: int
) -> NDArray[np.intp]:
    """Pixels in the middle of each answer, along one axis."""
    blocks = np.arange(-(-samples // OUTPUT_STRIDE))
    places = first_px + step_px * (OUTPUT_STRIDE * blocks + OUTPUT_MIDDLE)
    return np.clip(np.rint(places).astype(np.intp), 0, length_px - 1)


def _usable(prepared: Prepared, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    whole = np.zeros(shape, bool)
    top, left = prepared.origin_px
    high, wide = prepared.usable.shape
    whole[top : top + high, left : left + wide] = prepared.usable
    return whole


def _degraded(
    picture: NDArray[np.float32], rng: np.random.Generator
) -> NDArray[np.float32]:
    """Lower dose, blur, uneven light."""
    picture = picture - 1
    if rng.random() < 0.3:
        picture = ndimage.gaussian_filter(picture, rng.uniform(0.3, 0.9))
    if rng.random() < 0.35:
        noise = rng.normal(0, rng.uniform(0.2, 0.9) * picture.std(), picture.shape)
        picture = picture + noise.astype(np.float32)
    if rng.random() < 0.4:
        rows, cols = (np.linspace(-1, 1, n, dtype=np.float32) for n in picture.shape)
        slope, across, bow = rng.uniform(-1, 1, 3) * rng.uniform(0, 0.5)
        light = slope * rows[:, None] + across * cols + bow * rows[:, None] ** 2
        picture = picture * (1 + 0.5 * light)
        picture = picture + light * rng.uniform(0, 6) * picture.std()
    return picture.astype(np.float32)


def _rescaled(
    picture: NDArray[np.float32],
    drawn: NDArray[np.uint8],
    pixel: float,
    rng: np.random.Generator,
) -> tuple[NDArray[np.float32], NDArray[np.uint8], float]:
    """Enlarge or reduce the picture, as copies of it are."""
    if rng.random() < 0.5:
        return picture, drawn, pixel
    times = float(np.exp(rng.uniform(np.log(0.7), np.log(1.5))))
    if min(picture.shape) * times < _LEAST_SIDE_PX:
        return picture, drawn, pixel
    if times < 1:
        picture = ndimage.gaussian_filter(picture, 0.4 * (1 / times - 1) + 1e-3)
    shape = [round(n * times) for n in picture.shape]
    rows, cols = (
        (np.arange(n) + 0.5) * (old / n) - 0.5
        for n, old in zip(shape, picture.shape, strict=True)
    )
    grid = np.meshgrid(rows, cols, indexing="ij")
    order = int(rng.choice([1, 3]))
    larger = ndimage.map_coordinates(picture, grid, order=order, mode="nearest")
    near = [
        np.clip(np.rint(each).astype(int), 0, old - 1)
        for each, old in zip((rows, cols), picture.shape, strict=True)
    ]
    return larger, drawn[:, near[0][:, None], near[1]], pixel / times


def _as_gray(
    picture: NDArray[np.float32], rng: np.random.Generator
) -> NDArray[np.float32]:
    """Eight bits between limits, either sign of contrast, a bent scale, JPEG."""
    if rng.random() < 0.15:
        picture = -picture
    spread, mean = picture.std(), picture.mean()
    low = mean - rng.uniform(2.5, 6) * spread
    high = mean + rng.uniform(2.5, 8) * spread
    share = np.clip((picture - low) / (high - low), 0, 1)
    if rng.random() < 0.3:
        share = share ** np.float32(np.exp(rng.uniform(-0.5, 0.5)))
    gray = np.rint(share * 255).astype(np.uint8)
    if rng.random() < 0.2:
        stream = io.BytesIO()
        Image.fromarray(gray).save(stream, "JPEG", quality=int(rng.integers(60, 96)))
        gray = np.asarray(Image.open(stream))
    return gray.astype(np.float32)


def _written_on(
    picture: NDArray[np.float32], rng: np.random.Generator
) -> NDArray[np.float32]:
    """Draw a frame, a scale bar, letters."""
    image = Image.fromarray(picture.astype(np.uint8))
    draw = ImageDraw.Draw(image)
    wide, high = image.size
    ink = int(rng.choice([0, 255]))
    if rng.random() < 0.15:
        for inset in range(int(rng.integers(1, 4))):
            draw.rectangle(
                (inset, inset, wide - 1 - inset, high - 1 - inset), None, ink
            )
    if rng.random() < 0.25:
        left, top = rng.uniform(0.03, 0.6) * wide, rng.uniform(0.05, 0.9) * high
        length, thick = rng.uniform(0.1, 0.3) * wide, rng.uniform(0.006, 0.02) * high
        draw.rectangle((left, top, left + length, top + thick), ink)
        font = ImageFont.load_default(size=rng.uniform(0.025, 0.06) * high)
        text = f"{int(rng.integers(1, 20))} nm"
        draw.text((left, top + rng.choice([1.5, -4]) * thick), text, ink, font)
    return np.asarray(image).astype(np.float32)


def _scale_error(rng: np.random.Generator, bare: bool) -> float:
    """Draw what the pixel size is off by: mostly little, as an estimate is.

    Of bare support by anything up to twice: where no size is sure several are tried,
    and speckle must not look like particles at any of them.
    """
    if bare:
        return float(np.exp(rng.uniform(-np.log(2), np.log(2))))
    if rng.random() < 0.2:
        return float(np.exp(rng.uniform(-0.2, 0.2)))
    return float(np.exp(rng.normal(0, 0.03)))
