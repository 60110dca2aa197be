"""Store the steps that a killed program left waiting for a locked file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_cdse.core.errors import StoreError
from napari_cdse.io.files import name_of
from napari_cdse.io.store.waiting_steps import LeftSteps
from napari_cdse.project.components.audits import GROWING
from napari_cdse.project.components.settings import DEFAULTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_cdse.io.store.store import Edit, Store
    from napari_cdse.project.components.history import History
    from napari_cdse.project.components.settings import Settings
    from napari_cdse.project.state.events import ProjectEvents
    from napari_cdse.project.state.project_state import ProjectState

_MOST_NAMED = 5
_REFUSED = (
    "Another window has set this since, so what was set here the last time was not "
    "kept: {what}."
)


def store_left_steps(
    store: Store,
    state: ProjectState,
    history: History,
    settings: Settings,
    events: ProjectEvents,
) -> list[str]:
    """Store what was left beside a project that has just been read.

    What no longer fits, because another window changed the same circles or settings
    since, is told and dropped. What can't be stored now stays where it is.

    Parameters
    ----------
    store : Store
        The project file.
    state : ProjectState
        As the file holds it; nobody listens to it yet.
    history : History
        Shows the steps that still fit, and stores them.
    settings : Settings
        Stores those that still fit.
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
            told += _store(left, store, state, history, settings)
    finally:
        events.notice.disconnect(told.append)
    return told


def _store(
    left: LeftSteps,
    store: Store,
    state: ProjectState,
    history: History,
    settings: Settings,
) -> list[str]:
    if not left.claim():
        return []
    try:
        found = left.read(state.micrographs.content_ids(), DEFAULTS, GROWING)
    except StoreError as error:
        left.set_aside()
        return [f"{error}; they are kept aside in {name_of(left.path)}."]
    # A program that was killed between storing them and removing the file left both.
    steps = [each for each in found.steps if not store.edits.holds(each)]
    state.backlog.replace_steps(steps)
    try:
        history.follow_waiting()
        stored = list(state.backlog.steps)
        history.store_waiting()
        for name, members in found.additions.items():
            store.add_to_setting(name, members)
        fitting, refused = settings.store_left(found.settings)
    except StoreError as error:
        state.backlog.replace_steps(())
        state.load()
        what = _words(steps, len(found.settings)) or "What waited for it"
        return [f"{error} {what} will be written when it is opened again."]
    left.remove()
    told = []
    if refused:
        told.append(_REFUSED.format(what="; ".join(refused)))
    if stored or fitting:
        verb = "is" if len(stored) + len(fitting) == 1 else "are"
        what = _words(stored, len(fitting))
        told.append(f"{what} had waited for {store.path.name} and {verb} in it now.")
    return told


def _words(steps: Sequence[Edit], settings: int) -> str:
    names = [each.summary for each in steps[:_MOST_NAMED]]
    if len(steps) > _MOST_NAMED:
        names.append(f"{len(steps) - _MOST_NAMED} more")
    parts = []
    if steps:
        number = "1 step" if len(steps) == 1 else f"{len(steps)} steps"
        parts.append(f"{number} of the last time ({'; '.join(names)})")
    if settings:
        number = "1 setting" if settings == 1 else f"{settings} settings"
        parts.append(number if steps else f"{number} of the last time")
    return " and ".join(parts)
