"""What a window shows, as tests look at it."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np
from matplotlib.backends.backend_qtagg import FigureCanvasQTAgg
from qtpy.QtCore import QPoint, QRect, Qt
from qtpy.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSpinBox,
    QComboBox,
    QDialog,
    QLabel,
    QLineEdit,
    QMenu,
    QPlainTextEdit,
    QWidget,
)

from napari_cdse.core.params import ForestParams
from napari_cdse.gui.app import window
from napari_cdse.gui.session.viewer_window import main_window
from napari_cdse.gui.widgets.dock_sight import dock_of
from tests.gui.conftest import SIGNAL_MS, particle_ids

FEW_TREES = ForestParams(trees=10, copies=1, folds=2)


def docks(viewer) -> dict:
    """Give the views of the docks that open together, by name."""
    return {name: window.add_dock(viewer, name).view for name in window.NAMES}


def labels(workspace) -> list[str | None]:
    """Labels of the known particles as a person gave them."""
    found = [workspace.project.particles.find(one) for one in particle_ids(workspace)]
    return [one.annotation.label if one.annotation else None for one in found]


def shown(workspace) -> dict[str, tuple[str, str, bool]]:
    """What the layer's features say, by particle."""
    table = workspace.canvas.particles.layer.features
    return {
        row["particle_id"]: (row["class"], row["letter"], row["by_person"])
        for _, row in table.iterrows()
    }


def in_step(workspace) -> None:
    """The layer shows exactly what the project holds."""
    layer, project = workspace.canvas.particles.layer, workspace.project
    assert len(layer.features) == layer.nshapes == len(project.particles.current)
    wanted = {
        one.id: (one.label or "unlabelled", one.by_person)
        for one in project.particles.current
    }
    assert {k: (v[0], v[2]) for k, v in shown(workspace).items()} == wanted
    for vertices, particle_id in zip(
        layer.data, layer.features["particle_id"], strict=True
    ):
        circle = project.particles.get(particle_id).circle
        np.testing.assert_allclose(
            vertices.mean(axis=0), (circle.row_px, circle.col_px), atol=1e-3
        )
        np.testing.assert_allclose(
            np.ptp(vertices, axis=0), 2 * circle.radius_px, atol=1e-3
        )


def retrained(workspace, qtbot, params=FEW_TREES):
    """Press Retrain and wait for the outcome."""
    dock = docks(workspace.viewer)["Retrain"]
    dock.form.set_value(params)
    qtbot.mouseClick(dock.retrain, Qt.MouseButton.LeftButton)
    assert not dock.retrain.isEnabled()
    qtbot.waitUntil(lambda: workspace.training.job is None, timeout=3 * SIGNAL_MS)
    assert workspace.training.outcome is not None
    return dock


def astray(dock) -> list[str]:
    """Parts of a dock that its widgets hold and do not show in it."""
    found = []
    for one in (dock, *dock.findChildren(QWidget)):
        if type(one).__module__.startswith("napari_cdse"):
            parts = {n: w for n, w in vars(one).items() if isinstance(w, QWidget)}
            for name, part in parts.items():
                around = part is dock or part.isAncestorOf(dock)
                apart = around or isinstance(part, (QDialog, QMenu))
                if not (apart or dock.isAncestorOf(part)):
                    found.append(f"{type(one).__name__}.{name}")
    return found


def over_each_other(dock) -> list[tuple[str, str]]:
    """Controls and sentences of a dock that cover one another."""
    kinds = (QAbstractButton, QAbstractSpinBox, QComboBox, QLabel, QAbstractItemView)
    seen = [
        (one, QRect(one.mapTo(dock, QPoint()), one.size()))
        for one in dock.findChildren(kinds)
        if in_sight(one)
    ]
    return [
        (type(one).__name__, type(two).__name__)
        for (one, here), (two, there) in itertools.combinations(seen, 2)
        if here.intersects(there)
        and not (one.isAncestorOf(two) or two.isAncestorOf(one))
    ]


def in_sight(widget) -> bool:
    """Whether all of a widget is on the screen, nothing scrolled or cut away."""
    seen = widget.visibleRegion().boundingRect()
    return widget.isVisible() and seen.size() == widget.size()


def make_roomy(view: QWidget, viewer) -> None:
    """Make a dock as high as a large screen lets it be."""
    main = main_window(viewer)
    main.resize(1100, 1500)
    main.resizeDocks([dock_of(view)], [1100], Qt.Orientation.Vertical)


def rows(view: QWidget) -> list[list[str]]:
    """Read a window from its top, row by row, each from its left.

    Words, what is chosen, and what a field holds; a picture, a table or a curve by the
    name of its class. What is hidden or scrolled away is not read.
    """
    parts = list(_parts(view))
    seen = sorted(
        (part.mapTo(view, part.rect().center()).y(), part.mapTo(view, QPoint()).x(), at)
        for at, part in enumerate(parts)
    )
    found: list[list[tuple[int, str]]] = []
    before = None
    for down, across, at in seen:
        if before is None or down - before > _SAME_ROW_PX:
            found.append([])
        found[-1].append((across, _words(parts[at])))
        before = down
    return [[words for _, words in sorted(row)] for row in found]


_SAME_ROW_PX = 6
"""How far middles of one row may lie from each other; chosen, a third of a line."""
_WHOLE = (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSpinBox,
    QComboBox,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
)


def _parts(view: QWidget) -> Iterator[QWidget]:
    for part in view.children():
        if isinstance(part, QWidget) and part.isVisible() and not part.isWindow():
            if isinstance(part, _WHOLE) or _draws_itself(part):
                if not part.visibleRegion().isEmpty():
                    yield part
            else:
                yield from _parts(part)


def _draws_itself(part: QWidget) -> bool:
    ours = type(part).__module__.startswith("napari_cdse")
    return isinstance(part, FigureCanvasQTAgg) or (
        ours and "paintEvent" in vars(type(part))
    )


def _words(part: QWidget) -> str:
    for name in ("text", "currentText"):
        if hasattr(part, name):
            return str(getattr(part, name)()).replace("&", "")
    return type(part).__name__
