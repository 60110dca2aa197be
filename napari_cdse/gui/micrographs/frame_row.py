"""Row to choose the frames of a stack or movie: a slider with two ends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QComboBox, QHBoxLayout, QPushButton, QWidget
from superqt import QRangeSlider

from napari_cdse.gui.widgets.layout import flush_column, sentence
from napari_cdse.io.images.frame import choice_of, frame_words, frames_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_cdse.io.images.frame import FrameChoice


class FrameRow(QWidget):
    """Slider over the frames of the open file; hidden if there is only one.

    Parameters
    ----------
    apply : callable
        Called with the first and the last frame, and whether they apply to all files.

    Attributes
    ----------
    slider : QRangeSlider
        Its ends are the first and the last frame. On the same frame they choose it
        alone, else the mean of all from the first to the last.
    """

    def __init__(
        self,
        apply: Callable[[int, int, bool], None],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._apply = apply
        self._shown: tuple[FrameChoice, int] | None = None
        self.label = sentence()
        self.slider: Any = QRangeSlider(Qt.Orientation.Horizontal)  # type: ignore[no-untyped-call]
        self.slider.setToolTip(
            "Put both ends on one frame, or apart for the mean of those between"
        )
        self.slider.valueChanged.connect(self._show_words)
        self.scope = QComboBox()
        self.scope.addItems(["for this one", "for all files"])
        self.scope.setToolTip(
            "All files: those that have these frames, and those that come later"
        )
        self.button = QPushButton("Read")
        self.button.setToolTip(
            "Read this frame or mean; circles that were found in another are dropped, "
            "and undo brings them back"
        )
        self.button.clicked.connect(self._on_read)
        line = QHBoxLayout()
        for widget, stretch in ((self.slider, 1), (self.scope, 0), (self.button, 0)):
            line.addWidget(widget, stretch)
        column = flush_column(self)
        column.setSpacing(2)
        column.addWidget(self.label)
        column.addLayout(line)
        self.hide()

    def show_frames(self, choice: FrameChoice, n_frames: int) -> None:
        """Show which frames are read; the slider stays if they are the same."""
        self.setVisible(n_frames > 1)
        if n_frames < 2 or self._shown == (choice, n_frames):
            return
        self._shown = choice, n_frames
        self.slider.setRange(0, n_frames - 1)
        self.slider.setValue(frames_of(choice, n_frames))
        self._show_words()

    @property
    def wanted(self) -> tuple[int, int]:
        """The first and the last frame chosen by the slider."""
        first, last = self.slider.value()
        return int(first), int(last)

    def _show_words(self) -> None:
        if self._shown is None:
            return
        read, n_frames = self._shown
        first, last = self.wanted
        wanted = choice_of(first, last, n_frames)
        words = frame_words(read)
        if wanted != read:
            words += f"; {frame_words(wanted)} is not read yet"
        self.label.setText(f"{n_frames} frames, read: {words}")

    def _on_read(self) -> None:
        self._apply(*self.wanted, self.scope.currentIndex() == 1)
