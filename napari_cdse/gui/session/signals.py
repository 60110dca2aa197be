"""The signals of one window."""

from __future__ import annotations

from qtpy.QtCore import QObject, Signal


class Signals(QObject):
    """What a dock may have to show anew.

    Docks listen with methods marked as `Slot`: Qt forgets these together with the
    dock, others would be called on until the window closes.

    Attributes
    ----------
    project_changed : signal
        Another project is open, or none.
    opened : signal
        Another micrograph is the current one, or its pixels are there.
    micrographs_changed : signal
        The table of micrographs is another.
    particles_changed : signal
        Carries the ids of the particles that are others, or None for all.
    selection_changed : signal
        Another particle is the current one.
    models_changed : signal
        There are other forests, or another is in use.
    history_changed : signal
        Something else can be undone or redone.
    half_width_changed : signal
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
