"""The project's micrographs: table, pixels, frames and pixel sizes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_cdse.io.images.frame import frame_words
from napari_cdse.io.images.micrograph_file import check_pixel_size
from napari_cdse.io.store.store import FOLDER_PIXEL_SIZE, MicrographChange
from napari_cdse.project.files.label_import import withdrawal
from napari_cdse.project.files.relocation import set_paths
from napari_cdse.project.state.records import LabelledMicrograph

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from pathlib import Path

    from napari_cdse.core.pixel_size import PixelSize
    from napari_cdse.core.records import Micrograph
    from napari_cdse.io.images.frame import FrameChoice
    from napari_cdse.io.store.store import MicrographRow, Store
    from napari_cdse.project.components.history import History
    from napari_cdse.project.components.settings import Settings
    from napari_cdse.project.components.sync import Sync
    from napari_cdse.project.state.events import ProjectEvents
    from napari_cdse.project.state.project_state import ProjectState
    from napari_cdse.project.state.records import MicrographEntry
    from napari_cdse.project.state.selection import Selection


class Micrographs:
    """The table of micrographs: their pixels, pixel sizes, frames and samples.

    Parameters
    ----------
    store : Store
    state : ProjectState
    selection : Selection
        Gets the open micrograph's pixels.
    history : History
        Stores and shows the steps.
    sync : Sync
        Reads what other windows wrote before a step is made.
    settings : Settings
        Has the lattice, and the frame chosen for later files.
    events : ProjectEvents
    """

    def __init__(
        self,
        store: Store,
        state: ProjectState,
        selection: Selection,
        history: History,
        sync: Sync,
        settings: Settings,
        events: ProjectEvents,
    ) -> None:
        self._store = store
        self._backlog = state.backlog
        self._table = state.micrographs
        self._particles = state.particles
        self._selection = selection
        self._history = history
        self._sync = sync
        self._settings = settings
        self._events = events

    @property
    def entries(self) -> tuple[MicrographEntry, ...]:
        """The table of micrographs."""
        return self._table.entries()

    def set_pixels(self, index: int, micrograph: Micrograph) -> None:
        """Take the pixels that a worker has read, and show them if it is still open.

        Parameters
        ----------
        index : int
            Of the micrograph.
        micrograph : Micrograph
            As it was read.
        """
        was_open = self._table.rows[index].key == self._selection.key
        # Pixels are shown even if `_note` has to wait for a locked project file.
        self._note(index, micrograph)
        if was_open:
            self._selection.show(micrograph)
        self._events.micrographs_changed.emit()

    def register(self, index: int, micrograph: Micrograph) -> None:
        """Record content, shape and pixel size as a worker has read them."""
        self._note(index, micrograph)
        self._events.micrographs_changed.emit()

    def set_problem(self, index: int, sentence: str | None) -> None:
        """Note a problem with a file, until it is read or the project reopened."""
        self._table.update_here(self._table.rows[index].key, problem=sentence)
        self._events.micrographs_changed.emit()

    # Pixel size

    def pixel_size(self, index: int) -> PixelSize | None:
        """Return the pixel size with its source; None if the file was never read."""
        return self._table.rows[index].pixel_size

    def shape(self, index: int) -> tuple[int, int] | None:
        """Return rows and columns, as read or as given by its label file."""
        row = self._table.rows[index]
        return row.shape or row.labels_shape

    def person_pixel_size(self, index: int) -> float | None:
        """Return the pixel size in nm that a user gave, for reading the file."""
        return self._table.rows[index].person_pixel_size_nm

    def sized_alone(self) -> list[int]:
        """Return the indices of micrographs with a user's pixel size of their own."""
        of_all = self._store.setting(FOLDER_PIXEL_SIZE)
        return [
            at
            for at, row in enumerate(self._table.rows)
            if row.person_pixel_size_nm not in (None, of_all)
        ]

    def set_pixel_size(
        self,
        pixel_size_nm: float | None,
        indices: Iterable[int] | None = None,
        *,
        kept: Collection[int] = (),
    ) -> None:
        """Set the pixel size for some micrographs, or for the whole folder; one step.

        Parameters
        ----------
        pixel_size_nm : float or None
            None: that of the files; the open micrograph is then read again.
        indices : iterable of int, optional
            By default all micrographs, and those added later.
        kept : collection of int, optional
            Indices of micrographs that are left unchanged.

        Raises
        ------
        ParameterError
            If it is outside the range of HRTEM.
        StoreError
            If it cannot be stored.
        """
        check_pixel_size(pixel_size_nm)
        chosen = range(len(self._table)) if indices is None else list(indices)
        rows = [self._sync.row(index) for index in chosen if index not in kept]
        before: dict[int | None, float | None]
        before = {each.key: each.person_pixel_size_nm for each in rows}
        if indices is None:
            before = {None: self._store.setting(FOLDER_PIXEL_SIZE), **before}
        changes = [
            MicrographChange("pixel_size", key, size, pixel_size_nm)
            for key, size in before.items()
        ]
        where = "the folder" if indices is None else _number(len(rows))
        what = "from the files" if pixel_size_nm is None else f"{pixel_size_nm:.4g} nm"
        there = rows[0].key if indices is not None and len(rows) == 1 else None
        self._history.change_micrographs(
            f"Pixel size of {where}: {what}", changes, there
        )

    # Frames

    def frame(self, index: int) -> FrameChoice:
        """Return which frame of a micrograph's file is read, or which mean."""
        return self._table.rows[index].frame_choice

    def set_frames(self, choices: Mapping[int, FrameChoice]) -> None:
        """Choose frames, or means of some, for micrographs by index; one step.

        Detections in other frames are no longer shown, until undo brings them back;
        annotations stay.

        Parameters
        ----------
        choices : mapping of int to int or str
            See `napari_cdse.io.images.frame.FrameChoice`.

        Raises
        ------
        StoreError
            If it cannot be stored.
        """
        rows = {index: self._sync.row(index) for index in choices}
        changes = [
            MicrographChange(
                "frame", rows[index].key, rows[index].chosen_frame, _kept(choice)
            )
            for index, choice in choices.items()
            if rows[index].frame_choice != choice
        ]
        words = {frame_words(each) for each in choices.values()}
        what = words.pop() if len(words) == 1 else "several frames"
        there = changes[0].micrograph_key if len(changes) == 1 else None
        summary = f"{what[:1].upper()}{what[1:]} in {_number(len(changes))}"
        self._history.change_micrographs(summary, changes, there)

    def set_frames_of_all(
        self, choice: FrameChoice, newest_key: int | None = None
    ) -> None:
        """Store a choice of frames for files added later; not a step of undo.

        Parameters
        ----------
        choice : int or str
            See `napari_cdse.io.images.frame.FrameChoice`.
        newest_key : int, optional
            Key of the newest file to which it was applied; by default the newest of
            all.

        Raises
        ------
        StoreError
            If it cannot be stored.
        """
        if newest_key is None:
            newest_key = max((row.key for row in self._table.rows), default=0)
        self._settings.frames = (choice, newest_key)

    def later_files(self) -> tuple[FrameChoice, dict[int, Path]]:
        """Return the frame chosen for all files, and the files added since, by key.

        If the choice has been taken back in all files, there are none.
        """
        choice, newest_key = self._settings.frames
        rows = self._table.rows
        if choice == 0 or all(row.frame_choice != choice for row in rows):
            return 0, {}
        return choice, {
            row.key: self._table.path(row)
            for row in rows
            if row.key > newest_key and not self._table.is_missing(row.key)
        }

    def labels_of_other_frames(self) -> int:
        """Count the labels that were given on another frame than the present one."""
        return self._particles.count_judged_on_other_frames()

    # Samples

    def set_samples(self, names: Mapping[int, str | None]) -> None:
        """Assign micrographs to samples; one step.

        Parameters
        ----------
        names : mapping of int to str or None
            Name of the sample by the micrograph's index; None or blank: no sample.

        Raises
        ------
        StoreError
            If it cannot be stored.
        """
        told = {at: _one_line(name) for at, name in names.items()}
        rows = {index: self._sync.row(index) for index in told}
        changes = [
            MicrographChange("sample", rows[at].key, rows[at].sample, name)
            for at, name in told.items()
            if rows[at].sample != name
        ]
        found = {each.after for each in changes}
        what = f"Sample {found.pop() or 'none'}" if len(found) == 1 else "Samples"
        there = changes[0].micrograph_key if len(changes) == 1 else None
        self._history.change_micrographs(
            f"{what} for {_number(len(changes))}", changes, there
        )

    # Training

    def labelled(self) -> list[LabelledMicrograph]:
        """Return all micrographs with judged particles, for training.

        Without those that are left out or whose file is missing.
        """
        table = self._table
        return [
            LabelledMicrograph(
                table.path(row),
                row.frame_choice,
                row.content_id,
                row.person_pixel_size_nm,
                judged,
                self._settings.detection.material,
                row.present_quality,
            )
            for row in table.rows
            if row.excluded is None and not table.is_missing(row.key)
            if (judged := tuple(self._particles.judged(row.key)))
        ]

    # Inside

    def _note(self, index: int, micrograph: Micrograph) -> None:
        key, choice = self._table.rows[index].key, self.frame(index)

        def register() -> None:
            # While this waited for a locked file, another frame may have been chosen.
            if self._table.row(key).frame_choice == choice:
                self._register(key, micrograph)

        self._backlog.write_or_wait(register)

    def _register(self, key: int, micrograph: Micrograph) -> None:
        key = self._take_over(key, micrograph.id)
        for sentence in self._table.note_read(key, micrograph):
            self._events.notice.emit(sentence)
        self._check_imported_size(key, micrograph)

    def _take_over(self, key: int, micrograph_id: str) -> int:
        """Recognize a moved micrograph by its content; return its key, else ``key``.

        A new entry is merged into the entry of a missing file with the same content,
        unless the new one has labels, detections or edits of its own.
        """
        lost = self._table.key_of_id(micrograph_id)
        row = self._table.row(key)
        if lost in (None, key) or not self._table.is_missing(lost):
            return key
        bare = row.labels_from is None and row.run_id is None
        if self._store.read_only or not bare or self._store.edits.mention(key):
            return key
        path = self._table.path(row)
        set_paths(self._store, {lost: path})
        self._table.reload()
        self._selection.follow_key(key, lost)
        self._events.notice.emit(
            f"{path.name} is a micrograph of this project that was moved."
        )
        self._events.particles_changed.emit(None)
        return lost

    def _check_imported_size(self, key: int, micrograph: Micrograph) -> None:
        row = self._table.row(key)
        if row.labels_shape in (None, micrograph.shape) or self._store.read_only:
            return
        if self._store.edits.mention(key, kind="edit"):
            # The user has edited these labels already, and has to decide.
            self._table.update(key, labels_shape=None)
            self._events.notice.emit(
                _size_sentence(row, micrograph, "check its circles")
            )
            return
        run = self._store.findings.latest_run()
        edit = withdrawal(row, self._particles.annotations(key), run)
        with self._store.transaction():
            self._store.edits.append_import(edit)
            self._store.update_micrograph(key, labels_shape=None)
        self._particles.apply(edit.changes, run)
        self._table.update_here(key, labels_shape=None)
        self._events.queue_outdated.emit()
        what = "its labels are left out, so check that the right file lies there"
        self._events.notice.emit(_size_sentence(row, micrograph, what))
        self._events.particles_changed.emit(None)


def _size_sentence(row: MicrographRow, micrograph: Micrograph, what: str) -> str:
    told = "{} x {}".format(*(row.labels_shape or ("?", "?")))
    rows, columns = micrograph.shape
    return (
        f"{row.labels_from} was made for an image of {told} px (rows x columns), but "
        f"{micrograph.name} has {rows} x {columns}; {what}."
    )


def _kept(choice: FrameChoice) -> str | None:
    """Return a choice as the project's file has it; None for the first frame."""
    return None if choice == 0 else str(choice)


def _one_line(name: str | None) -> str | None:
    return " ".join((name or "").split()) or None


def _number(number: int) -> str:
    return "1 micrograph" if number == 1 else f"{number} micrographs"
