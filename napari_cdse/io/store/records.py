"""Immutable records of the project file's rows, and their JSON."""

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
    """What a project knows of one micrograph without reading its pixels.

    Attributes
    ----------
    key : int
        Its number in this project.
    path : str
        With forward slashes, relative to the project file's folder; absolute only
        where no relative path exists (another drive).
    frame : int
    content_id : str or None
        Hash of the file's bytes and the frame; None until first read.
    shape : tuple of int or None
        Rows and columns, once read.
    file_pixel_size_nm, person_pixel_size_nm, estimated_pixel_size_nm : float or None
        Edge of a pixel as file, person and lattice have it.
    estimated_source : str or None
        How far the lattice's is to be trusted: estimated, unsure or assumed.
    estimated_uncertainty, estimated_other_nm : float or None
        See `napari_cdse.core.pixel_size.PixelSize`.
    excluded : str or None
        Why the user left the micrograph out; None: it is in use.
    looked_at : bool
        A person looked and found no particle.
    problem : str or None
        A sentence on what is wrong with the file.
    labels_from : str or None
        The label file that was imported.
    labels_shape : tuple of int or None
        The image size that label file gave.
    run_id : int or None
        The latest detection.
    stamp, glance : str or None
        What `napari_cdse.io.images.fingerprint` saw of the file when it was last read.
    chosen_frame : str or None
        The frame or the mean of some that a user chose, as `frame_choice` reads it.
    sample : str or None
        Name of the sample that it is a picture of, where a user gave it one.
    quality : MicrographQuality or None
        As the latest detection told it.
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
        """Which frame is read: the user's choice, else ``frame``."""
        return (
            self.frame if self.chosen_frame is None else frame_choice(self.chosen_frame)
        )

    @property
    def present_quality(self) -> MicrographQuality | None:
        """The quality, unless the pixel size has become another since it was told."""
        # Most have none to tell, and this is asked of thousands at a time.
        size = None if self.quality is None else self.pixel_size
        if self.quality is None or size is None:
            return None
        return self.quality if self.quality.holds_at(size.nm) else None

    @property
    def pixel_size(self) -> PixelSize | None:
        """Edge of a pixel and how it is known: person before file before lattice."""
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
    """One particle's part in an edit: its annotation before and after."""

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
        Grows with time; 0 before it is stored.
    parent_id : int or None
        The edit before it; None for the first one and for imports, which lie below
        all edits and are not met by undo.
    kind : {"edit", "import"}
    micrograph_key : int or None
        Where the user was.
    time, annotator, summary : str
        ISO 8601 in UTC, who, and a few words for the menu.
    after_run : int
        The project's latest detection when the edit was made; 0 for none.
    changes : tuple of Change
    micrograph_changes : tuple of MicrographChange
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
    """How the candidates of one micrograph were found."""

    found_by: str
    parameters: Mapping[str, Any]
    pixel_size_nm: float
    pixel_size_source: PixelSizeSource
    window_px: int
    notices: tuple[str, ...] = ()
    versions: Mapping[str, str] = field(default_factory=dict)
    time: str = ""


def now() -> str:
    """Return the time as ISO 8601 in UTC."""
    return datetime.now(UTC).isoformat()


def dump_json(value: Any) -> str:
    """Write compact JSON; refuses NaN and infinity."""
    return json.dumps(value, separators=(",", ":"), allow_nan=False)


def load_json(text: str, what: str) -> Any:
    """Read JSON from the store.

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
    """Make the error for a record that does not hold what it must."""
    return ProjectUnreadable(
        f"The project file is damaged ({what} cannot be read); put back a backup with "
        "`napari-cdse restore`, which keeps the damaged file."
    )


def card_to_json(card: ModelCard) -> str:
    """Write a model card.

    Raises
    ------
    StoreError
        If it says what no card may say, so that no later opening stumbles over it.
    """
    try:
        return card_json(card)
    except ModelError as problem:
        raise StoreError(f"The model was not stored: {problem}.") from problem


def card_from_json(text: Any) -> ModelCard:
    """Read a model card.

    Raises
    ------
    StoreError
        If the record is damaged.
    """
    try:
        return read_card(text if isinstance(text, str) else "")
    except ModelError as problem:
        raise damaged("a model card") from problem
