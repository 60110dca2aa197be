"""How sure spacings on the card are: ``python -m tests.benchmarks spacings``.

Particles of known lattice are drawn on speckle, perfect and with a stacking fault, from
2.5 to 6 nm and from hardly visible to clear, and examined as the card does. Printed is
the root of the mean square of (found - drawn) / stated uncertainty, 1 where it holds,
by strength and diameter, for spacings and directions; and how many particles are
suspected of a fault.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from napari_cdse.core.crystal.particle_analysis import Examination, examine
from napari_cdse.core.features.families import SIDE_LOBES
from napari_cdse.core.features.surroundings import Surroundings
from tests.drawn_particles import FAMILIES, PIXEL_NM, grid_of

DIAMETERS_NM = (2.5, 3.5, 4.5, 6.0)
STRENGTHS = (14.0, 20.0, 30.0, 50.0, 100.0, 250.0)
"""Peak powers over the background's that are drawn, with 16 of each in a picture."""
EDGES = (9.0, 20.0, 40.0, 80.0, 160.0, math.inf)


@dataclass(frozen=True)
class Pull:
    """One family of one particle: what was found of it less what was drawn."""

    faulted: bool
    diameter_nm: float
    strength: float
    split: bool
    spacing: float
    direction: float


@dataclass(frozen=True)
class Particle:
    """One particle: whether it was suspected, and the strength of its first family."""

    faulted: bool
    diameter_nm: float
    drawn_strength: float
    suspected: bool
    strongest: float


def show(quick: bool) -> None:
    """Print the tables."""
    pulls, particles = collect(2 if quick else 12)
    for faulted in (False, True):
        print(
            f"\n{'faulted' if faulted else 'perfect'}: rms pull of spacing, direction"
        )
        _table([each for each in pulls if each.faulted is faulted])
    print("\nsuspected of a fault, by diameter and by the strongest family")
    for faulted in (False, True):
        mine = [each for each in particles if each.faulted is faulted]
        print("faulted" if faulted else "perfect")
        for low, high in pairwise(EDGES):
            cells = []
            for nm in DIAMETERS_NM:
                here = [
                    each.suspected
                    for each in mine
                    if each.diameter_nm == nm and low <= each.strongest < high
                ]
                share = f"{np.mean(here):.2f}" if here else ""
                cells.append(f"{share:>6s} of {len(here):<4d}")
            print(f"{low:5g} to {high:<5g}" + "".join(cells))


def _table(pulls: list[Pull]) -> None:
    print(f"{'strength':14s}" + "".join(f"{nm:>20g} nm" for nm in DIAMETERS_NM))
    for low, high in pairwise(EDGES):
        cells = []
        for nm in DIAMETERS_NM:
            here = [
                each
                for each in pulls
                if each.diameter_nm == nm and low <= each.strength < high
            ]
            cells.append(_rms(here))
        print(f"{low:5g} to {high:<5g}" + "".join(f"{cell:>23s}" for cell in cells))


def _rms(here: list[Pull]) -> str:
    if len(here) < 10:
        return f"({len(here)})"
    spacing = math.sqrt(np.mean([each.spacing**2 for each in here]))
    direction = math.sqrt(np.mean([each.direction**2 for each in here]))
    return f"{spacing:.2f} {direction:.2f} ({len(here)})"


def collect(pictures: int) -> tuple[list[Pull], list[Particle]]:
    """Draw and examine so many pictures of each kind."""
    pulls: list[Pull] = []
    particles: list[Particle] = []
    for seed in range(pictures):
        for nm in DIAMETERS_NM:
            for strength in STRENGTHS:
                for faulted in (False, True):
                    one = f"{seed}/{nm}/{strength}/{faulted}"
                    for turn, found in examined(nm, strength, faulted, one):
                        pulls += pulls_of(found, nm, faulted, turn)
                        strongest = [each.peak.strength for each in found.families[:1]]
                        particles.append(
                            Particle(
                                faulted,
                                nm,
                                strength,
                                found.line is not None,
                                max(strongest, default=0.0),
                            )
                        )
    return pulls, particles


def examined(
    diameter_nm: float, strength: float, faulted: bool, name: str
) -> Iterator[tuple[float, Examination]]:
    """Yield the turn of each of sixteen particles, and what was found of it."""
    micrograph, turns, circles = grid_of(
        diameter_nm, strength, faulted=faulted, name=name
    )
    around = Surroundings.of(micrograph, PIXEL_NM)
    for turn, circle in zip(turns, circles, strict=True):
        yield turn, examine(around, circle)


def pulls_of(
    found: Examination, diameter_nm: float, faulted: bool, turn_deg: float
) -> Iterator[Pull]:
    """Match each drawn family with the one that was found of it, if it was."""
    reach = SIDE_LOBES / (diameter_nm / PIXEL_NM / 2)
    for spacing_nm, angle_deg, shifted in FAMILIES:
        k, angle = PIXEL_NM / spacing_nm, math.radians(turn_deg + angle_deg)
        at = np.array([math.sin(angle), math.cos(angle)]) * k
        peaks = [each.peak for each in found.families]
        near = [
            peak
            for peak in peaks
            if min(
                np.hypot(peak.k_row - s * at[0], peak.k_col - s * at[1])
                for s in (1, -1)
            )
            < reach
        ]
        if not near:
            continue
        peak = near[0]
        away = math.atan2(peak.k_row, peak.k_col) - angle
        yield Pull(
            faulted,
            diameter_nm,
            peak.strength,
            shifted,
            (peak.spacing_px * PIXEL_NM / spacing_nm - 1) / peak.relative_sigma,
            math.degrees(math.remainder(away, math.pi)) / peak.direction_sigma_deg,
        )
