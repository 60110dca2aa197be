"""Errors shown to the user: each message is one sentence with a next step.

None derives from ``RuntimeError``: a worker thread of superqt takes that for a sign of
having been aborted, and does not signal the error.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


class CdseError(Exception):
    """Base of every error whose message is meant for the user."""


class MicrographError(CdseError):
    """A file that cannot be read as a micrograph, or one that cannot be analysed."""


class LabelFileError(CdseError):
    """A label file that breaks its format; the message names file and line."""


class StoreError(CdseError):
    """A project file that cannot be opened, read or written."""


class StoreBusy(StoreError):
    """A project file that another program is writing; it will be free again."""


class ProjectUnreadable(StoreError):
    """A project file that is damaged or no project; a backup can take its place."""


class FolderNotWritable(StoreError):
    """A folder in which no project can be made; the user may choose another one.

    Attributes
    ----------
    folder : Path
    """

    def __init__(self, folder: Path, reason: str) -> None:
        super().__init__(
            f"No project can be made in {folder} ({reason}); choose another folder "
            "for it."
        )
        self.folder = folder


class ModelError(CdseError):
    """A model that cannot be trusted, read or used with these features."""


class TrainingError(CdseError):
    """A training set from which no forest can be fitted."""


class ParameterError(CdseError):
    """A parameter outside its range."""


class Cancelled(CdseError):
    """The user stopped the work."""
