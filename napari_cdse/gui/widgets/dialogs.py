"""Dialogs that ask for files, a choice or a confirmation, or show a message."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtCore import QStandardPaths, Qt
from qtpy.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QInputDialog,
    QListWidget,
    QMessageBox,
    QVBoxLayout,
)

from napari_cdse.gui.session.plain_text import caption, one_line, plain
from napari_cdse.gui.widgets.layout import sentence
from napari_cdse.io.annotations.format_names import SUFFIXES as ANNOTATIONS
from napari_cdse.project import SUFFIX

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qtpy.QtWidgets import QWidget

_PAGES = "Pages (*.html)"
_FIGURES = {
    "Picture (*.png)": ".png",
    "Drawing (*.svg)": ".svg",
    "Page (*.pdf)": ".pdf",
}
_FORESTS = "Forests (*.skops)"
_ANNOTATIONS = f"Annotations ({' '.join(f'*{each}' for each in ANNOTATIONS)})"
_PICTURES = "Pictures (*.tif)"
_PROJECTS = f"CdSe projects (*{SUFFIX})"


def ask_folder(parent: QWidget | None) -> Path | None:
    """Let the user choose a folder of micrographs."""
    name = QFileDialog.getExistingDirectory(parent, "Folder of micrographs")
    return Path(name) if name else None


def ask_annotations(parent: QWidget | None, beside: Path) -> list[Path]:
    """Let the user choose files of other programs; none if they choose none."""
    names, _filter = QFileDialog.getOpenFileNames(
        parent, "Import annotations", str(beside), f"{_ANNOTATIONS};;All files (*)"
    )
    return [Path(name) for name in names]


def ask_lattice(parent: QWidget | None) -> Path | None:
    """Let the user choose a file that describes a lattice."""
    name, _kind = QFileDialog.getOpenFileName(
        parent, "Lattice", "", "Lattices (*.toml);;All files (*)"
    )
    return Path(name) if name else None


def ask_report(parent: QWidget | None, suggestion: Path) -> Path | None:
    """Let the user choose a file for a report."""
    return _ask_save(parent, "Write the report", suggestion, _PAGES, ".html")


def ask_figure(parent: QWidget | None, suggestion: str) -> Path | None:
    """Let the user choose a file for a figure, and its format."""
    name, kind = QFileDialog.getSaveFileName(
        parent, "Save the figure", str(_in_documents(suggestion)), ";;".join(_FIGURES)
    )
    if not name:
        return None
    path = Path(name)
    return path if path.suffix else path.with_suffix(_FIGURES.get(kind, ".png"))


def ask_forest(parent: QWidget | None) -> Path | None:
    """Let the user choose a model file."""
    name, _kind = QFileDialog.getOpenFileName(parent, "Forest", "", _FORESTS)
    return Path(name) if name else None


def ask_where(parent: QWidget | None, suggestion: str) -> Path | None:
    """Let the user choose a file for a forest."""
    return _ask_save(parent, "Save the forest", suggestion, _FORESTS, ".skops")


def ask_name(parent: QWidget | None, name: str) -> str | None:
    """Let the user rename a forest; None if they cancel."""
    text, given = QInputDialog.getText(
        parent,  # type: ignore[arg-type]  # Qt takes None for no parent
        "Forest",
        "Name:",
        text=name,
    )
    return text if given and text.strip() else None


def ask_picture(parent: QWidget | None, suggestion: str) -> Path | None:
    """Let the user choose a file for an image that has none."""
    title = "Keep the image as TIFF; its project will lie beside it"
    return _ask_save(parent, title, _in_documents(suggestion), _PICTURES, ".tif")


def _ask_save(
    parent: QWidget | None, title: str, suggestion: Path | str, kinds: str, suffix: str
) -> Path | None:
    """Let the user choose a file to write.

    Parameters
    ----------
    parent : QWidget or None
        The window that asks.
    title : str
        Title of the dialog.
    suggestion : Path or str
        The file selected at first.
    kinds : str
        Filter of files, as Qt writes it.
    suffix : str
        Added to a name without any.
    """
    name, _filter = QFileDialog.getSaveFileName(parent, title, str(suggestion), kinds)
    if not name:
        return None
    path = Path(name)
    return path if path.suffix else path.with_suffix(suffix)


def _in_documents(name: str) -> Path:
    """Return a file in the user's folder of documents."""
    documents = QStandardPaths.StandardLocation.DocumentsLocation
    return Path(QStandardPaths.writableLocation(documents), name)


def ask_project(parent: QWidget | None) -> Path | None:
    """Let the user choose a project file."""
    name, _kind = QFileDialog.getOpenFileName(
        parent, "Project file", "", f"{_PROJECTS};;All files (*)"
    )
    return Path(name) if name else None


def ask_place(
    parent: QWidget | None, question: str, act: str, name: str
) -> Path | None:
    """Let the user choose another place for a project file; None if they cancel.

    Parameters
    ----------
    parent : QWidget or None
        The window that asks.
    question : str
        Why another place is needed.
    act : str
        Text of the button.
    name : str
        Suggested name of the file.
    """
    box = QMessageBox(parent)
    box.setIcon(QMessageBox.Icon.Question)
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setText(plain(question))
    choose = box.addButton(caption(act), QMessageBox.ButtonRole.AcceptRole)
    box.addButton(QMessageBox.StandardButton.Cancel)
    box.exec()
    if box.clickedButton() is not choose:
        return None
    documents = QStandardPaths.StandardLocation.DocumentsLocation
    suggested = Path(QStandardPaths.writableLocation(documents), name)
    # An existing project is opened, and never overwritten.
    chosen, _kind = QFileDialog.getSaveFileName(
        parent,
        "Project file",
        str(suggested),
        _PROJECTS,
        options=QFileDialog.Option.DontConfirmOverwrite,
    )
    if not chosen:
        return None
    place = Path(chosen)
    return place if place.suffix == SUFFIX else place.with_name(place.name + SUFFIX)


def ask_which(
    parent: QWidget | None, question: str, choices: Sequence[str]
) -> int | None:
    """Let the user choose one of several lines; None if they cancel.

    Parameters
    ----------
    parent : QWidget or None
        The window that asks.
    question : str
        Why there is a choice.
    choices : sequence of str
        The lines; the first one is selected at first.
    """
    dialog = QDialog(parent)
    dialog.setWindowTitle("Project")
    text, lines = sentence(question), QListWidget()
    lines.addItems([plain(each) for each in choices])
    lines.setCurrentRow(0)
    kinds = QDialogButtonBox.StandardButton
    buttons = QDialogButtonBox(kinds.Ok | kinds.Cancel)
    buttons.accepted.connect(dialog.accept)
    buttons.rejected.connect(dialog.reject)
    lines.itemDoubleClicked.connect(dialog.accept)
    column = QVBoxLayout(dialog)
    for widget in (text, lines, buttons):
        column.addWidget(widget)
    taken = dialog.exec() == QDialog.DialogCode.Accepted
    dialog.deleteLater()
    return lines.currentRow() if taken else None


def tell(parent: QWidget, title: str, text: str, more: str) -> QMessageBox:
    """Show a message in a window that does not block the others."""
    box = QMessageBox(parent)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setWindowTitle(one_line(title))
    box.setText(plain(text))
    box.setInformativeText(plain(more))
    box.setModal(False)
    box.show()
    return box


def ask_to_leave(parent: QWidget, what: str) -> bool:
    """Ask whether to close although something would be lost; Return cancels.

    Parameters
    ----------
    parent : QWidget
        The window that asks.
    what : str
        What would be lost.
    """
    box = QMessageBox(parent)
    box.setIcon(QMessageBox.Icon.Warning)
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setText(plain(what))
    stay = box.addButton("Stay", QMessageBox.ButtonRole.RejectRole)
    leave = box.addButton("Leave all the same", QMessageBox.ButtonRole.DestructiveRole)
    box.setDefaultButton(stay)
    box.exec()
    return box.clickedButton() is leave
