"""The signals of one window."""

from __future__ import annotations

from qtpy.QtCore import QObject, Signal


class Signals(QObject):
    """Changes after which docks may have to be updated.

    Docks connect methods marked as `Slot`: Qt disconnects these when the dock is
    deleted; others would be called until the window closes.

    Signals
    -------
    project_changed()
        Another project is open, or none.
    opened()
        Another micrograph is the open one, or its pixels were read.
    micrographs_changed()
        The table of micrographs has changed.
    particles_changed(ids)
        Some particles have changed; None for all.
    selection_changed()
        Another particle is the current one.
    models_changed()
        There are other forests, or another one is in use.
    history_changed()
        Another step can be undone or redone.
    half_width_changed()
        Another width of the fraction's interval is wanted.
    """

    project_changed = Signal()
    opened = Signal()
    micrographs_changed = Signal()
    particles_changed = Signal(object)
    selection_changed = Signal()
    models_changed = Signal()
    history_changed = Signal()
    half_width_changed = Signal()
