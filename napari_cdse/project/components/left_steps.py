"""Steps that waited for a busy project file when the program ended: stored now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_cdse.core.errors import StoreError
from napari_cdse.io.files import name_of
from napari_cdse.io.store.waiting_steps import LeftSteps

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_cdse.io.store.store import Edit, Store
    from napari_cdse.project.components.history import History
    from napari_cdse.project.state.events import ProjectEvents
    from napari_cdse.project.state.project_state import ProjectState

_MOST_NAMED = 5


def store_left_steps(
    store: Store, state: ProjectState, history: History, events: ProjectEvents
) -> list[str]:
    """Store what was left beside a project that has just been read.

    What no longer fits, because another window changed the same circles since, is told
    and dropped, as while the program ran. What can't be stored now stays where it is.

    Parameters
    ----------
    store : Store
        The project file.
    state : ProjectState
        As the file holds it; nobody listens to it yet.
    history : History
        Shows the steps that still fit, and stores them.
    events : ProjectEvents
        Where the history tells what did not fit.

    Returns
    -------
    list of str
        What the user should know, one sentence each.
    """
    if store.read_only:
        return []
    told: list[str] = []
    events.notice.connect(told.append)
    try:
        for left in LeftSteps.beside(store):
            told += _store(left, store, state, history)
    finally:
        events.notice.disconnect(told.append)
    return told


def _store(
    left: LeftSteps, store: Store, state: ProjectState, history: History
) -> list[str]:
    if not left.claim():
        return []
    try:
        steps = left.read(state.micrographs.content_ids())
    except StoreError as error:
        left.set_aside()
        return [f"{error}; they are kept aside in {name_of(left.path)}."]
    # A program that was killed between storing them and removing the file left both.
    steps = [each for each in steps if not store.edits.holds(each)]
    state.backlog.hold_steps(steps)
    try:
        history.follow_waiting()
        stored = list(state.backlog.steps)
        history.store_waiting()
    except StoreError as error:
        state.backlog.hold_steps(())
        state.load()
        return [f"{error} {_words(steps)} will be written when it is opened again."]
    left.remove()
    if not stored:
        return []
    return [f"{_words(stored)} had waited for {store.path.name} and {_is_now(stored)}."]


def _is_now(steps: Sequence[Edit]) -> str:
    return f"{'is' if len(steps) == 1 else 'are'} in it now"


def _words(steps: Sequence[Edit]) -> str:
    names = [each.summary for each in steps[:_MOST_NAMED]]
    if len(steps) > _MOST_NAMED:
        names.append(f"{len(steps) - _MOST_NAMED} more")
    number = "1 step" if len(steps) == 1 else f"{len(steps)} steps"
    return f"{number} of the last time ({'; '.join(names)})"
