"""How good a micrograph is, as far as its own spectrum tells: the record."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_SAME_SIZE = 1e-3
"""Relative difference of pixel sizes up to which figures are of the same one: beyond
the rounding of a size that was typed or stored, far below any estimate's error."""


@dataclass(frozen=True, slots=True)
class MicrographQuality:
    """Figures of one micrograph; None where its spectrum doesn't tell.

    See `napari_cdse.core.quality.measurement` for how they are measured. An 8-bit
    picture does not say how many electrons one gray level stands for, so the dose
    can't be told; what it does to the picture is in ``signal_to_noise``.

    Attributes
    ----------
    pixel_size_nm : float
        The scale that lengths were told with.
    information_limit_nm : float or None
        Finest spacing at which the support's speckle is as strong as the noise; two
        pixels where it is stronger everywhere.
    signal_to_noise : float or None
        Power of the support's speckle over that of the noise, between the spacings
        of 0.5 and 0.2 nm (geometric mean).
    sharpness_per_px : float or None
        Width of the detector's transfer of amplitudes, as a Gaussian's standard
        deviation in cycles per pixel; lower where the picture was blurred or enlarged
        after it was recorded.
    white_noise : float or None
        Share of the pixels' variance that is alike at all frequencies: read-out, and
        what was added after the detector.
    defocus_nm : float or None
        Of the support, from its Thon rings, were the microscope one of 300 kV: what
        rings tell is the wavelength times the defocus.
    defocus_error_nm : float or None
        Its standard uncertainty.
    delocalisation_nm : float or None
        How far fringes of 0.35 nm lie beside the particle that makes them, by defocus
        and spherical aberration; the same at any voltage.
    astigmatism_nm : float or None
        Half the difference of the defocus along its two directions, likewise.
    drift_nm : float or None
        Way gone along a line during the exposure; 0 where none is seen.
    stretch : float or None
        How many times longer lengths are along one direction than across it; 1 where
        pixels are square.
    """

    pixel_size_nm: float
    information_limit_nm: float | None = None
    signal_to_noise: float | None = None
    sharpness_per_px: float | None = None
    white_noise: float | None = None
    defocus_nm: float | None = None
    defocus_error_nm: float | None = None
    delocalisation_nm: float | None = None
    astigmatism_nm: float | None = None
    drift_nm: float | None = None
    stretch: float | None = None

    def as_dict(self) -> dict[str, float | None]:
        """Return the figures by name, in order."""
        return asdict(self)

    @classmethod
    def from_dict(cls, told: Mapping[str, Any]) -> MicrographQuality:
        """Build it from what `as_dict` gave, as a file kept it.

        Raises
        ------
        ValueError
            For a field that isn't there, and for what is no number above or at 0.
        """
        if not set(told) <= set(FIGURES) | {"pixel_size_nm"}:
            raise ValueError("another figure")
        for name, value in told.items():
            if value is None and name != "pixel_size_nm":
                continue
            number = isinstance(value, int | float) and not isinstance(value, bool)
            if not number or not math.isfinite(value) or value < 0:
                raise ValueError("no number")
        if not told.get("pixel_size_nm"):
            raise ValueError("no pixel size")
        return cls(**{name: _decimal(value) for name, value in told.items()})

    def holds_at(self, pixel_size_nm: float | None) -> bool:
        """Whether lengths are still right: the scale is what they were told with."""
        if pixel_size_nm is None:
            return False
        return math.isclose(pixel_size_nm, self.pixel_size_nm, rel_tol=_SAME_SIZE)


def _decimal(value: float | None) -> Any:
    return None if value is None else float(value)


FIGURES: tuple[str, ...] = tuple(
    each.name for each in fields(MicrographQuality) if each.name != "pixel_size_nm"
)
"""Names of the figures, in the order in which tables show them."""
