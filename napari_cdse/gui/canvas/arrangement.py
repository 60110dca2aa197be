"""Check whether our layers are visible and in order among napari's.

napari lets anybody cover, hide, delete, reorder and rename layers. Nothing in a project
is lost by it, but keys and mouse would go on changing what is not seen.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from napari.layers import Image, Labels, Surface

from napari_cdse.gui.canvas.shapes_style import OURS
from napari_cdse.gui.session.plain_text import one_line

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari.components import ViewerModel
    from napari.layers import Layer

    from napari_cdse.gui.canvas.layers import MicrographLayers

    Finder = Callable[[ViewerModel, MicrographLayers], "Disarrangement | None"]

_SEEN_THROUGH = 0.75
"""Opacity up to which what lies below is still seen. A choice: labels, which napari
shows at 0.7, are meant to be looked through; a larger one would let a picture of 0.8
pass, below which noise is all that is left of ours."""
_FAINT = 0.25
"""Opacity below which ours is as good as hidden: a choice, as above."""
_MIXED = ("additive", "minimum", "multiplicative")
"""Blendings that leave what lies below to be seen."""


@dataclass(frozen=True, slots=True)
class Disarrangement:
    """What is wrong with how our layers lie.

    Attributes
    ----------
    sentence : str
    remedy : str
        What the button says that puts it right.
    hides : bool
        Whether keys and mouse would change what is not seen.
    """

    sentence: str
    remedy: str
    hides: bool = True


def disarrangement(
    viewer: ViewerModel, ours: MicrographLayers
) -> Disarrangement | None:
    """Say what is wrong with our layers, the worst first; None if nothing is.

    Parameters
    ----------
    viewer : ViewerModel
        In which they are.
    ours : MicrographLayers
        Nothing can be wrong while they show no micrograph.
    """
    if ours.image is None or ours.particles is None:
        return None
    found = (find(viewer, ours) for find in _FINDERS)
    return next(filter(None, found), None)


def _removed(viewer: ViewerModel, ours: MicrographLayers) -> Disarrangement | None:
    if ours.image not in viewer.layers:
        return Disarrangement(
            "The micrograph's layer was removed; nothing of the project is lost.",
            "Show it again",
        )
    if ours.particles not in viewer.layers:
        return Disarrangement(
            "The layer of the circles was removed; they are safe in the project.",
            "Show them again",
        )
    return None


def _not_flat(viewer: ViewerModel, _ours: MicrographLayers) -> Disarrangement | None:
    if viewer.dims.ndisplay == 3:
        return Disarrangement(
            "napari shows three dimensions, in which no circle can be drawn or chosen.",
            "Show two",
        )
    if viewer.canvas.grid.enabled:
        return Disarrangement(
            "napari shows layers beside each other, so circles are not on their "
            "micrograph.",
            "Lay them over each other",
        )
    return None


def _hidden(_viewer: ViewerModel, ours: MicrographLayers) -> Disarrangement | None:
    if _is_seen(ours.image):
        return None
    return Disarrangement("The micrograph's layer is hidden.", "Show it")


def _covered(viewer: ViewerModel, ours: MicrographLayers) -> Disarrangement | None:
    above = list(viewer.layers)[viewer.layers.index(ours.image) + 1 :]
    for layer in reversed(above):
        # What a dock of ours lays over a part of it was asked for there.
        foreign = layer not in ours.present and OURS not in layer.metadata
        if foreign and _covers(layer, ours.image):
            return Disarrangement(
                f"{one_line(str(layer.name))} lies over the micrograph, so keys and "
                "mouse would change what is not seen.",
                "Bring ours up",
            )
    return None


def _circles_hidden(
    _viewer: ViewerModel, ours: MicrographLayers
) -> Disarrangement | None:
    if ours.held or _is_seen(ours.particles):
        return None
    return Disarrangement(
        "The circles are hidden; keys still label the chosen particle.",
        "Show them",
        hides=False,
    )


def _out_of_order(viewer: ViewerModel, ours: MicrographLayers) -> Disarrangement | None:
    places = [viewer.layers.index(one) for one in ours.present]
    if all(lower < upper for lower, upper in pairwise(places)):
        return None
    return Disarrangement(
        "The circles do not lie above the micrograph and its maps.",
        "Put them in order",
        hides=False,
    )


def _renamed(_viewer: ViewerModel, ours: MicrographLayers) -> Disarrangement | None:
    for layer, name in ours.names.items():
        if layer.name != name:
            return Disarrangement(
                f'The layer "{name}" is called "{one_line(str(layer.name))}" now; this '
                "program goes on with it all the same.",
                "Give it its name back",
                hides=False,
            )
    return None


_FINDERS: tuple[Finder, ...] = (
    _removed,
    _not_flat,
    _hidden,
    _covered,
    _circles_hidden,
    _out_of_order,
    _renamed,
)
"""The worst comes first, and is said alone."""


def _is_seen(layer: Layer | None) -> bool:
    return layer is not None and layer.visible and layer.opacity >= _FAINT


def _covers(layer: Layer, ours: Layer) -> bool:
    """Whether a layer above hides some of ours."""
    if not isinstance(layer, Image | Labels | Surface):
        return False
    opaque = layer.visible and layer.opacity > _SEEN_THROUGH
    return opaque and str(layer.blending) not in _MIXED and _meet(layer, ours)


def _meet(one: Layer, other: Layer) -> bool:
    """Whether two layers lie over each other; in different units, they may."""
    if tuple(map(str, one.units[-2:])) != tuple(map(str, other.units[-2:])):
        return True
    (low, high), (first, last) = (
        np.asarray(layer.extent.world)[:, -2:] for layer in (one, other)
    )
    return bool(np.all(low < last) and np.all(first < high))
