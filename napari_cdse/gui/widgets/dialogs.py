"""Dialogs that ask for files or show a message."""

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
    names, _kind = QFileDialog.getOpenFileNames(
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
    """Let the user say where a report goes."""
    name, _kind = QFileDialog.getSaveFileName(
        parent, "Write the report", str(suggestion), _PAGES
    )
    if not name:
        return None
    path = Path(name)
    return path if path.suffix else path.with_suffix(".html")


def ask_figure(parent: QWidget | None, suggestion: str) -> Path | None:
    """Let the user say where a figure goes, and as what kind of file."""
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
    """Let the user say where a model file goes."""
    name, _kind = QFileDialog.getSaveFileName(
        parent, "Save the forest", suggestion, _FORESTS
    )
    if not name:
        return None
    path = Path(name)
    return path if path.suffix else path.with_suffix(".skops")


def ask_name(parent: QWidget | None, name: str) -> str | None:
    """Let the user give a forest another name."""
    text, given = QInputDialog.getText(
        parent,  # type: ignore[arg-type]  # Qt takes None for no parent
        "Forest",
        "Name:",
        text=name,
    )
    return text if given and text.strip() else None


def ask_picture(parent: QWidget | None, suggestion: str) -> Path | None:
    """Let the user say where a picture is kept that has no file."""
    name, _kind = QFileDialog.getSaveFileName(
        parent,
        "Keep the image as TIFF; its project will lie beside it",
        str(_in_documents(suggestion)),
        _PICTURES,
    )
    if not name:
        return None
    path = Path(name)
    return path if path.suffix else path.with_suffix(".tif")


def _in_documents(name: str) -> Path:
    """Suggest the user's own folder, which no micrograph need lie in."""
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
    """Let the user choose where a project file shall lie, or leave it.

    Parameters
    ----------
    parent : QWidget or None
        The window that asks.
    question : str
        Why another place is wanted.
    act : str
        What the button says.
    name : str
        Suggested for the file.
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
    # One that is there is opened, never overwritten.
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
    """Let the user choose a line; None if they choose none.

    Parameters
    ----------
    parent : QWidget or None
        The window that asks.
    question : str
        Why there is a choice.
    choices : sequence of str
        The lines; the first is chosen at first.
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
    """Say something in a window that stays beside the work until it is closed."""
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
    """Ask whether to go although something would be lost; Return stays.

    Parameters
    ----------
    parent : QWidget
        The window that asks.
    what : str
        What would be lost, in words.
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
