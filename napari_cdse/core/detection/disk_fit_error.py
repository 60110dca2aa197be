"""How far the circles of the disk fit are off in diameter, as simulations tell.

A disk is fitted to fringes, and these fade towards the edge of a particle, or shift
beyond it with defocus. By how much depends on optics and dose: sets of simulated
micrographs are off by +3 to +8 % on average, and such of another program by -5 to +5 %.
So no correction would hold for the next microscope, and none is made; what the fit is
off by stands beside the sizes as an uncertainty that is common to all of a class, and
that grows with the delocalisation (`fit_error`).

Most of what differs between micrographs is delocalisation (see
`napari_cdse.core.micrograph_quality.MicrographQuality`): the patches of fringes that
two opposite beams make lie apart by twice that length, and a circle around both is
larger.
Over 1383 particles of 230 simulated micrographs the radius is too large by 0.5 times
the true delocalisation, by 0.3 times the one that Thon rings tell (which is that of the
support, and scatters by 12 %): 1 % at 0.05 nm, 9 % at 0.5 nm, 20 % at 0.7 nm. To take
0.3 times off would halve the bias of seven sets of nine, and make that of thin clean
carbon by another program larger, whose circles are too small already.
Circles that people drew, moved or resized are theirs.

Means of the fit's circles and the U-Net's are off by less: over 206 simulated
micrographs (easy, standard, hard; 1500 particles) by 0.023, 0.036 and 0.029 (``yes``,
``no``, ``null``; as in `FIT_ERROR`) where the fit alone is by 0.031, 0.050 and 0.046.
What the fit is off by stands for them too.
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
"""Methods whose circles may be off by so much: the numbers are those of the first, and
more than the other is off by, as told above."""

FIT_ERROR: Mapping[Label, float] = {"yes": 0.043, "no": 0.072, "null": 0.060}
"""Root of the mean square of log(found / true diameter), over the means of three kinds
of optics and dose (easy, standard, hard): 94 simulated micrographs of 0.018 to 0.065 nm
per px, 668 particles that neither the border nor another dot hides; found with the true
pixel size (``python -m tests.benchmarks sizes``)."""

HARMLESS_NM = 0.25
"""Delocalisation up to which circles are off by no more than `FIT_ERROR`: the patches
that two opposite beams make lie over one another then. In 168 simulated micrographs
radii were too large by 0.05 nm (``both``) and 0.08 nm (``bragg``) below it, by 0.14 and
0.21 nm at 0.4 to 0.5 nm, by 0.4 and 0.6 nm above 0.6 nm."""


def fit_error(
    label: Label | None, circle: Circle, quality: MicrographQuality | None
) -> float:
    """Tell what the diameter of a fitted circle may be off by.

    Parameters
    ----------
    label : {"yes", "no", "null", "empty"} or None
        ``empty`` and None are no particles and have no size.
    circle : Circle
        As it was fitted.
    quality : MicrographQuality or None
        Of its micrograph; where no delocalisation is told, none is reckoned with.

    Returns
    -------
    float
        Standard uncertainty over the diameter, common to all that are alike.
    """
    if label is None or label not in FIT_ERROR:
        return 0.0
    usual = FIT_ERROR[label]
    if quality is None or quality.delocalisation_nm is None:
        return usual
    # A circle around two patches that lie that far to each side is larger by it.
    beyond = max(0.0, quality.delocalisation_nm - HARMLESS_NM)
    radius_nm = circle.radius_px * quality.pixel_size_nm
    return math.hypot(usual, beyond / radius_nm)


def is_as_fitted(particle_id: str, micrograph_id: str, circle: Circle) -> bool:
    """Tell whether a circle is a method's own, to whole pixels; not one of a person.

    Parameters
    ----------
    particle_id, micrograph_id : str
        A proposed particle is named after its micrograph's content and its place.
    circle : Circle
        As it is now.
    """
    return any(
        Candidate.propose(micrograph_id, circle, method).id == particle_id
        for method in _FITTED_BY
    )
