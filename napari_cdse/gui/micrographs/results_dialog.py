"""Dialog that asks for the folder of an export and checks it while it is typed."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtCore import QStandardPaths, Qt
from qtpy.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
)

from napari_cdse.gui.widgets.layout import keyless, row_of, sentence
from napari_cdse.io.export.earlier_results import SUMMARY, objection
from napari_cdse.io.files import permits

if TYPE_CHECKING:
    from collections.abc import Collection

    from qtpy.QtWidgets import QWidget

    from napari_cdse.io.export.earlier_results import Origin

_QUESTION = "In which folder shall the results lie?"
_NAME = "{} results"
_NONE = "Type a folder, or choose one."
_RELATIVE = "Say where it lies, from the drive on: {} could be anywhere."
_A_FILE = "{} is a file; the results need a folder."
_LOCKED = "You may not write into {}."
_NEW = "A new folder; it is made."
_EMPTY = "The folder is empty."
_AGAIN = "Results of an earlier export lie there; they are written anew."
_FULL = "Other files lie there already; they stay."
_WIDTH_PX = 520
"""Width of the field: a usual path in one line, on the smallest screen too."""


def proposed_folder(pictures: Path) -> Path:
    """Propose a folder for results beside the pictures, or else a writable one.

    Parameters
    ----------
    pictures : Path
        The project's folder.
    """
    name = _NAME.format(pictures.name or "napari-cdse")
    for parent in (pictures.parent, pictures):
        if permits(parent, os.W_OK):
            return parent / name
    documents = QStandardPaths.StandardLocation.DocumentsLocation
    return Path(QStandardPaths.writableLocation(documents), name)


def judged(
    text: str, pictures: Collection[Path], origin: Origin | None = None
) -> tuple[str, bool]:
    """Describe a folder, and tell whether results can be written there.

    Parameters
    ----------
    text : str
        As typed.
    pictures : collection of Path
        Folders with micrographs.
    origin : Origin, optional
        The project that is exported.
    """
    if not text.strip():
        return _NONE, False
    folder = Path(text.strip()).expanduser()
    if not folder.is_absolute():
        return _RELATIVE.format(folder), False
    try:
        return _judged(folder, pictures, origin)
    except (OSError, ValueError) as error:
        return f"{folder}: {getattr(error, 'strerror', None) or error}.", False


def _judged(
    folder: Path, pictures: Collection[Path], origin: Origin | None
) -> tuple[str, bool]:
    there = next(each for each in (folder, *folder.parents) if each.exists())
    if not there.is_dir():
        return _A_FILE.format(there), False
    against = objection(folder, "export", pictures, origin)
    if against is not None:
        return against, False
    if not permits(there, os.W_OK):
        return _LOCKED.format(there), False
    if there != folder:
        return _NEW, True
    if (folder / SUMMARY).exists():
        return _AGAIN, True
    return (_FULL if any(folder.iterdir()) else _EMPTY), True


class ResultsDialog(QDialog):
    """Asks for a folder; Return accepts the proposed one.

    Parameters
    ----------
    folder : Path
        The proposed folder.
    pictures : collection of Path
        Folders with micrographs; nothing is written there.
    origin : Origin, optional
        The project that is exported; results of another are not overwritten.
    """

    def __init__(
        self,
        folder: Path,
        pictures: Collection[Path],
        parent: QWidget | None = None,
        origin: Origin | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Export")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._pictures = pictures
        self._origin = origin
        self.field = QLineEdit(str(folder))
        self.field.setMinimumWidth(_WIDTH_PX)
        self.choose = keyless(QPushButton("Choose\u2026"))
        self.choose.setAutoDefault(False)
        self.label = sentence()
        kinds = QDialogButtonBox.StandardButton
        self.buttons = QDialogButtonBox(kinds.Ok | kinds.Cancel)
        self.buttons.button(kinds.Ok).setText("Export")
        self._lay_out()
        self.field.textChanged.connect(self._refresh)
        self.choose.clicked.connect(self._on_choose)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        self._refresh()
        self.field.setFocus()

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.addWidget(sentence(_QUESTION))
        column.addLayout(row_of((self.field, self.choose)))
        column.addWidget(self.label)
        column.addWidget(self.buttons)

    @property
    def folder(self) -> Path:
        """The folder that is typed."""
        return Path(self.field.text().strip()).expanduser()

    def _on_choose(self) -> None:
        existing = (each for each in self.folder.parents if each.is_dir())
        nearest = next(existing, Path.home())
        name = QFileDialog.getExistingDirectory(
            self, "Folder for the results", str(nearest)
        )
        if name:
            self.field.setText(name)

    def _refresh(self) -> None:
        words, usable = judged(self.field.text(), self._pictures, self._origin)
        self.label.setText(words)
        self.buttons.button(QDialogButtonBox.StandardButton.Ok).setEnabled(usable)
