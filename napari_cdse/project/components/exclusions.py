"""Leave micrographs and regions out, with a reason, and take them in again."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from napari_cdse.core.errors import StoreError
from napari_cdse.core.regions import Region
from napari_cdse.io.store.store import MicrographChange

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_cdse.project.components.history import History
    from napari_cdse.project.components.sync import Sync
    from napari_cdse.project.state.project_state import ProjectState


class Exclusions:
    """Leaves micrographs and regions out, and takes them back in; each a step.

    Parameters
    ----------
    state : ProjectState
    history : History
        Takes the steps.
    sync : Sync
        Reads what other windows wrote before a step is built on it.
    """

    def __init__(self, state: ProjectState, history: History, sync: Sync) -> None:
        self._table = state.micrographs
        self._particles = state.particles
        self._history = history
        self._sync = sync

    def set_excluded(self, index: int, reason: str | None) -> None:
        """Leave a micrograph out of queue, training and counts, or take it back in.

        Parameters
        ----------
        index : int
            Of the micrograph.
        reason : str or None
            Why; None takes it back in.

        Raises
        ------
        StoreError
            If the reason is blank, or it cannot be stored.
        """
        reason = None if reason is None else _checked(reason)
        row = self._sync.row(index)
        change = MicrographChange("excluded", row.key, row.excluded, reason)
        name = self._table.path(row).name
        what = f"Take {name} in again" if reason is None else f"Leave {name} out"
        self._history.change_micrographs(what, [change], row.key)

    def set_all_excluded(self, indices: Sequence[int], reason: str) -> None:
        """Leave some micrographs out in one step.

        Parameters
        ----------
        indices : sequence of int
            Of the micrographs.
        reason : str
            Why.

        Raises
        ------
        StoreError
            If the reason is blank, or it cannot be stored.
        """
        reason = _checked(reason)
        rows = [self._sync.row(index) for index in indices]
        changes = [
            MicrographChange("excluded", row.key, row.excluded, reason) for row in rows
        ]
        what = f"Leave {len(rows)} micrographs out"
        self._history.change_micrographs(what, changes, rows[0].key if rows else None)

    # Regions

    def regions(self, index: int) -> tuple[Region, ...]:
        """Return the regions of a micrograph that are left out."""
        return self._particles.regions(self._table.rows[index].key)

    def add_region(
        self, index: int, corners_px: Sequence[tuple[float, float]], reason: str
    ) -> str:
        """Leave out what lies in a polygon: circles whose centre is in it.

        They are no longer shown, queued, trained on, counted or exported. The
        project keeps them, and shows them again when the region is taken back in.

        Parameters
        ----------
        index : int
            Of the micrograph.
        corners_px : sequence of (float, float)
            Rows and columns.
        reason : str
            Why.

        Returns
        -------
        str
            Id of the region.

        Raises
        ------
        StoreError
            If there are less than three corners, the outline encloses nothing or
            the reason is blank.
        """
        corners = tuple((float(row), float(col)) for row, col in corners_px)
        region = Region(str(uuid.uuid4()), corners, _checked(reason))
        if not region.valid:
            raise StoreError(
                "This outline encloses nothing; drag from one corner of the region to "
                "the opposite one."
            )
        row = self._sync.row(index)
        name = self._table.path(row).name
        change = MicrographChange("region", row.key, None, region, region.id)
        self._history.change_micrographs(
            f"Leave a region of {name} out", [change], row.key
        )
        return region.id

    def remove_region(self, index: int, region_id: str) -> None:
        """Take a region back in, with the circles that lie in it.

        Raises
        ------
        StoreError
            If there is no such region any more.
        """
        row = self._sync.row(index)
        found = [
            each for each in self._particles.regions(row.key) if each.id == region_id
        ]
        if not found:
            raise StoreError("This region has been taken back in already.")
        name = self._table.path(row).name
        change = MicrographChange("region", row.key, found[0], None, region_id)
        self._history.change_micrographs(
            f"Take a region of {name} in again", [change], row.key
        )


def _checked(reason: str) -> str:
    reason = " ".join(reason.split())
    if not reason:
        raise StoreError("Say in a few words why it is left out.")
    return reason
