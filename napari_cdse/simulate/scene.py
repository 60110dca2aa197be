"""Draw the random content of one micrograph: dots, support, optics.

Random numbers come from streams (`stream`), one for each purpose, so that a change in
one part of the simulation does not change the random numbers of another.
"""

from __future__ import annotations

import math
import zlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy import fft

from napari_cdse.simulate.microscope.optics import Lens, scherzer_nm
from napari_cdse.simulate.structure.dots import Dot, draw_dots

if TYPE_CHECKING:
    from napari_cdse.simulate.params import Optics, Preset, Range

_COARSEST_STEP_NM = 0.031
"""Largest distance of grid points in nm. Chosen: multislice keeps frequencies up to two
thirds of the Nyquist frequency, 10.8 per nm."""
_MARGIN_NM = 1.5
"""Margin of the grid around the micrograph in nm, for delocalised fringes. Chosen."""
_OVERSAMPLINGS = (1.0, 1.5, 2.0, 2.5, 3.0)
"""Grid points per pixel to choose from."""


@dataclass(frozen=True, slots=True)
class Grid:
    """The grid of the computation, which is finer than pixels, and has a margin.

    Attributes
    ----------
    size_px : int
        Edge of the micrograph.
    padded_px : int
        Edge with the margin.
    oversampling : float
        Grid points per pixel, along an edge.
    pixel_size_nm : float
        Edge of a pixel.
    """

    size_px: int
    padded_px: int
    oversampling: float
    pixel_size_nm: float

    @property
    def step_nm(self) -> float:
        """Distance of grid points."""
        return self.pixel_size_nm / self.oversampling

    @property
    def points(self) -> int:
        """Number of grid points along an edge."""
        return round(self.padded_px * self.oversampling)

    @property
    def margin_px(self) -> int:
        """Margin left of and above the micrograph, in pixels."""
        return (self.padded_px - self.size_px) // 2

    def point_of(self, place_px: float) -> int:
        """Return the grid point nearest to a position in the micrograph."""
        return round((place_px + self.margin_px) * self.oversampling)

    def place_of(self, point: int) -> float:
        """Return the position of a grid point in the micrograph, in pixels."""
        return point / self.oversampling - self.margin_px


@dataclass(frozen=True, eq=False)
class Scene:
    """Everything that is drawn for one micrograph.

    Attributes
    ----------
    name : str
        ``PRESET_SEED_INDEX``.
    seed, index : int
        Number of the series, and of the micrograph in it.
    preset : Preset
        Parameters from which it was drawn.
    grid : Grid
    lens : Lens
    dots : tuple of Dot
    carbon_nm, residue_nm : float
        Thickness of the carbon and of the contamination.
    dots_first : bool
        Whether the beam passes the dots before the carbon.
    dose_per_A2 : float
        Electrons per square ångström.
    mtf, read_noise : float
        See `napari_cdse.simulate.params.Camera`.
    defocus_tilt_nm : float
        Difference of defocus between opposite edges.
    defocus_tilt_angle : float
        Direction in which it increases, in radians from x.
    """

    name: str
    seed: int
    index: int
    preset: Preset
    grid: Grid
    lens: Lens
    dots: tuple[Dot, ...]
    carbon_nm: float
    residue_nm: float
    dots_first: bool
    dose_per_A2: float
    mtf: float
    read_noise: float
    defocus_tilt_nm: float
    defocus_tilt_angle: float

    @property
    def electrons_per_px(self) -> float:
        """Mean number of electrons in a pixel."""
        return self.dose_per_A2 * (10 * self.grid.pixel_size_nm) ** 2

    @property
    def dots_region_nm(self) -> float:
        """Thickness of the layer that holds the dots."""
        return max((dot.height_nm for dot in self.dots), default=0.0)

    def tilt_at(self, x_px: float, y_px: float) -> float:
        """Return the change of defocus by the tilt, in nm; 0 in the middle."""
        size = self.grid.size_px
        along = (x_px / size - 0.5) * math.cos(self.defocus_tilt_angle)
        along += (y_px / size - 0.5) * math.sin(self.defocus_tilt_angle)
        return self.defocus_tilt_nm * along

    def stream(self, purpose: str) -> np.random.Generator:
        """Return the random numbers for one purpose; see `stream`."""
        return stream(self.preset.name, self.seed, self.index, purpose)


def stream(preset: str, seed: int, index: int, purpose: str) -> np.random.Generator:
    """Return random numbers that depend on preset, seed, index and purpose alone."""
    words = [zlib.crc32(text.encode()) for text in (preset, purpose)]
    return np.random.default_rng([seed, index, *words])


def draw_scene(preset: Preset, seed: int, index: int) -> Scene:
    """Draw the content of a micrograph, and the settings of the microscope."""
    rng = stream(preset.name, seed, index, "scene")
    pixel_size = _draw(rng, preset.field.pixel_size_nm)
    camera, support = preset.camera, preset.support
    return Scene(
        name=f"{preset.name}_{seed}_{index:04d}",
        seed=seed,
        index=index,
        preset=preset,
        grid=make_grid(preset.field.size_px, pixel_size),
        lens=_draw_lens(rng, preset.optics),
        dots=tuple(draw_dots(rng, preset, pixel_size)),
        carbon_nm=_draw(rng, support.carbon_nm),
        residue_nm=_draw(rng, support.residue_nm),
        dots_first=bool(rng.random() < 0.5),
        dose_per_A2=_draw(rng, camera.dose_per_A2),
        mtf=_draw(rng, camera.mtf),
        read_noise=_draw(rng, camera.read_noise),
        defocus_tilt_nm=_draw(rng, preset.optics.defocus_tilt_nm),
        defocus_tilt_angle=rng.uniform(0, 2 * math.pi),
    )


def on_grid(scene: Scene) -> Scene:
    """Move each dot to the nearest grid point."""
    grid = scene.grid
    dots = tuple(
        replace(
            dot,
            x_px=grid.place_of(grid.point_of(dot.x_px)),
            y_px=grid.place_of(grid.point_of(dot.y_px)),
        )
        for dot in scene.dots
    )
    return replace(scene, dots=dots)


def make_grid(size_px: int, pixel_size_nm: float) -> Grid:
    """Choose a grid that is fine enough and fast to transform."""
    fine = [
        value for value in _OVERSAMPLINGS if pixel_size_nm / value <= _COARSEST_STEP_NM
    ]
    oversampling = fine[0] if fine else pixel_size_nm / _COARSEST_STEP_NM // 0.5 / 2 + 1
    padded = size_px + 2 * math.ceil(_MARGIN_NM / pixel_size_nm)
    while not _is_fast(padded, oversampling):
        padded += 1
    return Grid(size_px, padded, oversampling, pixel_size_nm)


def _is_fast(padded: int, oversampling: float) -> bool:
    points = padded * oversampling
    if padded % 2 or points % 2:
        return False
    return all(fft.next_fast_len(size) == size for size in (padded, int(points)))


def _draw_lens(rng: np.random.Generator, optics: Optics) -> Lens:
    voltage = float(rng.choice(optics.voltages_kV))
    if rng.random() < optics.corrected_share:
        Cs = _draw(rng, optics.corrected_Cs_mm)
        ranges = optics.corrected_defocus_nm
        defocus = _draw(rng, ranges[int(rng.integers(len(ranges)))])
    else:
        Cs = _draw(rng, optics.Cs_mm)
        defocus = scherzer_nm(Cs, voltage) * _draw(rng, optics.scherzer_multiple)
    return Lens(
        kV=voltage,
        Cs_mm=Cs,
        defocus=defocus,
        focal_spread=_draw(rng, optics.focal_spread_nm),
        convergence_mrad=_draw(rng, optics.convergence_mrad),
        astig=_draw(rng, optics.astigmatism_nm),
        astig_angle=rng.uniform(0, math.pi),
        drift=_draw(rng, optics.drift_nm),
        drift_angle=rng.uniform(0, 180),
        vibration=_draw(rng, optics.vibration_nm),
        contrast=_draw(rng, optics.contrast),
    )


def _draw(rng: np.random.Generator, limits: Range) -> float:
    return float(rng.uniform(*limits))
