"""Draw random dots: kind, stacking, orientation, outline, place in the field.

`draw_dots` draws those of a micrograph. Many of them are near a zone axis along which
faults are edge-on, so that there is enough to learn from; `dot_of_kind` draws a dot
whose orientation does not depend on its fault.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from napari_cdse.simulate.structure import stacking
from napari_cdse.simulate.structure.crystal import Crystal, cut, layers_for
from napari_cdse.simulate.structure.outline import Outline, draw_outline

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cdse.simulate.params import Dots, Field, Material, Preset

_BEYOND_NM = 0.5
"""Distance in nm beyond the border up to which centres of dots are drawn. Chosen."""
_APART = 1.17
"""Least distance of two dots' centres, over the sum of their radii. Chosen."""
_TOUCHING = (0.88, 1.13)
"""Range of that ratio for touching dots. Chosen."""
_TRIES = 200
"""Tries to place a dot, after which no more are placed. Chosen."""
_OTHER_ZONES = ("112", "111", "100")
_OTHER_WEIGHTS = (0.55, 0.3, 0.15)
"""Zone axes, besides <110>, of dots without a defect, and their probabilities.
Chosen."""


class _Orientation(NamedTuple):
    """Orientation of a dot.

    Attributes
    ----------
    zone : str
        Indices of the nearest zone axis, or ``random``.
    tilt_deg : float or None
        Tilt from it.
    inplane_deg : float or None
        Rotation about the beam.
    rotation : ndarray, shape (3, 3)
        Laboratory axes in rows, crystal axes in columns.
    """

    zone: str
    tilt_deg: float | None
    inplane_deg: float | None
    rotation: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Dot:
    """One dot in the field.

    Attributes
    ----------
    x_px, y_px : float
        Column and row of its centre.
    crystal : Crystal
        Its atoms.
    outline : Outline
    rotation : ndarray, shape (3, 3)
        Laboratory axes in rows, crystal axes in columns.
    diameter_nm : float
    hexagonal : bool
        Whether the host is wurtzite.
    intent : str
        What it was drawn for: ``defect``, ``perfect``, ``off``, or ``any``.
    defect : str
        Kind of its defect; ``perfect`` if it has none within the outline.
    zone : str
        Indices of the nearest zone axis, or ``random``.
    tilt_deg, inplane_deg : float or None
        Tilt from it, and rotation about the beam.
    """

    x_px: float
    y_px: float
    crystal: Crystal
    outline: Outline
    rotation: NDArray[np.float64]
    diameter_nm: float
    hexagonal: bool
    intent: str
    defect: str
    zone: str
    tilt_deg: float | None
    inplane_deg: float | None

    @property
    def has_defect(self) -> bool:
        """Whether there is a defect within the outline."""
        return not stacking.is_perfect(self.crystal.stacking)

    @property
    def height_nm(self) -> float:
        """Extent of the atoms along the beam."""
        return float(np.ptp(self.crystal.places_nm[:, 2]))


@dataclass(frozen=True, slots=True)
class _Kind:
    intent: str
    defect: str
    hexagonal: bool


def draw_dots(
    rng: np.random.Generator, preset: Preset, pixel_size_nm: float
) -> list[Dot]:
    """Draw all dots of one micrograph.

    Parameters
    ----------
    rng : numpy.random.Generator
        Random numbers.
    preset : Preset
        Parameters of the series.
    pixel_size_nm : float
        Edge of a pixel.
    """
    if rng.random() < preset.field.empty_share:
        return []
    count = int(rng.integers(preset.field.dots[0], preset.field.dots[1] + 1))
    radii = [_diameter(rng, preset.dots) / 2 for _ in range(count)]
    places = _places(rng, preset.field, radii, pixel_size_nm)
    return [
        _draw_dot(rng, preset, place, 2 * radius)
        for place, radius in zip(places, radii, strict=False)
    ]


def _diameter(rng: np.random.Generator, dots: Dots) -> float:
    drawn = rng.normal(dots.diameter_mean_nm, dots.diameter_spread_nm)
    return float(np.clip(drawn, *dots.diameter_nm))


def _places(
    rng: np.random.Generator, field: Field, radii: list[float], pixel_size_nm: float
) -> list[tuple[float, float]]:
    """Draw places that do not overlap, some of them touching an earlier dot."""
    places: list[tuple[float, float]] = []
    beyond = _BEYOND_NM / pixel_size_nm
    for number, radius in enumerate(radii):
        touching = number > 0 and rng.random() < field.touching_share
        for _ in range(_TRIES):
            place = rng.uniform(-beyond, field.size_px + beyond, size=2)
            closest = _APART
            if touching:
                mate = int(rng.integers(len(places)))
                gap, closest = rng.uniform(*_TOUCHING), _TOUCHING[0]
                angle = rng.uniform(0, 2 * math.pi)
                away = gap * (radius + radii[mate]) / pixel_size_nm
                direction = np.array([math.cos(angle), math.sin(angle)])
                place = np.array(places[mate]) + away * direction
            if _fits(place, radius, places, radii, closest, pixel_size_nm):
                inside = (place > -beyond) & (place < field.size_px + beyond)
                if inside.all():
                    places.append((float(place[0]), float(place[1])))
                    break
        else:
            return places
    return places


def _fits(
    place: NDArray[np.float64],
    radius: float,
    others: list[tuple[float, float]],
    radii: list[float],
    closest: float,
    pixel_size_nm: float,
) -> bool:
    """Whether a dot is far enough from the others; 0.999 allows for rounding."""
    return all(
        math.dist(place, other) * pixel_size_nm >= closest * (radius + reach) * 0.999
        for other, reach in zip(others, radii, strict=False)
    )


def dot_of_kind(
    rng: np.random.Generator,
    preset: Preset,
    place: tuple[float, float],
    defect: str,
    hexagonal: bool,
    aligned: bool,
) -> Dot:
    """Draw a dot of one kind, with an orientation that does not depend on its defect.

    Its diameter is drawn uniformly from the preset's range, its rotation uniformly from
    all that bring a close-packed row near the beam, or from all others.

    Parameters
    ----------
    rng : numpy.random.Generator
        Random numbers.
    preset : Preset
        Sizes, shapes and material.
    place : tuple of float
        Column and row in the micrograph, in px.
    defect : str
        A name of `napari_cdse.simulate.structure.stacking`, or ``perfect``.
    hexagonal : bool
        Whether the host is wurtzite.
    aligned : bool
        Whether a close-packed row is within the preset's tilt of the beam.
    """
    axes = close_packed_rows(hexagonal)
    nearest = math.cos(math.radians(preset.dots.tilt_deg))
    while True:
        rotation = _random_rotation(rng)
        if bool((np.abs(axes @ rotation[2]) >= nearest).any()) == aligned:
            break
    orientation = _Orientation("random", None, None, rotation)
    diameter_nm = float(rng.uniform(*preset.dots.diameter_nm))
    kind = _Kind("any", defect, hexagonal)
    return _draw_body(rng, preset, place, diameter_nm, kind, orientation)


def _draw_dot(
    rng: np.random.Generator,
    preset: Preset,
    place: tuple[float, float],
    diameter_nm: float,
) -> Dot:
    kind = _draw_kind(rng, preset.dots, preset.material)
    orientation = _draw_orientation(rng, preset.dots, kind)
    return _draw_body(rng, preset, place, diameter_nm, kind, orientation)


def _draw_body(
    rng: np.random.Generator,
    preset: Preset,
    place: tuple[float, float],
    diameter_nm: float,
    kind: _Kind,
    orientation: _Orientation,
) -> Dot:
    """Draw outline and stacking, and cut the dot."""
    height = diameter_nm * rng.uniform(*preset.dots.flatness)
    facetted = rng.random() < preset.dots.facetted_share
    outline = draw_outline(rng, diameter_nm, height, facetted, kind.hexagonal)
    layers = layers_for(preset.material, 2 * outline.reach_nm)
    inner = max(4, round(diameter_nm / preset.material.layer_nm) + 1)
    letters = stacking.draw_sequence(
        rng, layers, kind.hexagonal, kind.defect, within=inner
    )
    crystal = cut(preset.material, letters, orientation.rotation, outline)
    defect = kind.defect if not stacking.is_perfect(crystal.stacking) else "perfect"
    return Dot(
        x_px=place[0],
        y_px=place[1],
        crystal=crystal,
        outline=outline,
        rotation=orientation.rotation,
        diameter_nm=diameter_nm,
        hexagonal=kind.hexagonal,
        intent=kind.intent,
        defect=defect,
        zone=orientation.zone,
        tilt_deg=orientation.tilt_deg,
        inplane_deg=orientation.inplane_deg,
    )


def _draw_kind(rng: np.random.Generator, dots: Dots, material: Material) -> _Kind:
    tetrahedral = material.lattice == "tetrahedral"
    hexagonal = tetrahedral and bool(rng.random() < material.hexagonal_share)
    shares = (dots.defect_share, dots.perfect_share)
    intent = str(rng.choice(["defect", "perfect", "off"], p=[*shares, 1 - sum(shares)]))
    faulty = intent == "defect"
    if intent == "off":
        faulty = rng.random() < dots.off_defect_share
    if not faulty:
        return _Kind(intent, stacking.PERFECT, hexagonal)
    names, weights = (
        (stacking.HEXAGONAL_DEFECTS, stacking.HEXAGONAL_WEIGHTS)
        if hexagonal
        else (stacking.CUBIC_DEFECTS, stacking.CUBIC_WEIGHTS)
    )
    return _Kind(intent, str(rng.choice(names, p=weights)), hexagonal)


def _draw_orientation(
    rng: np.random.Generator, dots: Dots, kind: _Kind
) -> _Orientation:
    off = kind.intent == "off"
    if off and rng.random() < 0.5:
        return _Orientation("random", None, None, _random_rotation(rng))
    zone = "110"
    if kind.intent == "perfect" and rng.random() < dots.other_zone_share:
        zone = str(rng.choice(_OTHER_ZONES, p=_OTHER_WEIGHTS))
    tilt = dots.tilt_deg * math.sqrt(rng.random())
    if off:
        tilt = rng.uniform(*dots.off_tilt_deg)
    inplane = rng.uniform(0, 360)
    beam = _tilted(rng, zone_axis(zone), math.radians(tilt))
    return _Orientation(zone, tilt, inplane, _facing(beam, math.radians(inplane)))


def zone_axis(zone: str) -> NDArray[np.float64]:
    """Return a zone axis in the crystal's frame, whose z is [111], by cubic indices."""
    height = 1 / math.sqrt(3)
    axes = {
        "110": (1.0, 0.0, 0.0),
        "112": (0.0, 1.0, 0.0),
        "111": (0.0, 0.0, 1.0),
        "100": (0.0, -math.sqrt(1 - height**2), height),
    }
    return np.array(axes[zone])


def close_packed_rows(hexagonal: bool) -> NDArray[np.float64]:
    """Return the directions along which dots are resolved best: <110> or <11-20>.

    Along three of them the layers are edge-on. Zinc blende has three more, in its other
    {111} planes, along which faults are inclined to the beam.

    Parameters
    ----------
    hexagonal : bool
        Whether the crystal is wurtzite.

    Returns
    -------
    ndarray of float64, shape (rows, 3)
        One of both senses of each, in the crystal's frame.
    """
    angles = np.radians([0.0, 60.0, 120.0])
    flat = np.stack([np.cos(angles), np.sin(angles), np.zeros(3)], axis=1)
    if hexagonal:
        return flat
    # [011], [101] and [110] are at 54.7 degrees to the layers, at 35.3 to [111].
    azimuths = np.radians([90.0, 210.0, 330.0])
    low, up = 1 / math.sqrt(3), math.sqrt(2 / 3)
    steep = [low * np.cos(azimuths), low * np.sin(azimuths), np.full(3, up)]
    rows: NDArray[np.float64] = np.concatenate([flat, np.stack(steep, axis=1)])
    return rows


def _tilted(
    rng: np.random.Generator, axis: NDArray[np.float64], tilt: float
) -> NDArray[np.float64]:
    """Tilt an axis by an angle in radians, in a random direction."""
    across = np.cross(axis, rng.normal(size=3))
    across /= np.linalg.norm(across)
    turned: NDArray[np.float64] = math.cos(tilt) * axis + math.sin(tilt) * across
    return turned


def _facing(beam: NDArray[np.float64], inplane: float) -> NDArray[np.float64]:
    """Return a rotation that brings a crystal direction along the beam."""
    helper = np.eye(3)[int(np.argmin(np.abs(beam)))]
    first = np.cross(beam, helper)
    first /= np.linalg.norm(first)
    second = np.cross(beam, first)
    cos, sin = math.cos(inplane), math.sin(inplane)
    return np.stack([cos * first + sin * second, cos * second - sin * first, beam])


def _random_rotation(rng: np.random.Generator) -> NDArray[np.float64]:
    """Draw uniformly from all rotations, by QR decomposition of normal numbers."""
    q, r = np.linalg.qr(rng.normal(size=(3, 3)))
    q = q * np.sign(np.diag(r))
    turned: NDArray[np.float64] = q * np.sign(np.linalg.det(q))
    return turned
