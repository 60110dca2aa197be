"""Store where the user stopped, for the next opening."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from napari_cdse.core.errors import StoreError

if TYPE_CHECKING:
    from napari_cdse.io.store.store import Store
    from napari_cdse.project.state.project_state import ProjectState
    from napari_cdse.project.state.selection import Selection
    from napari_cdse.project.state.visit_history import VisitHistory

_LAST = "last_opened"
_PASSED = "passed"


class ResumePoint:
    """The last open micrograph, and each annotator's round of review, in the file.

    Parameters
    ----------
    store : Store
    state : ProjectState
        Micrographs and the newest step.
    selection : Selection
        What is open now.
    visits : VisitHistory
        Particles passed by; `load` sets them from the file.
    """

    def __init__(
        self,
        store: Store,
        state: ProjectState,
        selection: Selection,
        visits: VisitHistory,
    ) -> None:
        self._store = store
        self._state = state
        self._selection = selection
        self._visits = visits

    @property
    def index(self) -> int | None:
        """Index of the micrograph where the user stopped; None for a new project."""
        key, head = self._store.setting(_LAST, (None, None))
        # If the program was killed, its edits are newer than this setting.
        if head != self._state.head and self._state.head is not None:
            with suppress(StoreError):  # an edit that can't be read opens nothing
                key = self._store.edits.get(self._state.head, {}).micrograph_key
        known = {row.key for row in self._state.micrographs.rows}
        return self._state.micrographs.index(key) if key in known else None

    def load(self, annotator: str) -> None:
        """Restore an annotator's round of review."""
        self._visits.passed = self._passed(annotator)

    def save(self, annotator: str) -> None:
        """Store the open micrograph, and the particles an annotator has passed by.

        Parameters
        ----------
        annotator : str
            Their name.

        Raises
        ------
        StoreError
            If it cannot be stored.
        """
        if self._selection.key is not None:
            self._store.set_setting(_LAST, [self._selection.key, self._state.head])
        if self._visits.passed != self._passed(annotator):
            passed = sorted(self._visits.passed)
            self._store.set_setting(f"{_PASSED}/{annotator}", passed)

    def _passed(self, annotator: str) -> set[str]:
        known = self._store.setting(f"{_PASSED}/{annotator}", ())
        return set(map(str, known)) if isinstance(known, list) else set()
