"""Errors that a person reads: each is one sentence with a next step.

None of them derives from ``RuntimeError``: a generator worker that raises one of
those may never report its end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


class CdseError(Exception):
    """Base of every error whose message is meant for the person at the screen."""


class MicrographError(CdseError):
    """A file that cannot be read as a micrograph, or one that cannot be analysed."""


class LabelFileError(CdseError):
    """A label file that breaks its format; the message names file and line."""


class StoreError(CdseError):
    """A project file that cannot be opened, read or written."""


class StoreBusy(StoreError):
    """A project file that another program is writing; it will be free again."""


class ProjectUnreadable(StoreError):
    """A project file that is damaged or none; a backup can take its place."""


class FolderNotWritable(StoreError):
    """A folder in which no project can be made; it may lie in another one.

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
    """The person stopped the work."""
