"""Steps about whole micrographs: left out, a region left out, the pixel size."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from napari_cdse.core.errors import StoreError
from napari_cdse.core.regions import Region
from napari_cdse.io.images.micrograph_file import check_pixel_size
from napari_cdse.io.store.store import FOLDER_PIXEL_SIZE, MicrographChange
from napari_cdse.project.components.annotating import ProjectHistory

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from napari_cdse.io.store.store import MicrographRow

_SCALE_BAR = "scale_bar"


class ProjectLeavingOut(ProjectHistory):
    """What a person says of micrographs as wholes; every step can be undone."""

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
        reason = None if reason is None else _said(reason)
        row = self._row(index)
        change = MicrographChange("excluded", row.key, row.excluded, reason)
        name = self._catalog.path(row).name
        what = f"Take {name} in again" if reason is None else f"Leave {name} out"
        self._change_micrographs(what, [change], row.key)

    # Regions

    def regions(self, index: int) -> tuple[Region, ...]:
        """Return the regions of a micrograph that are left out."""
        return self._state.regions(self._catalog.rows[index].key)

    def leave_region_out(
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
        region = Region(str(uuid.uuid4()), corners, _said(reason))
        if not region.valid:
            raise StoreError(
                "This outline encloses nothing; drag from one corner of the region to "
                "the opposite one."
            )
        row = self._row(index)
        name = self._catalog.path(row).name
        change = MicrographChange("region", row.key, None, region, region.id)
        self._change_micrographs(f"Leave a region of {name} out", [change], row.key)
        return region.id

    def take_region_in(self, index: int, region_id: str) -> None:
        """Take a region back in, with the circles that lie in it.

        Raises
        ------
        StoreError
            If there is no such region any more.
        """
        row = self._row(index)
        found = [each for each in self._state.regions(row.key) if each.id == region_id]
        if not found:
            raise StoreError("This region has been taken back in already.")
        name = self._catalog.path(row).name
        change = MicrographChange("region", row.key, found[0], None, region_id)
        self._change_micrographs(f"Take a region of {name} in again", [change], row.key)

    # Pixel size

    def set_pixel_size(
        self, pixel_size_nm: float | None, indices: Iterable[int] | None = None
    ) -> None:
        """Set the pixel size for some micrographs, or for the whole folder; one step.

        Parameters
        ----------
        pixel_size_nm : float or None
            None goes back to what the files say; the open one is wanted anew then.
        indices : iterable of int, optional
            All micrographs without it, those that will be added later too.

        Raises
        ------
        ParameterError
            Outside what HRTEM has.
        StoreError
            If it cannot be stored.
        """
        check_pixel_size(pixel_size_nm)
        chosen = range(len(self._catalog)) if indices is None else list(indices)
        rows = [self._row(index) for index in chosen]
        before: dict[int | None, float | None]
        before = {each.key: each.person_pixel_size_nm for each in rows}
        if indices is None:
            before = {None: self._store.setting(FOLDER_PIXEL_SIZE), **before}
        changes = [
            MicrographChange("pixel_size", key, size, pixel_size_nm)
            for key, size in before.items()
        ]
        where = "the folder" if indices is None else _names(len(rows))
        what = "from the files" if pixel_size_nm is None else f"{pixel_size_nm:.4g} nm"
        there = rows[0].key if indices is not None and len(rows) == 1 else None
        self._change_micrographs(f"Pixel size of {where}: {what}", changes, there)

    @property
    def scale_bar(self) -> tuple[float, str]:
        """Length and unit of the scale bar that was measured last."""
        length, unit = self._store.setting(_SCALE_BAR, (20.0, "nm"))
        return float(length), str(unit)

    @scale_bar.setter
    def scale_bar(self, length_and_unit: tuple[float, str]) -> None:
        self._store.set_setting(_SCALE_BAR, list(length_and_unit))

    # Inside

    def _row(self, index: int) -> MicrographRow:
        """Return a micrograph as it is now, also if another window has changed it."""
        key = self._catalog.rows[index].key
        self._catch_up(())
        return self._catalog.row(key)

    def _change_micrographs(
        self, summary: str, changes: Sequence[MicrographChange], there: int | None
    ) -> None:
        if all(each.before == each.after for each in changes):
            return
        self._stored(
            lambda: self._append(summary, there, of_micrographs=tuple(changes))
        )


def _said(reason: str) -> str:
    reason = " ".join(reason.split())
    if not reason:
        raise StoreError("Say in a few words why it is left out.")
    return reason


def _names(number: int) -> str:
    return "1 micrograph" if number == 1 else f"{number} micrographs"
