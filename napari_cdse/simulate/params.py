"""Parameters of a simulated series: lattice, dots, support, optics.

A pair of numbers is a range from which each micrograph (or dot) draws evenly. Lengths
are in nm unless the name says otherwise.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

Range = tuple[float, float]
Lattice = Literal["tetrahedral", "rock salt", "fcc"]


@dataclass(frozen=True, slots=True)
class Material:
    """A crystal as a stack of close-packed layers.

    ``tetrahedral`` is zinc blende or wurtzite, by the order of its layers;
    ``rock salt`` and ``fcc`` are cubic. ``fcc`` has no anion.
    """

    name: str = "CdSe"
    lattice: Lattice = "tetrahedral"
    cation: str = "Cd"
    anion: str = "Se"
    in_plane_nm: float = 0.430
    layer_nm: float = 0.351
    hexagonal_share: float = 0.42
    bulk_rms_nm: float = 0.022
    surface_rms_nm: float = 0.052


@dataclass(frozen=True, slots=True)
class Field:
    """The field of view and what lies in it."""

    size_px: int = 1024
    pixel_size_nm: Range = (0.036, 0.046)
    dots: tuple[int, int] = (6, 19)
    touching_share: float = 0.12
    empty_share: float = 0.0


@dataclass(frozen=True, slots=True)
class Dots:
    """Size, shape, orientation and defects of the dots.

    ``defect_share`` and ``perfect_share`` of the dots lie near a zone axis in which
    fault planes stand edge-on or another low-index one; the rest lie far off.
    """

    diameter_nm: Range = (2.5, 6.0)
    diameter_mean_nm: float = 4.2
    diameter_spread_nm: float = 0.8
    flatness: Range = (0.46, 0.78)
    facetted_share: float = 0.6
    defect_share: float = 0.56
    perfect_share: float = 0.22
    off_defect_share: float = 0.35
    other_zone_share: float = 0.44
    tilt_deg: float = 6.5
    off_tilt_deg: Range = (8.0, 20.0)


@dataclass(frozen=True, slots=True)
class Support:
    """Amorphous carbon below the dots and contamination on the other side.

    Its structure factor is ``plateau`` plus ``coarse`` up to about ``coarse_per_nm``,
    less a share ``hole`` up to about ``hole_per_nm``, with a ``peak`` of width
    ``peak_width_per_nm`` at ``peak_per_nm`` (carbon's first), damped by a motion of
    ``rms_nm``. The numbers are fitted to micrographs.
    """

    carbon_nm: Range = (12.0, 16.5)
    residue_nm: Range = (1.5, 4.5)
    atoms_per_nm3: float = 100.0
    plateau: float = 0.82
    coarse: float = 0.65
    coarse_per_nm: float = 2.2
    hole: float = 0.6
    hole_per_nm: float = 0.9
    peak: float = 0.7
    peak_per_nm: float = 4.6
    peak_width_per_nm: float = 0.7
    rms_nm: float = 0.014


@dataclass(frozen=True, slots=True)
class Optics:
    """The microscope. ``contrast`` is the Stobbs factor."""

    voltages_kV: tuple[float, ...] = (300.0,)
    corrected_share: float = 0.75
    corrected_Cs_mm: Range = (-0.005, 0.005)
    corrected_defocus_nm: tuple[Range, ...] = ((28.0, 40.0),)
    Cs_mm: Range = (0.5, 1.0)
    scherzer_multiple: Range = (1.2, 1.45)
    focal_spread_nm: Range = (4.2, 5.5)
    convergence_mrad: Range = (0.13, 0.30)
    astigmatism_nm: Range = (0.0, 2.4)
    drift_nm: Range = (0.012, 0.025)
    vibration_nm: Range = (0.0, 0.0105)
    contrast: Range = (0.25, 0.35)
    defocus_tilt_nm: Range = (1.0, 8.0)


@dataclass(frozen=True, slots=True)
class Camera:
    """Dose and detector. ``mtf`` is a Gaussian's width in cycles per pixel.

    ``read_noise`` is a fraction of the shot noise's standard deviation; ``black`` and
    ``white`` say how many standard deviations below and above the mean the 8-bit
    scale ends.
    """

    dose_per_A2: Range = (300.0, 650.0)
    mtf: Range = (0.205, 0.24)
    read_noise: Range = (0.14, 0.20)
    uneven_light: Range = (0.0, 0.02)
    outliers: tuple[int, int] = (5, 12)
    black: Range = (4.1, 5.0)
    white: Range = (6.2, 8.5)


@dataclass(frozen=True, slots=True)
class Rule:
    """When something is visible, against the micrograph's own background.

    ``S_family``: power of a family's peak over the background's mean power there.
    ``C_family``: its rms amplitude over the background's. ``d_defect``: d' of a
    non-prewhitening observer. ``r_defect``: share of the image energy that the defect
    changes.
    """

    S_family: float = 18.0
    C_family: float = 0.3
    angle_min_deg: float = 15.0
    k_band_per_nm: Range = (1.8, 6.2)
    d_defect: float = 12.0
    r_defect: float = 0.1
    visible_margin: float = 0.8
    visible_variance: float = 0.2


@dataclass(frozen=True, slots=True)
class Preset:
    """All that a simulated micrograph depends on, besides seed and index."""

    name: str = "standard"
    material: Material = Material()
    field: Field = Field()
    dots: Dots = Dots()
    support: Support = Support()
    optics: Optics = Optics()
    camera: Camera = Camera()
    rule: Rule = Rule()

    def as_dict(self) -> dict[str, Any]:
        """Turn into nested dictionaries that JSON can hold."""
        return asdict(self)
