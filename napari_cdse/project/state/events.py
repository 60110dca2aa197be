"""The signals of a project."""

from __future__ import annotations

from psygnal import Signal


class ProjectEvents:
    """What a project tells; it is stored before a signal goes out, or in the backlog.

    Signals
    -------
    micrographs_changed()
        The table of micrographs is another.
    opened(index)
        Another micrograph is the open one; its pixels are wanted
        (`Micrographs.set_pixels`).
    pixels_changed(index)
        The open micrograph's pixels are there, or its pixel size is another.
    particles_changed(ids or None)
        Circles, classes or predictions of these particles changed, or (None) all;
        ids may lie in other micrographs, and may be gone.
    selection_changed(id or None)
        Another particle is selected.
    analysed(index)
        A detection was put in; `Detections.current` is there if that micrograph is
        open.
    models_changed()
        There are other models, or another one is active.
    history_changed()
        What undo and redo would do.
    queue_outdated()
        The orders of review have to be worked out anew.
    notice(sentence, about)
        Something the user should know. A later sentence about the same takes its place,
        an empty one takes it away; about nothing, it stands by itself.
    """

    micrographs_changed = Signal()
    opened = Signal(int)
    pixels_changed = Signal(int)
    particles_changed = Signal(object)
    selection_changed = Signal(object)
    analysed = Signal(int)
    models_changed = Signal()
    history_changed = Signal()
    queue_outdated = Signal()
    notice = Signal(str, str)
