"""Progress of a running job with a Cancel button; afterwards its outcome."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtWidgets import QProgressBar, QPushButton, QWidget

from napari_cdse.core.progress import TimeLeft
from napari_cdse.gui.widgets.layout import flush_column, row_of, sentence

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_cdse.gui.session.workers import Job

_STEPS = 1000


class ProgressRow(QWidget):
    """Shows a job while it runs, and its outcome afterwards.

    Parameters
    ----------
    cancel : callable
        Called with the job to stop.
    """

    def __init__(
        self, cancel: Callable[[Job], None], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._cancel = cancel
        self._job: Job | None = None
        self._time_left = TimeLeft()
        self.title = sentence()
        self.bar = QProgressBar()
        self.bar.setRange(0, _STEPS)
        self.button = QPushButton("Cancel")
        self.button.setToolTip("Stop here; what is finished is kept")
        self.button.clicked.connect(self._on_cancel)
        line = row_of((self.bar, self.button))
        line.setStretchFactor(self.bar, 1)
        column = flush_column(self)
        column.addWidget(self.title)
        column.addLayout(line)
        self.hide()

    def follow(self, job: Job | None) -> None:
        """Show another job; None for none."""
        before, self._job = self._job, job
        if job is before:
            return
        if before is not None:
            before.progressed.disconnect(self._on_progress)
        for part in (self.bar, self.button):
            part.setVisible(job is not None)
        if job is None:
            self._show_outcome("" if before is None else before.outcome)
            return
        self.show()
        self._time_left = TimeLeft()
        self.bar.setValue(0)
        self.button.setEnabled(True)
        self.title.setText(job.title)
        job.progressed.connect(self._on_progress)

    def forget(self) -> None:
        """Hide the outcome of the last job."""
        if self._job is None:
            self._show_outcome("")

    def _show_outcome(self, outcome: str) -> None:
        self.title.setText(outcome)
        self.setVisible(bool(outcome))

    def _on_progress(self, share: float) -> None:
        self.bar.setValue(round(share * _STEPS))
        if self._job is None or self._job.cancelled:
            return
        left = self._time_left.in_words(share)
        self.title.setText(f"{self._job.title}, {left}" if left else self._job.title)

    def _on_cancel(self) -> None:
        if self._job is None:
            return
        self.button.setEnabled(False)
        self.title.setText(f"{self._job.title}: stopping")
        self._cancel(self._job)
