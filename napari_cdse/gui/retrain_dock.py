"""Dock: labels per class, retrain, old beside new, keep or not."""

from dataclasses import replace

from napari.viewer import Viewer
from qtpy.QtCore import Qt
from qtpy.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)
from superqt import QCollapsible

from napari_cdse.core.errors import CdseError
from napari_cdse.core.params import ForestParams
from napari_cdse.core.records import CLASSES
from napari_cdse.gui import notices
from napari_cdse.gui.comparison_view import ComparisonView
from napari_cdse.gui.params_form import ParamsForm
from napari_cdse.gui.progress_row import ProgressRow
from napari_cdse.gui.sessions import session_for

_FEW = ("trees", "own_weight", "copies", "folds", "seed")
_EMPTY = "Open a folder of micrographs, or the sample project."
_NO_LABELS = (
    "Label some particles first; the forest learns from them and from its own table."
)


class RetrainDock(QWidget):
    """Train a new forest from the corrections and see what would change.

    Parameters
    ----------
    napari_viewer : Viewer
    """

    def __init__(self, napari_viewer: Viewer) -> None:
        super().__init__()
        self.session = session_for(napari_viewer)
        self.counts = QLabel()
        self.counts.setWordWrap(True)
        self.model = QLabel()
        self.model.setWordWrap(True)
        self.form = ParamsForm(ForestParams(), _FEW)
        self.progress = ProgressRow(self.session.runner.cancel)
        self.comparison = ComparisonView()
        self._lay_out()
        self._connect()
        self.refresh()

    def _lay_out(self) -> None:
        self.retrain = QPushButton("Retrain")
        self.retrain.setToolTip(
            "Train a new forest; the one in use stays until you keep the new one"
        )
        self.keep = QPushButton("Keep new")
        self.keep.setToolTip("Classify everything anew with the new forest")
        self.reject = QPushButton("Keep old")
        self.reject.setToolTip("Drop the new forest; nothing changes")
        column = QVBoxLayout(self)
        column.setContentsMargins(6, 6, 6, 6)
        column.setSpacing(6)
        for widget in (self.model, self.counts, self.retrain, self.progress):
            column.addWidget(widget)
        column.addWidget(self._scrolling(), 1)
        decision = QHBoxLayout()
        decision.addWidget(self.keep)
        decision.addWidget(self.reject)
        column.addLayout(decision)

    def _scrolling(self) -> QScrollArea:
        """Figures and parameters: a small screen must not grow for them."""
        self.parameters = QCollapsible("How the forest is trained")
        self.parameters.addWidget(self.form.native)
        self.parameters.collapse(animate=False)
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.comparison)
        column.addWidget(self.parameters)
        column.addStretch(1)
        area = QScrollArea()
        area.setWidget(inside)
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        return area

    def _connect(self) -> None:
        session = self.session
        self.retrain.clicked.connect(self._on_retrain)
        self.keep.clicked.connect(session.trainer.keep)
        self.reject.clicked.connect(session.trainer.reject)
        session.trainer.changed.connect(self.refresh)
        for signal in (
            session.project_changed,
            session.micrographs_changed,
            session.models_changed,
            session.runner.changed,
        ):
            signal.connect(self.refresh)

    def _on_retrain(self) -> None:
        try:
            params = self.form.value()
        except CdseError as error:
            notices.warn(str(error))
            return
        self.session.trainer.retrain(self._with_features(params))

    def _with_features(self, params: ForestParams) -> ForestParams:
        """Take the features of the forest in use, so that its table can be joined."""
        model = self.session.analyst.model()
        known = {} if model is None else model.card.parameters
        return replace(params, features=str(known.get("features", params.features)))

    def refresh(self) -> None:
        """Show counts, the forest in use, and the outcome if there is one."""
        trainer, project = self.session.trainer, self.session.project
        counts = {} if project is None else project.counts()
        labelled = sum(counts.values())
        self.counts.setText(self._counts_text(counts, labelled))
        self.model.setText("" if project is None else _in_use(project))
        self.model.setVisible(project is not None)
        self.retrain.setEnabled(labelled > 0 and trainer.job is None)
        running = trainer.job if trainer.job in self.session.runner.jobs else None
        self.progress.follow(running)
        outcome = trainer.outcome
        self.comparison.setVisible(outcome is not None)
        for button in (self.keep, self.reject):
            button.setVisible(outcome is not None)
        if outcome is not None:
            self.comparison.show_outcome(outcome, *trainer.flips())

    def _counts_text(self, counts: dict, labelled: int) -> str:
        if self.session.project is None:
            return _EMPTY
        if not labelled:
            return _NO_LABELS
        each = ", ".join(f"{counts[one]} {one}" for one in CLASSES)
        return f"Your labels: {each}"


def _in_use(project: object) -> str:
    card = next(
        (one for one in project.models if one.id == project.active_model_id), None
    )
    if card is None:
        return "No forest in use yet"
    return f"In use: {card.name or card.id[:8]}, {card.n_micrographs} micrographs"
