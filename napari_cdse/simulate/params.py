"""Parameters of a simulated series: lattice, dots, support, optics, camera, rule.

A pair of numbers is a range from which each micrograph, or each dot, draws uniformly.
The defaults are those of the preset ``standard``; unless a source is given, they are
chosen. `napari_cdse.simulate.presets` reads others.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

Range = tuple[float, float]
Lattice = Literal["tetrahedral", "rock salt", "fcc"]


@dataclass(frozen=True, slots=True)
class Material:
    """A crystal as a stack of close-packed layers.

    Attributes
    ----------
    name : str
    lattice : {"tetrahedral", "rock salt", "fcc"}
        Tetrahedral is zinc blende or wurtzite, by the order of layers; the others are
        cubic, and fcc has no anion.
    cation, anion : str
        Symbols of the elements.
    in_plane_nm : float
        Distance of neighbouring atoms in a layer.
    layer_nm : float
        Distance of neighbouring layers.
    hexagonal_share : float
        Fraction of tetrahedral dots that are wurtzite.
    bulk_rms_nm, surface_rms_nm : float
        Root mean square displacement of atoms along an axis, inside and near the
        surface.
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
    """The field of view, and the number of dots in it.

    Attributes
    ----------
    size_px : int
        Edge of the micrograph.
    pixel_size_nm : (float, float)
        Range of the edge of a pixel.
    dots : (int, int)
        Least and largest number of dots.
    touching_share : float
        Fraction of dots that touch another one.
    empty_share : float
        Fraction of micrographs without dots.
    """

    size_px: int = 1024
    pixel_size_nm: Range = (0.036, 0.046)
    dots: tuple[int, int] = (6, 19)
    touching_share: float = 0.12
    empty_share: float = 0.0


@dataclass(frozen=True, slots=True)
class Dots:
    """Size, shape, orientation and defects of the dots.

    Attributes
    ----------
    diameter_nm : (float, float)
        Least and largest diameter.
    diameter_mean_nm, diameter_spread_nm : float
        Mean and standard deviation of the diameter.
    flatness : (float, float)
        Range of height over diameter.
    facetted_share : float
        Fraction of dots with facets.
    defect_share : float
        Fraction of dots with a defect, near a zone axis along which its plane is
        edge-on.
    perfect_share : float
        Fraction of dots without a defect, near that or another low-index zone axis. All
        other dots are far from zone axes.
    off_defect_share : float
        Fraction of the dots far from zone axes that have a defect.
    other_zone_share : float
        Fraction of the dots of `perfect_share` that are near another zone axis.
    tilt_deg : float
        Largest tilt from a zone axis of the dots near one.
    off_tilt_deg : (float, float)
        Range of the tilt of other dots, unless their orientation is random.
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
    """Amorphous carbon on one side of the dots, and contamination on the other.

    Attributes
    ----------
    carbon_nm, residue_nm : (float, float)
        Ranges of the thickness of the carbon and of the contamination.
    atoms_per_nm3 : float
        Density.
    plateau, coarse, coarse_per_nm, hole, hole_per_nm, peak, peak_per_nm,
    peak_width_per_nm, rms_nm : float
        Structure factor: a constant ``plateau``; plus ``coarse``, a Gaussian of width
        ``coarse_per_nm``; less a fraction ``hole``, of width ``hole_per_nm``; plus a
        ``peak`` at ``peak_per_nm``, carbon's first. Atomic motion of ``rms_nm`` damps
        it. The numbers are fitted to micrographs.
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
    """The microscope.

    Attributes
    ----------
    voltages_kV : tuple of float
        Acceleration voltages, of which one is drawn.
    corrected_share : float
        Fraction of micrographs from a corrected microscope.
    corrected_Cs_mm : (float, float)
        Range of its spherical aberration.
    corrected_defocus_nm : tuple of (float, float)
        Ranges of its underfocus, of which one is drawn.
    Cs_mm : (float, float)
        Range of the spherical aberration without a corrector.
    scherzer_multiple : (float, float)
        Range of its underfocus, over the square root of Cs times wavelength.
    focal_spread_nm : (float, float)
        Range of the standard deviation of the defocus.
    convergence_mrad : (float, float)
        Range of the semi-angle of convergence.
    astigmatism_nm : (float, float)
        Range of the twofold astigmatism.
    drift_nm : (float, float)
        Range of the distance of drift during the exposure.
    vibration_nm : (float, float)
        Range of the root mean square displacement by vibration.
    contrast : (float, float)
        Range of the Stobbs factor, by which the contrast is multiplied.
    defocus_tilt_nm : (float, float)
        Range of the difference of defocus between opposite edges of the field.
    """

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
    """Dose and detector.

    Attributes
    ----------
    dose_per_A2 : (float, float)
        Range of the electrons per square ångström.
    mtf : (float, float)
        Range of the standard deviation of the Gaussian MTF, in cycles per pixel.
    read_noise : (float, float)
        Range of the read-out noise, over the standard deviation of the shot noise.
    uneven_light : (float, float)
        Range of the relative strength of uneven illumination.
    outliers : (int, int)
        Least and largest number of outlying pixels.
    black, white : (float, float)
        Ranges of the ends of the 8-bit scale, in standard deviations below and above
        the mean.
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
    """When something is visible against the micrograph's background.

    Attributes
    ----------
    S_family : float
        Least power of the peak of a family of fringes, over the background's mean power
        at its frequency.
    C_family : float
        Least root mean square amplitude of a family, over that of the background.
    angle_min_deg : float
        Least angle between two families of a resolved dot.
    k_band_per_nm : (float, float)
        Band of frequencies in which families are sought.
    d_defect : float
        Least d' of a defect for a non-prewhitening observer.
    r_defect : float
        Least fraction of the image's energy that a defect changes.
    visible_margin : float
        Least margin of the strongest family of a visible dot.
    visible_variance : float
        Least variance of a visible dot, over that of the background.
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
    """Everything that a simulated micrograph depends on, besides seed and index."""

    name: str = "standard"
    material: Material = Material()
    field: Field = Field()
    dots: Dots = Dots()
    support: Support = Support()
    optics: Optics = Optics()
    camera: Camera = Camera()
    rule: Rule = Rule()

    def as_dict(self) -> dict[str, Any]:
        """Convert to nested dictionaries of types that JSON knows."""
        return asdict(self)
