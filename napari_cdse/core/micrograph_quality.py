"""Quality figures of a micrograph: the record."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_SAME_SIZE = 1e-3
"""Relative difference up to which two pixel sizes count as the same. A choice: more
than the rounding of a size that was typed or stored, far below any estimate's error."""


@dataclass(frozen=True, slots=True)
class MicrographQuality:
    """Quality figures of one micrograph; None where they could not be measured.

    Measured by `napari_cdse.core.quality.measurement`. The dose is not among them,
    since an 8-bit picture does not say how many electrons a gray level stands for; its
    effect is in ``signal_to_noise``.

    Attributes
    ----------
    pixel_size_nm : float
        Pixel size with which the lengths below were computed.
    information_limit_nm : float or None
        Finest spacing at which the support's speckle is as strong as the noise; two
        pixels where speckle is stronger at all spacings.
    signal_to_noise : float or None
        Power of the support's speckle over that of the noise, between the spacings
        of 0.5 and 0.2 nm (geometric mean).
    sharpness_per_px : float or None
        Standard deviation of a Gaussian fitted to the detector's modulation transfer
        function, in cycles per pixel; lower where the picture was blurred or enlarged
        after it was recorded.
    white_noise : float or None
        Share, 0 to 1, of the pixels' variance that is equal at all frequencies: noise
        of the read-out, or added after the detector.
    defocus_nm : float or None
        Of the support, from its Thon rings, for a microscope of 300 kV: the rings only
        determine the product of wavelength and defocus.
    defocus_error_nm : float or None
        Its standard uncertainty.
    delocalisation_nm : float or None
        Distance by which fringes of 0.35 nm are displaced from their particle by
        defocus and spherical aberration; independent of the voltage.
    astigmatism_nm : float or None
        Half the difference between the largest and the smallest defocus over
        directions; for 300 kV too.
    drift_nm : float or None
        Displacement of the specimen during the exposure, taken as uniform along a line;
        0 where none is seen.
    stretch : float or None
        Ratio of the magnifications along two perpendicular directions, at least 1; 1
        where pixels are square.
    clipped : float or None
        Share, 0 to 1, of the pixels that were clipped to black or white, see
        `napari_cdse.core.picture.clipped_contrast`.
    flatness : float or None
        Of the spectrum among neighbouring frequencies, 1 as recorded, see
        `napari_cdse.core.picture.filtered_spectrum`.
    patchiness : float or None
        Of the noise from place to place, 0.7 to 1.05 as recorded, see
        `napari_cdse.core.picture.denoised_noise`.
    ties : float or None
        Share, 0 to 1, of neighbouring pixels of equal value beyond chance, 0 as
        recorded, see `napari_cdse.core.picture.tied_neighbours`.
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
    clipped: float | None = None
    flatness: float | None = None
    patchiness: float | None = None
    ties: float | None = None

    def as_dict(self) -> dict[str, float | None]:
        """Return the figures by name, in order."""
        return asdict(self)

    @classmethod
    def from_dict(cls, told: Mapping[str, Any]) -> MicrographQuality:
        """Build it from the result of `as_dict`, as read back from a file.

        Raises
        ------
        ValueError
            For an unknown figure, one that is no finite number of at least 0, and a
            missing pixel size.
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
        """Tell whether the figures still hold: they were measured at this pixel size.

        Parameters
        ----------
        pixel_size_nm : float or None
            Present pixel size of the micrograph; None if unknown.
        """
        if pixel_size_nm is None:
            return False
        return math.isclose(pixel_size_nm, self.pixel_size_nm, rel_tol=_SAME_SIZE)


def _decimal(value: float | None) -> Any:
    return None if value is None else float(value)


FIGURES: tuple[str, ...] = tuple(
    each.name for each in fields(MicrographQuality) if each.name != "pixel_size_nm"
)
"""Names of the figures, in the order in which tables show them."""
