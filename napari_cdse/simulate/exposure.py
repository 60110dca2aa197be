"""Compute the image of a scene and of single dots, and the camera's counts.

The image of the whole field, `whole_field`, includes the carbon; `expose` adds noise.
`dot_alone` gives the image of one dot without carbon and noise, with which its
visibility is measured.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import fft

from napari_cdse.simulate.microscope import optics
from napari_cdse.simulate.microscope.multislice import exit_spectrum
from napari_cdse.simulate.microscope.potential import (
    DOT_SLICE_NM,
    DotPhases,
    carbon_slices,
    scattering_factor,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from napari_cdse.simulate.microscope.potential import Factor
    from napari_cdse.simulate.scene import Scene
    from napari_cdse.simulate.structure.crystal import Crystal
    from napari_cdse.simulate.structure.dots import Dot

    Slices = list[NDArray[np.float32]]

_PATCH_MARGIN_NM = 1.6
"""Margin around a dot on its patch in nm, over which fringes are delocalised.
Chosen."""
_TILT_IMAGES = 3
"""Number of images of different defocus from which one with tilted defocus is blended.
Chosen."""
_OUTLIER_SIGMAS = (5.5, 9.0)
"""Range of the deviation of an outlier, in standard deviations of the image. Chosen."""


@dataclass(frozen=True, slots=True)
class Patch:
    """A square grid around one dot, whose middle is the dot's origin.

    Attributes
    ----------
    size_px : int
        Edge in pixels of the micrograph.
    points : int
        Grid points along an edge.
    step_nm : float
        Distance of grid points.
    """

    size_px: int
    points: int
    step_nm: float


def patch_for(scene: Scene, dot: Dot) -> Patch:
    """Choose a patch that holds a dot with a margin for delocalised fringes."""
    reach = np.abs(dot.crystal.places_nm[:, :2]).max() + _PATCH_MARGIN_NM
    size = 4 * math.ceil(reach / scene.grid.pixel_size_nm / 2)
    while fft.next_fast_len(size) != size or size % 4:
        size += 4
    return Patch(size, round(size * scene.grid.oversampling), scene.grid.step_nm)


def dot_slices(
    scene: Scene, patch: Patch, crystal: Crystal, factor: Factor = scattering_factor
) -> Slices:
    """Compute the phase slices of a crystal on its patch.

    Parameters
    ----------
    scene : Scene
        Material and voltage.
    patch : Patch
        The dot's patch.
    crystal : Crystal
        Its atoms.
    factor : callable, optional
        Scattering factor by element and squared frequency.

    Returns
    -------
    list of ndarray of float32, shape (points, points)
        Phase shifts in radians, in the order of the beam.
    """
    phases = DotPhases(
        scene.preset.material, patch.points, patch.step_nm, scene.lens.kV, factor
    )
    return phases.slices(crystal)


def dot_alone(
    scene: Scene, patch: Patch, slices: Slices, defocus_offset_nm: float
) -> NDArray[np.float32]:
    """Compute the image of a dot without carbon and noise.

    Parameters
    ----------
    scene : Scene
        Lens and camera.
    patch : Patch
        The dot's patch.
    slices : list of ndarray of float32
        From `dot_slices`.
    defocus_offset_nm : float
        From `defocus_offset`.

    Returns
    -------
    ndarray of float32, shape (size_px, size_px)
        Contrast: intensity less one.
    """
    shape = (patch.points, patch.points)
    lens = scene.lens
    wave = exit_spectrum(
        ((phase, DOT_SLICE_NM) for phase in slices), shape, patch.step_nm, lens.kV
    )
    k = optics.full_frequencies(shape, patch.step_nm)
    # From the exit plane back to the dot's middle, where its defocus is given.
    back_nm = defocus_offset_nm + len(slices) * DOT_SLICE_NM / 2
    image = optics.intensity(wave, optics.transfer(lens, k, back_nm))
    pixels = (patch.size_px, patch.size_px)
    half = optics.half_frequencies(pixels, scene.grid.pixel_size_nm)
    damping = optics.blur(lens, half) * mtf(scene.mtf, pixels)
    return (optics.sample(image, pixels, damping) - 1) * np.float32(lens.contrast)


def defocus_offset(scene: Scene, dot: Dot) -> float:
    """Return the defocus at a dot's middle less that of the lens, in nm.

    It is due to the tilt of the support and to the dot's height.
    """
    above = (scene.dots_region_nm - dot.height_nm) / 2
    height = above if scene.dots_first else -above
    return scene.tilt_at(dot.x_px, dot.y_px) + height


def whole_field(
    scene: Scene, dots: list[tuple[Patch, Slices]], factor: Factor = scattering_factor
) -> NDArray[np.float32]:
    """Compute the mean intensity of the field at the camera, before noise.

    Parameters
    ----------
    scene : Scene
        The scene.
    dots : list of (Patch, list of ndarray)
        Patch and phase slices of each of its dots.
    factor : callable, optional
        Scattering factor by element and squared frequency.

    Returns
    -------
    ndarray of float32, shape (size_px, size_px)
        Of mean 1, with the contrast multiplied by the Stobbs factor.
    """
    grid, lens = scene.grid, scene.lens
    shape = (grid.points, grid.points)
    wave = exit_spectrum(
        _field_slices(scene, dots, factor), shape, grid.step_nm, lens.kV
    )
    below = scene.carbon_nm if scene.dots_first else scene.residue_nm
    image = _through_lens(scene, wave, below + _region_slices(dots) * DOT_SLICE_NM / 2)
    margin = grid.margin_px
    inner = image[margin : margin + grid.size_px, margin : margin + grid.size_px]
    relative = inner / inner.mean() - 1
    field: NDArray[np.float32] = 1 + np.float32(lens.contrast) * relative
    return field


def expose(scene: Scene, field: NDArray[np.float32]) -> NDArray[np.float32]:
    """Simulate the detector: uneven illumination, shot noise, MTF, read-out noise.

    Parameters
    ----------
    scene : Scene
        Dose and detector.
    field : ndarray of float32, shape (rows, columns)
        Mean intensity, from `whole_field`.

    Returns
    -------
    ndarray of float32, shape (rows, columns)
        Counts, divided by their mean.
    """
    rng = scene.stream("camera")
    mean = scene.electrons_per_px
    light = _light(rng, field.shape, scene.preset.camera.uneven_light)
    counts = rng.poisson(np.maximum(field * light, 0) * mean).astype(np.float32)
    spectrum = fft.rfft2(counts) * mtf(scene.mtf, (field.shape[0], field.shape[1]))
    spread = fft.irfft2(spectrum, field.shape)
    noise = scene.read_noise * math.sqrt(mean)
    spread += rng.normal(0, noise, size=field.shape).astype(np.float32)
    image: NDArray[np.float32] = spread / np.float32(spread.mean())
    return image


def add_outliers(
    scene: Scene, image: NDArray[np.float32]
) -> tuple[NDArray[np.float32], list[list[int]]]:
    """Set a few pixels to outliers.

    Returns
    -------
    image : ndarray of float32
        A changed copy.
    positions : list of [int, int]
        Column and row of each outlier.
    """
    rng = scene.stream("outliers")
    low, high = scene.preset.camera.outliers
    places = rng.integers(0, image.shape[0], size=(int(rng.integers(low, high + 1)), 2))
    sigmas = rng.uniform(*_OUTLIER_SIGMAS, len(places))
    sigmas *= rng.choice([-1, 1], p=[0.4, 0.6], size=len(places))
    out = image.copy()
    out[places[:, 1], places[:, 0]] = 1 + sigmas * image.std()
    return out, [[int(x), int(y)] for x, y in places]


def gray_limits(scene: Scene, image: NDArray[np.float32]) -> tuple[float, float]:
    """Draw the values of an image that become the gray levels 0 and 255."""
    rng = scene.stream("gray")
    camera = scene.preset.camera
    spread = float(image.std())
    black = rng.uniform(*camera.black)
    return 1 - black * spread, 1 + rng.uniform(*camera.white) * spread


def mtf(width: float, shape: tuple[int, int]) -> NDArray[np.float32]:
    """Return the detector's Gaussian MTF for a real transform.

    Parameters
    ----------
    width : float
        Standard deviation in cycles per pixel.
    shape : tuple of int
        Rows and columns of the image.

    Returns
    -------
    ndarray of float32, shape (rows, columns / 2 + 1)
    """
    k = optics.half_frequencies(shape, 1.0)
    transfer: NDArray[np.float32] = np.exp(-k.square / np.float32(2 * width**2))
    return transfer


def _region_slices(dots: list[tuple[Patch, Slices]]) -> int:
    return max((len(slices) for _, slices in dots), default=0)


def _field_slices(
    scene: Scene, dots: list[tuple[Patch, Slices]], factor: Factor
) -> Iterator[tuple[NDArray[np.float32], float]]:
    """Yield all slices with their thickness, in the order of the beam."""
    rng = scene.stream("carbon")
    films = [scene.carbon_nm, scene.residue_nm]
    if scene.dots_first:
        films.reverse()
    shape = (scene.grid.points, scene.grid.points)
    support, kV, step = scene.preset.support, scene.lens.kV, scene.grid.step_nm
    yield from carbon_slices(rng, support, films[0], shape, step, kV, factor)
    count = _region_slices(dots)
    for number in range(count):
        yield _dots_slice(scene, dots, number, count), DOT_SLICE_NM
    yield from carbon_slices(rng, support, films[1], shape, step, kV, factor)


def _dots_slice(
    scene: Scene, dots: list[tuple[Patch, Slices]], number: int, count: int
) -> NDArray[np.float32]:
    """Add up the dots in one slice; they touch the carbon, above or below it."""
    total = np.zeros((scene.grid.points, scene.grid.points), np.float32)
    for dot, (patch, slices) in zip(scene.dots, dots, strict=True):
        own = number - (count - len(slices) if scene.dots_first else 0)
        if 0 <= own < len(slices):
            corner = [
                scene.grid.point_of(place) - patch.points // 2
                for place in (dot.y_px, dot.x_px)
            ]
            _paste(total, slices[own], corner[0], corner[1])
    return total


def _paste(
    total: NDArray[np.float32], part: NDArray[np.float32], row: int, col: int
) -> None:
    """Add a part with its first element at (row, col), cropped to the total."""
    top, left = max(row, 0), max(col, 0)
    bottom = min(row + part.shape[0], total.shape[0])
    right = min(col + part.shape[1], total.shape[1])
    if top < bottom and left < right:
        total[top:bottom, left:right] += part[
            top - row : bottom - row, left - col : right - col
        ]


def _through_lens(
    scene: Scene, wave: NDArray[np.complex64], back_nm: float
) -> NDArray[np.float32]:
    """Image the field with a tilted defocus, blended from images of a few defoci."""
    grid, lens = scene.grid, scene.lens
    pixels = (grid.padded_px, grid.padded_px)
    k = optics.full_frequencies(wave.shape, grid.step_nm)
    damping = optics.blur(lens, optics.half_frequencies(pixels, grid.pixel_size_nm))
    place = np.arange(grid.padded_px) - grid.margin_px
    tilt = scene.tilt_at(0, 0) * np.ones(pixels, np.float32)
    tilt += np.float32(scene.tilt_at(1, 0) - scene.tilt_at(0, 0)) * place
    tilt += np.float32(scene.tilt_at(0, 1) - scene.tilt_at(0, 0)) * place[:, None]
    offsets = np.linspace(tilt.min(), tilt.max(), _TILT_IMAGES)
    gap = max(float(offsets[1] - offsets[0]), 1e-6)
    total = np.zeros(pixels, np.float32)
    for offset in offsets:
        transfer = optics.transfer(lens, k, back_nm + float(offset))
        image = optics.sample(optics.intensity(wave, transfer), pixels, damping)
        total += image * np.clip(1 - np.abs(tilt - offset) / gap, 0, 1)
    return total


def _light(
    rng: np.random.Generator, shape: tuple[int, ...], limits: tuple[float, float]
) -> NDArray[np.float32]:
    """Draw uneven illumination: a plane and a paraboloid, of mean about 1."""
    strength = rng.uniform(*limits)
    rows, cols = (np.linspace(-1, 1, size, dtype=np.float32) for size in shape)
    a, b, c = rng.uniform(-1, 1, size=3)
    bow = rows[:, None] ** 2 + cols[None, :] ** 2 - 2 / 3
    light: NDArray[np.float32] = 1 + np.float32(strength) * (
        a * rows[:, None] + b * cols[None, :] + c * bow
    ).astype(np.float32)
    return light
