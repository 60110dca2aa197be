"""Immutable records of the project file's rows, and helpers for their JSON."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

from napari_cdse.core.errors import ModelError, ProjectUnreadable, StoreError
from napari_cdse.core.pixel_size import PixelSize, PixelSizeSource
from napari_cdse.io.images.frame import frame_choice
from napari_cdse.io.models.card_schema import card_json, read_card

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari_cdse.core.micrograph_quality import MicrographQuality
    from napari_cdse.core.records import Annotation, ModelCard
    from napari_cdse.io.images.frame import FrameChoice
    from napari_cdse.io.store.micrograph_changes import MicrographChange

EditKind = Literal["edit", "import"]
ModelRole = Literal["candidate", "kept", "rejected", "shipped"]


@dataclass(frozen=True, slots=True)
class MicrographRow:
    """A row of the table of micrographs.

    Attributes
    ----------
    key : int
        Number of the micrograph in this project.
    path : str
        With forward slashes, relative to the project file's folder; absolute if there
        is no relative path (another drive).
    frame : int
        Number of the frame, unless a user chose another.
    content_id : str or None
        Hash of the file's bytes and the frame; None until it is read for the first
        time.
    shape : tuple of int or None
        Rows and columns; None until it is read.
    file_pixel_size_nm, person_pixel_size_nm, estimated_pixel_size_nm : float or None
        Edge of a pixel from the file, from a person, and from the lattice.
    estimated_source : str or None
        Reliability of the estimate: estimated, unsure or assumed.
    estimated_uncertainty, estimated_other_nm : float or None
        See `napari_cdse.core.pixel_size.PixelSize`.
    excluded : str or None
        Why the user left the micrograph out; None if it is in use.
    looked_at : bool
        Whether a person found no particle in it.
    problem : str or None
        What is wrong with the file, in a sentence.
    labels_from : str or None
        The label file that was imported.
    labels_shape : tuple of int or None
        Rows and columns of the image, according to that label file.
    run_id : int or None
        Id of the latest detection.
    stamp, glance : str or None
        Fingerprints of the file when it was last read; see
        `napari_cdse.io.images.fingerprint`.
    chosen_frame : str or None
        The user's choice of frames, in the form of `frame_choice`.
    sample : str or None
        Name of the micrograph's sample.
    quality : MicrographQuality or None
        From the latest detection.
    """

    key: int
    path: str
    frame: int = 0
    content_id: str | None = None
    shape: tuple[int, int] | None = None
    file_pixel_size_nm: float | None = None
    person_pixel_size_nm: float | None = None
    estimated_pixel_size_nm: float | None = None
    excluded: str | None = None
    looked_at: bool = False
    problem: str | None = None
    labels_from: str | None = None
    labels_shape: tuple[int, int] | None = None
    run_id: int | None = None
    stamp: str | None = None
    glance: str | None = None
    estimated_source: str | None = None
    estimated_uncertainty: float | None = None
    estimated_other_nm: float | None = None
    chosen_frame: str | None = None
    sample: str | None = None
    quality: MicrographQuality | None = None

    @property
    def frame_choice(self) -> FrameChoice:
        """The frames that are read: the user's choice, or else ``frame``."""
        return (
            self.frame if self.chosen_frame is None else frame_choice(self.chosen_frame)
        )

    @property
    def present_quality(self) -> MicrographQuality | None:
        """The quality, unless the pixel size has changed since the detection."""
        # Asked of thousands of rows at a time, most of which have none.
        size = None if self.quality is None else self.pixel_size
        if self.quality is None or size is None:
            return None
        return self.quality if self.quality.holds_at(size.nm) else None

    @property
    def pixel_size(self) -> PixelSize | None:
        """The pixel size with its source: from a person, the file, or the lattice."""
        if self.person_pixel_size_nm is not None:
            return PixelSize(self.person_pixel_size_nm, PixelSizeSource.PERSON)
        if self.file_pixel_size_nm is not None:
            return PixelSize(self.file_pixel_size_nm, PixelSizeSource.FILE)
        if self.estimated_pixel_size_nm is None:
            return None
        return PixelSize(
            self.estimated_pixel_size_nm,
            PixelSizeSource(self.estimated_source or PixelSizeSource.ASSUMED),
            self.estimated_uncertainty,
            self.estimated_other_nm,
        )


@dataclass(frozen=True, slots=True)
class Change:
    """One particle's annotation before and after an edit.

    Attributes
    ----------
    particle_id : str
    micrograph_key : int
        Key of the particle's micrograph.
    before, after : Annotation or None
        None if there is none.
    """

    particle_id: str
    micrograph_key: int
    before: Annotation | None
    after: Annotation | None


@dataclass(frozen=True, slots=True)
class Edit:
    """One step of the user, or one import of label files.

    Attributes
    ----------
    id : int
        Increases with time; 0 before the edit is stored.
    parent_id : int or None
        Id of the edit before it; None for the first one and for imports, which come
        before all edits.
    kind : {"edit", "import"}
    micrograph_key : int or None
        Key of the micrograph that was open.
    time, annotator, summary : str
        ISO 8601 in UTC, the person's name, and a few words for the menu.
    after_run : int
        Id of the project's latest detection when the edit was made; 0 for none.
    changes : tuple of Change
        Changes of particles.
    micrograph_changes : tuple of MicrographChange
        Changes of whole micrographs.
    """

    id: int
    parent_id: int | None
    kind: EditKind
    micrograph_key: int | None
    time: str
    annotator: str
    summary: str
    after_run: int
    changes: tuple[Change, ...] = ()
    micrograph_changes: tuple[MicrographChange, ...] = ()


@dataclass(frozen=True, slots=True)
class Run:
    """A detection in one micrograph, without its circles.

    Attributes
    ----------
    found_by : str
        Name of the method.
    parameters : mapping
        Parameters, as `napari_cdse.core.params.recorded` gives them.
    pixel_size_nm : float
        Edge of a pixel that was used.
    pixel_size_source : PixelSizeSource
        How the pixel size was known.
    window_px : int
        Edge of the method's windows.
    notices : tuple of str
        What a person should know, one sentence each.
    versions : mapping of str to str
        Versions of the program and of libraries.
    time : str
        ISO 8601 in UTC; set when it is stored if empty.
    """

    found_by: str
    parameters: Mapping[str, Any]
    pixel_size_nm: float
    pixel_size_source: PixelSizeSource
    window_px: int
    notices: tuple[str, ...] = ()
    versions: Mapping[str, str] = field(default_factory=dict)
    time: str = ""


def now() -> str:
    """Return the current time as ISO 8601 in UTC."""
    return datetime.now(UTC).isoformat()


def dump_json(value: Any) -> str:
    """Encode a value as compact JSON; NaN and infinity raise `ValueError`."""
    return json.dumps(value, separators=(",", ":"), allow_nan=False)


def load_json(text: str, what: str) -> Any:
    """Decode JSON from the project file.

    Parameters
    ----------
    text : str
        The JSON.
    what : str
        What the record is called in the message.

    Raises
    ------
    StoreError
        If it is damaged.
    """
    try:
        return json.loads(text)
    except (ValueError, TypeError, RecursionError) as error:
        raise damaged(what) from error


def damaged(what: str) -> ProjectUnreadable:
    """Make the error for a damaged record; ``what`` names it."""
    return ProjectUnreadable(
        f"The project file is damaged ({what} cannot be read); put back a backup with "
        "`napari-cdse restore`, which keeps the damaged file."
    )


def card_to_json(card: ModelCard) -> str:
    """Encode a model card.

    Raises
    ------
    StoreError
        If it is not valid, and could not be read again.
    """
    try:
        return card_json(card)
    except ModelError as problem:
        raise StoreError(f"The model was not stored: {problem}.") from problem


def card_from_json(text: Any) -> ModelCard:
    """Decode a model card.

    Raises
    ------
    StoreError
        If the record is damaged.
    """
    try:
        return read_card(text if isinstance(text, str) else "")
    except ModelError as problem:
        raise damaged("a model card") from problem
