"""The page of a dock while no project is open, with buttons to open one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from qtpy.QtWidgets import QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from napari_cdse.gui.session.plain_text import caption
from napari_cdse.gui.widgets.layout import hint, row_of, wrapped
from napari_cdse.project import DEFAULT_NAME

if TYPE_CHECKING:
    from pathlib import Path

    from qtpy.QtCore import SignalInstance


class Opener(Protocol):
    """What opens projects for the buttons."""

    @property
    def image_changed(self) -> SignalInstance:
        """Emitted when another image can be used, or none."""

    @property
    def image_name(self) -> str | None:
        """Name of the image in napari that can be used; None if there is none."""

    def choose_folder(self) -> None:
        """Ask for a folder."""

    def choose_project(self) -> None:
        """Ask for a project file."""

    def open_sample(self) -> None:
        """Open the sample project."""

    @property
    def recent(self) -> tuple[Path, ...]:
        """Projects that were open before, the latest first."""

    def open_recent(self, path: Path) -> None:
        """Open a project that was open before."""

    def use_image(self) -> None:
        """Make a project of the image in napari."""


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


def _of_any_width(words: str) -> QLabel:
    """Make a sentence that never makes a dock wider."""
    label = hint(words)
    policy = QSizePolicy.Policy
    label.setSizePolicy(policy.Ignored, policy.Preferred)
    return label


def project_name(path: Path) -> str:
    """Return a project's name: its folder, and its file if that is no usual one."""
    folder = path.parent.name or str(path.parent)
    return folder if path.name == DEFAULT_NAME else f"{folder}: {path.stem}"


class StartPage(QWidget):
    """A sentence with buttons below it, and the projects that were open before.

    Parameters
    ----------
    words : str
        The sentence.
    opener : Opener
    buttons : bool
        Whether there are buttons for a folder, a project and the sample.
    recent : bool
        Whether projects that were open before are listed.
    """

    def __init__(
        self,
        words: str,
        opener: Opener,
        *,
        buttons: bool = True,
        recent: bool = False,
    ) -> None:
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
        column.addWidget(_of_any_width(words))
        if buttons:
            column.addLayout(row_of(opening_buttons(opener)))
        column.addWidget(self.use_image)
        listed = opener.recent if recent else ()
        if listed:
            column.addWidget(hint("Recent projects"))
        for path in listed:
            column.addWidget(self._recent_button(path))
        column.addStretch(1)
        opener.image_changed.connect(self.refresh)
        self.refresh()

    def _recent_button(self, path: Path) -> QPushButton:
        button = QPushButton(caption(project_name(path)))
        button.setToolTip(wrapped(str(path)))
        button.clicked.connect(lambda: self._opener.open_recent(path))
        return button

    def refresh(self) -> None:
        """Offer the image in napari, if there is one that can be used."""
        name = self._opener.image_name
        self.use_image.setText(caption(f"Use the image that is open: {name}"))
        self.use_image.setVisible(name is not None)
