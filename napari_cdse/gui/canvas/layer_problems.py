"""Check whether our layers are visible and in order among those of the viewer.

Users can cover, hide, delete, reorder and rename layers in napari. The project loses
nothing by that, but keys and mouse would go on changing circles that nobody sees.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from napari.layers import Image, Labels, Surface

from napari_cdse.gui.canvas.particles.shapes_style import OURS
from napari_cdse.gui.session.plain_text import one_line

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari.components import ViewerModel
    from napari.layers import Layer

    from napari_cdse.gui.canvas.layers import MicrographLayers

    Check = Callable[[ViewerModel, MicrographLayers], "LayerProblem | None"]

_MOST_TRANSPARENT_COVER = 0.75
"""Opacity up to which a layer above does not count as covering ours. A choice: napari
shows labels at 0.7, which are meant to be looked through; at 0.8, hardly more than
noise is left of the micrograph."""
_LEAST_OPACITY = 0.25
"""Opacity below which our own layer counts as hidden: a choice, as above."""
_MIXING = ("additive", "minimum", "multiplicative")
"""Blendings with which the layers below stay visible."""


@dataclass(frozen=True, slots=True)
class LayerProblem:
    """What is wrong with our layers' order or visibility.

    Attributes
    ----------
    sentence : str
    remedy : str
        Text of the button that restores the layers.
    hides : bool
        Whether keys and mouse would change what is not seen.
    """

    sentence: str
    remedy: str
    hides: bool = True


def find_problem(viewer: ViewerModel, ours: MicrographLayers) -> LayerProblem | None:
    """Return the worst problem of our layers; None if there is none.

    Parameters
    ----------
    viewer : ViewerModel
        Has the layers.
    ours : MicrographLayers
        Without a micrograph there can be no problem.
    """
    if ours.image is None or ours.particles is None:
        return None
    found = (check(viewer, ours) for check in _CHECKS)
    return next(filter(None, found), None)


def _removed(viewer: ViewerModel, ours: MicrographLayers) -> LayerProblem | None:
    if ours.image not in viewer.layers:
        return LayerProblem(
            "The micrograph's layer was removed; nothing of the project is lost.",
            "Show it again",
        )
    if ours.particles not in viewer.layers:
        return LayerProblem(
            "The layer of the circles was removed; they are safe in the project.",
            "Show them again",
        )
    return None


def _not_flat(viewer: ViewerModel, _ours: MicrographLayers) -> LayerProblem | None:
    if viewer.dims.ndisplay == 3:
        return LayerProblem(
            "napari shows three dimensions, in which no circle can be drawn or chosen.",
            "Show two",
        )
    if viewer.canvas.grid.enabled:
        return LayerProblem(
            "napari shows layers beside each other, so circles are not on their "
            "micrograph.",
            "Lay them over each other",
        )
    return None


def _hidden(_viewer: ViewerModel, ours: MicrographLayers) -> LayerProblem | None:
    if _is_visible(ours.image):
        return None
    return LayerProblem("The micrograph's layer is hidden.", "Show it")


def _covered(viewer: ViewerModel, ours: MicrographLayers) -> LayerProblem | None:
    above = list(viewer.layers)[viewer.layers.index(ours.image) + 1 :]
    for layer in reversed(above):
        # Layers of our docks and tools are marked, too; the user asked for those.
        foreign = layer not in ours.present and OURS not in layer.metadata
        if foreign and _covers(layer, ours.image):
            return LayerProblem(
                f"{one_line(str(layer.name))} lies over the micrograph, so keys and "
                "mouse would change what is not seen.",
                "Bring ours up",
            )
    return None


def _circles_hidden(
    _viewer: ViewerModel, ours: MicrographLayers
) -> LayerProblem | None:
    if ours.held or _is_visible(ours.particles):
        return None
    return LayerProblem(
        "The circles are hidden; keys still label the chosen particle.",
        "Show them",
        hides=False,
    )


def _out_of_order(viewer: ViewerModel, ours: MicrographLayers) -> LayerProblem | None:
    places = [viewer.layers.index(one) for one in ours.present]
    if all(lower < upper for lower, upper in pairwise(places)):
        return None
    return LayerProblem(
        "The circles do not lie above the micrograph and its maps.",
        "Put them in order",
        hides=False,
    )


def _renamed(_viewer: ViewerModel, ours: MicrographLayers) -> LayerProblem | None:
    for layer, name in ours.names.items():
        if layer.name != name:
            return LayerProblem(
                f'The layer "{name}" is called "{one_line(str(layer.name))}" now; this '
                "program goes on with it all the same.",
                "Give it its name back",
                hides=False,
            )
    return None


_CHECKS: tuple[Check, ...] = (
    _removed,
    _not_flat,
    _hidden,
    _covered,
    _circles_hidden,
    _out_of_order,
    _renamed,
)
"""The worst problem comes first; only one is shown."""


def _is_visible(layer: Layer | None) -> bool:
    return layer is not None and layer.visible and layer.opacity >= _LEAST_OPACITY


def _covers(layer: Layer, ours: Layer) -> bool:
    """Tell whether a layer above hides a part of ours."""
    if not isinstance(layer, Image | Labels | Surface):
        return False
    opaque = layer.visible and layer.opacity > _MOST_TRANSPARENT_COVER
    return opaque and str(layer.blending) not in _MIXING and _overlap(layer, ours)


def _overlap(one: Layer, other: Layer) -> bool:
    """Tell whether two layers overlap; with different units, assume that they do."""
    if tuple(map(str, one.units[-2:])) != tuple(map(str, other.units[-2:])):
        return True
    (low, high), (first, last) = (
        np.asarray(layer.extent.world)[:, -2:] for layer in (one, other)
    )
    return bool(np.all(low < last) and np.all(first < high))
