"""Read the simulator's truth file beside a micrograph.

Detection never reads it: see `napari_cdse.simulate` for what else is in there.
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


MOST_COVERED = 0.25
"""Share of a particle that others may cover where a detector is still asked for it. A
choice: with a quarter hidden, its circle can still be told."""
LEAST_INSIDE = 0.8
"""The same for what the border cuts off: how much must be inside."""


@dataclass(frozen=True, slots=True)
class ListedParticle:
    """What the simulator knows of a particle in the label file.

    Attributes
    ----------
    circle : Circle
    is_asked : bool
        Whether a detector can be expected to find it: visible, mostly inside the
        micrograph, and not covered by others.
    is_clear : bool
        Whether its class is far from the limits of the rule.
    defect : str
        Its structure: "perfect", "twin" and so on.
    """

    circle: Circle
    is_asked: bool
    is_clear: bool
    defect: str


def unlisted_particles(image: Path) -> tuple[Circle, ...]:
    """Read which particles are in a micrograph but too faint to be in its label file.

    A circle on one of them is no example of ``empty``, and of nothing else.

    Parameters
    ----------
    image : Path
        ``images/STEM.png`` or the like; the truth is ``truth/STEM.json``.

    Returns
    -------
    tuple of Circle
        None of them where no simulator left its truth.

    Raises
    ------
    LabelFileError
        For a damaged file.
    """
    return tuple(_circle(dot) for dot in _dots(image) if not dot["listed"])


def listed_particles(image: Path) -> tuple[ListedParticle, ...]:
    """Read what the simulator knows of the particles in a micrograph's label file.

    Parameters and errors are those of `unlisted_particles`.
    """
    try:
        return tuple(_listed(dot) for dot in _dots(image) if dot["listed"])
    except MALFORMED as problem:
        raise _damaged(image) from problem


def _dots(image: Path) -> tuple[dict[str, Any], ...]:
    """Read all dots of a micrograph, as far as `unlisted_particles` needs them."""
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
