"""Uncertainty of the diameters of fitted circles, measured on simulated micrographs.

A disk is fitted to fringes, which fade towards the edge of a particle, or extend beyond
it with defocus. The resulting bias depends on optics and dose: diameters in sets of
simulated micrographs are +3 to +8 % off on average, in sets of another simulator -5 to
+5 %. No correction would therefore hold for the next microscope, and none is made.
Instead the bias enters the sizes as an uncertainty that all particles of a class have
in common, and that grows with the delocalisation (`fit_error`).

Most of the difference between micrographs is delocalisation (see
`napari_cdse.core.micrograph_quality.MicrographQuality`): two opposite beams image the
fringes of a particle twice that length apart, and a circle around both images is too
large. Over 1383 particles of 230 simulated micrographs the radius is too large by 0.5
times the true delocalisation, and by 0.3 times the one measured from Thon rings (which
is that of the support, and scatters by 12 %): 1 % at 0.05 nm, 9 % at 0.5 nm, 20 % at
0.7 nm. Subtracting 0.3 times of it would halve the bias of seven sets of nine, but
increase that of thin clean carbon by another simulator, whose circles are too small
already.

Circles that people drew, moved or resized have no such uncertainty.

Means of the fit's circles and the U-Net's have a smaller error: over 206 simulated
micrographs (easy, standard, hard; 1500 particles) 0.023, 0.036 and 0.029 (``yes``,
``no``, ``null``; as in `FIT_ERROR`), where the fit alone has 0.031, 0.050 and 0.046.
They are given the uncertainty of the fit all the same.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from napari_cdse.core.records import Candidate

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari_cdse.core.micrograph_quality import MicrographQuality
    from napari_cdse.core.records import Circle, Label

_FITTED_BY = ("bragg", "both")
"""Methods whose circles have this uncertainty. It was measured for the first; the
second has less, see above."""

FIT_ERROR: Mapping[Label, float] = {"yes": 0.043, "no": 0.072, "null": 0.060}
"""Relative standard uncertainty of the diameter: the root mean square, over three kinds
of optics and dose (easy, standard, hard), of the mean log(found / true diameter). From
94 simulated micrographs of 0.018 to 0.065 nm per px, with 668 particles not hidden by
the border or another dot, found with the true pixel size (``python -m tests.benchmarks
sizes``)."""

HARMLESS_NM = 0.25
"""Delocalisation in nm up to which the uncertainty is that of `FIT_ERROR`, since the
images by two opposite beams overlap. In 168 simulated micrographs radii were too large
by 0.05 nm (``both``) and 0.08 nm (``bragg``) below it, by 0.14 and 0.21 nm at 0.4 to
0.5 nm, and by 0.4 and 0.6 nm above 0.6 nm."""


def fit_error(
    label: Label | None, circle: Circle, quality: MicrographQuality | None
) -> float:
    """Relative standard uncertainty of the diameter of a fitted circle.

    Parameters
    ----------
    label : {"yes", "no", "null", "empty"} or None
        ``empty`` and None are no particles, and have 0.
    circle : Circle
        As it was fitted.
    quality : MicrographQuality or None
        Of its micrograph; without a delocalisation, none is assumed.

    Returns
    -------
    float
        Over the diameter; an error that all particles of a class have in common.
    """
    if label is None or label not in FIT_ERROR:
        return 0.0
    usual = FIT_ERROR[label]
    if quality is None or quality.delocalisation_nm is None:
        return usual
    # Each image is displaced by that length, to opposite sides, so that the radius of
    # a circle around both grows by it.
    beyond = max(0.0, quality.delocalisation_nm - HARMLESS_NM)
    radius_nm = circle.radius_px * quality.pixel_size_nm
    return math.hypot(usual, beyond / radius_nm)


def is_as_fitted(particle_id: str, micrograph_id: str, circle: Circle) -> bool:
    """Tell whether a circle is still as a method proposed it, to whole pixels.

    Parameters
    ----------
    particle_id, micrograph_id : str
        The id of a proposed particle follows from its micrograph and its circle, see
        `Candidate.propose`.
    circle : Circle
        As it is now.
    """
    return any(
        Candidate.propose(micrograph_id, circle, method).id == particle_id
        for method in _FITTED_BY
    )
