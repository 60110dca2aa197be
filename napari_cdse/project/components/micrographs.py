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
    """The table of micrographs, and what reading each of them told.

    Parameters
    ----------
    store : Store
    state : ProjectState
    selection : Selection
        Shows the open one's pixels.
    history : History
        Takes the steps that set a pixel size.
    sync : Sync
        Reads what other windows wrote before a step is built on it.
    settings : Settings
        Know the lattice.
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
        """Hand over the pixels that a worker has read.

        What comes late, for a micrograph that is no longer open, is only noted.
        """
        was_open = self._table.rows[index].key == self._selection.key
        # The file may be busy: its pixels are shown without its having been noted.
        self._note(index, micrograph)
        if was_open:
            self._selection.show(micrograph)
        self._events.micrographs_changed.emit()

    def register(self, index: int, micrograph: Micrograph) -> None:
        """Note content, size and pixel size of a micrograph that a worker has read."""
        self._note(index, micrograph)
        self._events.micrographs_changed.emit()

    def set_problem(self, index: int, sentence: str | None) -> None:
        """Say what is wrong with a file, until it can be read or is opened anew."""
        self._table.update_here(self._table.rows[index].key, problem=sentence)
        self._events.micrographs_changed.emit()

    # Pixel size

    def pixel_size(self, index: int) -> PixelSize | None:
        """Return edge of a pixel and how it is known; None before the first look."""
        return self._table.rows[index].pixel_size

    def shape(self, index: int) -> tuple[int, int] | None:
        """Return rows and columns, as read or as its label file gave them."""
        row = self._table.rows[index]
        return row.shape or row.labels_shape

    def person_pixel_size(self, index: int) -> float | None:
        """Return the pixel size in nm that a user gave, for reading the file."""
        return self._table.rows[index].person_pixel_size_nm

    def sized_alone(self) -> list[int]:
        """Return the micrographs whose pixel size a user gave for them alone."""
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
            None goes back to what the files say; the open one is wanted anew then.
        indices : iterable of int, optional
            All micrographs without it, those that will be added later too.
        kept : collection of int, optional
            Those that stay as they are.

        Raises
        ------
        ParameterError
            Outside what HRTEM has.
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

        What was detected in another frame is dropped, until undo brings it back; what
        users said stays.

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
        """Remember a choice for files that come later; it is no step.

        Parameters
        ----------
        choice : int or str
            See `napari_cdse.io.images.frame.FrameChoice`.
        newest_key : int, optional
            Of the newest file that was asked; without it all have been.

        Raises
        ------
        StoreError
            If it cannot be stored.
        """
        if newest_key is None:
            newest_key = max((row.key for row in self._table.rows), default=0)
        self._settings.frames = (choice, newest_key)

    def later_files(self) -> tuple[FrameChoice, dict[int, Path]]:
        """Return what was chosen for all files, and those by key that came later.

        A choice that was taken back wherever it was made holds for none.
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
        """Count the labels that were given on another frame than the one of now."""
        return self._particles.count_judged_on_other_frames()

    # Samples

    def set_samples(self, names: Mapping[int, str | None]) -> None:
        """Say of which sample micrographs are, by index; one step.

        Parameters
        ----------
        names : mapping of int to str or None
            None or a blank name: of no sample.

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
        """Return every micrograph with judged particles, for training.

        Micrographs that were left out or whose file is missing are not in it.
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
            # Until a busy file was free, the choice of that frame may be taken back.
            if self._table.row(key).frame_choice == choice:
                self._register(key, micrograph)

        self._backlog.write_or_wait(register)

    def _register(self, key: int, micrograph: Micrograph) -> None:
        key = self._take_over(key, micrograph.id)
        for sentence in self._table.note_read(key, micrograph):
            self._events.notice.emit(sentence)
        self._check_imported_size(key, micrograph)

    def _take_over(self, key: int, micrograph_id: str) -> int:
        """Recognize a lost micrograph by its content; return its key."""
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
            # A user has worked on them already, and decides.
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
    """Write a choice down; the first frame is what nobody has to choose."""
    return None if choice == 0 else str(choice)


def _one_line(name: str | None) -> str | None:
    return " ".join((name or "").split()) or None


def _number(number: int) -> str:
    return "1 micrograph" if number == 1 else f"{number} micrographs"
