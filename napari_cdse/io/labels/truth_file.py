"""Read the truth file of a simulated micrograph.

Only evaluation reads it, never detection. `napari_cdse.simulate.truth` writes it, and
describes its other contents.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from napari_cdse.core.errors import LabelFileError
from napari_cdse.core.records import Circle
from napari_cdse.io.files import MALFORMED, read_file

if TYPE_CHECKING:
    from pathlib import Path

_LIMIT_BYTES = 2**24
"""Largest file that is read. Chosen."""

MOST_COVERED = 0.25
"""Largest fraction of a particle that others may cover if a detector is expected to
find it. Chosen: with a quarter covered, its circle is still apparent."""
LEAST_INSIDE = 0.8
"""Least fraction of such a particle that must be inside the micrograph. Chosen."""


@dataclass(frozen=True, slots=True)
class ListedParticle:
    """Truth of a simulated particle that is in the label file.

    Attributes
    ----------
    circle : Circle
        The particle's outline.
    is_asked : bool
        Whether a detector is expected to find it: visible, mostly inside the
        micrograph, and hardly covered by others.
    is_clear : bool
        Whether it is far from the borders between classes.
    defect : str
        Its structure, such as "perfect" or "twin".
    """

    circle: Circle
    is_asked: bool
    is_clear: bool
    defect: str


def unlisted_particles(image: Path) -> tuple[Circle, ...]:
    """Read the particles of a micrograph that are too faint to be in its label file.

    A circle on one of them is an example of no class, not even of ``empty``.

    Parameters
    ----------
    image : Path
        The micrograph, such as ``images/STEM.png``; its truth is ``truth/STEM.json``.

    Returns
    -------
    tuple of Circle
        Empty if there is no truth file.

    Raises
    ------
    LabelFileError
        If the truth file is damaged.
    """
    return tuple(_circle(dot) for dot in _dots(image) if not dot["listed"])


def listed_particles(image: Path) -> tuple[ListedParticle, ...]:
    """Read the truth of the particles in a micrograph's label file.

    Parameters
    ----------
    image : Path
        As for `unlisted_particles`.

    Raises
    ------
    LabelFileError
        If the truth file is damaged.
    """
    try:
        return tuple(_listed(dot) for dot in _dots(image) if dot["listed"])
    except MALFORMED as problem:
        raise _damaged(image) from problem


def _dots(image: Path) -> tuple[dict[str, Any], ...]:
    """Read the records of all particles, and check what `unlisted_particles` needs."""
    path = image.parent.parent / "truth" / f"{image.stem}.json"
    if not os.path.isfile(path):
        return ()
    try:
        record: Any = json.loads(read_file(path, _LIMIT_BYTES, LabelFileError))
        dots = tuple(record.get("dots", ()))
        for dot in dots:
            _circle(dot), dot["listed"]
    except MALFORMED as problem:
        raise _damaged(image) from problem
    return dots


def _circle(dot: dict[str, Any]) -> Circle:
    return Circle(float(dot["y"]), float(dot["x"]), float(dot["radius_px"]))


def _listed(dot: dict[str, Any]) -> ListedParticle:
    return ListedParticle(
        _circle(dot),
        bool(dot["visible"])
        and float(dot["visible_fraction"]) > LEAST_INSIDE
        and float(dot["overlap_fraction"]) < MOST_COVERED,
        not dot["borderline"],
        str(dot["defect"]),
    )


def _damaged(image: Path) -> LabelFileError:
    return LabelFileError(
        f"truth/{image.stem}.json is damaged; remove it, or simulate {image.stem} anew."
    )
