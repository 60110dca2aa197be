"""Pixels handed over, pixel sizes, and what reading a micrograph told."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from napari_cdse.project.components.settings import ProjectSettings
from napari_cdse.project.files.label_import import withdrawal
from napari_cdse.project.files.relocation import settle

if TYPE_CHECKING:
    from napari_cdse.core.records import Micrograph, PixelSizeSource
    from napari_cdse.io.store.store import MicrographRow


class ProjectMicrographs(ProjectSettings):
    """Micrographs as workers read them; see `Project`."""

    def set_micrograph(self, index: int, micrograph: Micrograph) -> None:
        """Hand over the pixels that a worker has read.

        What comes late, for a micrograph that is no longer open, is only noted.
        """
        key = self._know(self._catalog.rows[index].key, micrograph)
        if key == self._current:
            self._micrograph = self._with_pixel_size(micrograph)
            self.pixels_changed.emit(self._catalog.index(key))
        self.micrographs_changed.emit()

    def know(self, index: int, micrograph: Micrograph) -> None:
        """Note content, size and pixel size of a micrograph that a worker has read."""
        self._know(self._catalog.rows[index].key, micrograph)
        self.micrographs_changed.emit()

    def set_problem(self, index: int, sentence: str | None) -> None:
        """Say what is wrong with a file, until it can be read or is opened anew."""
        self._catalog.update_here(self._catalog.rows[index].key, problem=sentence)
        self.micrographs_changed.emit()

    # Pixel size

    def pixel_size(self, index: int) -> tuple[float, PixelSizeSource] | None:
        """Return edge of a pixel in nm and who said it, as far as known."""
        return self._catalog.rows[index].pixel_size

    def shape(self, index: int) -> tuple[int, int] | None:
        """Return rows and columns, as read or as its label file gave them."""
        row = self._catalog.rows[index]
        return row.shape or row.labels_shape

    def person_pixel_size(self, index: int) -> float | None:
        """Return the pixel size in nm that a person gave, for reading the file."""
        return self._catalog.rows[index].person_pixel_size_nm

    # Inside

    def _know(self, key: int, micrograph: Micrograph) -> int:
        key = self._take_over(key, micrograph.id)
        for sentence in self._catalog.know(key, micrograph):
            self.notice.emit(sentence)
        self._check_imported_size(key, micrograph)
        return key

    def _take_over(self, key: int, micrograph_id: str) -> int:
        """Recognize a lost micrograph by its content; return its key."""
        lost = self._catalog.key_of_id(micrograph_id)
        row = self._catalog.row(key)
        if lost in (None, key) or not self._catalog.is_missing(lost):
            return key
        bare = row.labels_from is None and row.run_id is None
        if self.read_only or not bare or self._store.edits.mention(key):
            return key
        path = self._catalog.path(row)
        settle(self._store, {lost: path})
        self._catalog.reload()
        if self._current == key:
            self._current = lost
        self.notice.emit(f"{path.name} is a micrograph of this project that was moved.")
        self.particles_changed.emit(None)
        return lost

    def _check_imported_size(self, key: int, micrograph: Micrograph) -> None:
        row = self._catalog.row(key)
        if row.labels_shape in (None, micrograph.shape) or self.read_only:
            return
        if self._store.edits.mention(key, kind="edit"):
            # The person has worked on them already: she decides.
            self._catalog.update(key, labels_shape=None)
            self.notice.emit(_size_sentence(row, micrograph, "check its circles"))
            return
        run = self._store.findings.latest_run()
        edit = withdrawal(row, self._state.annotations(key), run)
        with self._store.transaction():
            self._store.edits.append_import(edit)
            self._store.update_micrograph(key, labels_shape=None)
        self._state.apply(edit.changes, run)
        self._catalog.update_here(key, labels_shape=None)
        self._forget_order()
        what = "its labels are left out, so check that the right file lies there"
        self.notice.emit(_size_sentence(row, micrograph, what))
        self.particles_changed.emit(None)

    def _show_pixel_size(self) -> None:
        """Show the open micrograph's pixel size as it is stored now."""
        if self._current is None:
            return
        index = self._catalog.index(self._current)
        if self._catalog.row(self._current).person_pixel_size_nm is None:
            # What the file says is known only by reading it again.
            self._micrograph = None
            self.opened.emit(index)
        elif self._micrograph is not None:
            self._micrograph = self._with_pixel_size(self._micrograph)
            self.pixels_changed.emit(index)

    def _with_pixel_size(self, micrograph: Micrograph) -> Micrograph:
        """Put the person's pixel size, or its absence, into the record."""
        row = None if self._current is None else self._catalog.row(self._current)
        known = None if row is None else row.pixel_size
        size, source = known or (None, None)
        # An estimate sets window sizes only; it is no property of the micrograph.
        if source == "estimated":
            size, source = None, None
        return replace(micrograph, pixel_size_nm=size, pixel_size_source=source)


def _size_sentence(row: MicrographRow, micrograph: Micrograph, what: str) -> str:
    told = "{} x {}".format(*(row.labels_shape or ("?", "?")))
    rows, columns = micrograph.shape
    return (
        f"{row.labels_from} was made for an image of {told} px (rows x columns), but "
        f"{micrograph.name} has {rows} x {columns}; {what}."
    )
