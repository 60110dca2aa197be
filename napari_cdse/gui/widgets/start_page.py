"""What a dock shows while no project is open: how to begin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from qtpy.QtWidgets import QPushButton, QVBoxLayout, QWidget

from napari_cdse.gui.session.plain_text import caption
from napari_cdse.gui.widgets.layout import hint, row_of

if TYPE_CHECKING:
    from qtpy.QtCore import SignalInstance


class Opener(Protocol):
    """Opens projects, whoever asks."""

    @property
    def image_changed(self) -> SignalInstance:
        """Goes out when another image could be used, or none."""

    @property
    def image_name(self) -> str | None:
        """Name of the image that is open in napari; None where none could be used."""

    def choose_folder(self) -> None:
        """Ask for a folder."""

    def choose_project(self) -> None:
        """Ask for a project file."""

    def open_sample(self) -> None:
        """Open the sample project."""

    def use_image(self) -> None:
        """Make the image that is open in napari a project."""


def opening_buttons(opener: Opener) -> tuple[QPushButton, QPushButton, QPushButton]:
    """Make the buttons for a folder, a project and the sample."""
    folder, project = QPushButton("Open folder"), QPushButton("Open project")
    sample = QPushButton("Sample")
    folder.setToolTip("A folder of micrographs; its project opens too")
    project.setToolTip("A project file (.cdse)")
    sample.setToolTip("Simulated micrographs to try things on")
    folder.clicked.connect(lambda: opener.choose_folder())
    project.clicked.connect(lambda: opener.choose_project())
    sample.clicked.connect(lambda: opener.open_sample())
    return folder, project, sample


class StartPage(QWidget):
    """A sentence, and buttons below it.

    Parameters
    ----------
    words : str
    opener : Opener
    buttons : bool
        Whether those for folder, project and sample are here, and not elsewhere in
        the dock.
    """

    def __init__(self, words: str, opener: Opener, *, buttons: bool = True) -> None:
        super().__init__()
        self._opener = opener
        self.use_image = QPushButton()
        self.use_image.setToolTip(
            "The image that is open in napari becomes a project; one without a file is "
            "kept as TIFF"
        )
        self.use_image.clicked.connect(lambda: opener.use_image())
        column = QVBoxLayout(self)
        column.addStretch(1)
        column.addWidget(hint(words))
        if buttons:
            column.addLayout(row_of(opening_buttons(opener)))
        column.addWidget(self.use_image)
        column.addStretch(1)
        opener.image_changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Offer the image that is open, if there is one."""
        name = self._opener.image_name
        self.use_image.setText(caption(f"Use the image that is open: {name}"))
        self.use_image.setVisible(name is not None)
