"""The dock Retrain: labels per class, retraining, choice of the forest.

`RetrainView` shows the controls of the next retraining, or a new forest that waits for
the user's decision (`comparison_view`, `decision_panel`).
"""

from collections.abc import Callable, Mapping
from dataclasses import replace

from qtpy.QtCore import Slot
from qtpy.QtWidgets import QCheckBox, QPushButton, QScrollArea, QWidget

from napari_cdse.core.params import ForestParams
from napari_cdse.core.records import CLASSES, Label
from napari_cdse.gui.retrain.audit_row import AuditRow
from napari_cdse.gui.retrain.comparison_view import ComparisonView
from napari_cdse.gui.retrain.comparison_window import ComparisonWindow
from napari_cdse.gui.retrain.decision_panel import DecisionPanel
from napari_cdse.gui.retrain.model_row import ModelRow
from napari_cdse.gui.retrain.studies_view import StudiesView
from napari_cdse.gui.session.viewer_window import main_window
from napari_cdse.gui.widgets.layout import (
    flush_column,
    folded,
    say,
    scroll_down,
    sentence,
    view_column,
)
from napari_cdse.gui.widgets.params_form import ParamsForm
from napari_cdse.gui.widgets.progress_row import ProgressRow
from napari_cdse.gui.workspace import Workspace
from napari_cdse.gui.workspace.dock import WorkspaceDock, WorkspaceView

_SHOWN_PARAMS = (
    "trees",
    "split_features",
    "criterion",
    "own_weight",
    "copies",
    "folds",
    "seed",
)
_NO_LABELS = (
    "Label some particles first; the forest learns from them and from its own table."
)


class RetrainView(WorkspaceView):
    """The forests of the open project, and what a new one would change.

    Parameters
    ----------
    workspace : Workspace
    """

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace)
        self._training = workspace.training
        self._classification = workspace.classification
        self._navigation = workspace.navigation
        self.counts = sentence()
        self.forests = ModelRow(self._session, self._training)
        self.audit = AuditRow(self._session)
        self.form = ParamsForm(ForestParams(), _SHOWN_PARAMS)
        self.forecast = sentence()
        self.forecast.setToolTip(
            "From forests that learnt from a quarter, a half and all of your labels"
        )
        self.studies = StudiesView()
        self.progress = ProgressRow(self._session.runner.cancel)
        self.comparison = ComparisonView()
        self.decision = DecisionPanel()
        self.comparison_window: ComparisonWindow | None = None
        self._shown_outcome: object = None
        self._shown_studies: object = (None, None)
        # The forecast shown, and the number of labels at its time.
        self._shown_forecast: tuple[object, int] = (None, 0)
        self._lay_out()
        self._connect()
        self._show_decision(False)

    def _lay_out(self) -> None:
        self.retrain = QPushButton("Retrain")
        self.retrain.setToolTip(
            "Train a new forest; the one in use stays until you use the new one"
        )
        self.preparation = QWidget()
        preparation = flush_column(self.preparation)
        for widget in (self.audit, self.counts, self.forecast, self.retrain):
            preparation.addWidget(widget)
        column = view_column(self)
        column.addWidget(self.forests)
        column.addWidget(self.preparation)
        column.addWidget(self.progress)
        column.addWidget(self._scroll_area(), 1)
        column.addWidget(self.decision)

    def _scroll_area(self) -> QScrollArea:
        """Return the area of results and parameters, which may need much height."""
        self.onto = QCheckBox("Learn on top of the forest in use")
        self.onto.setChecked(True)
        self.onto.setToolTip(
            "Join your labels with what the forest in use learnt from elsewhere; "
            "without it, the new forest learns from your labels alone"
        )
        self.parameters = folded(
            "How the forest is trained",
            "Settings of the next forest; those shown at first suit most",
            self.onto,
            self.form.native,
        )
        self.study_fold = folded(
            "What could be better",
            "Tries settings on a grid, and tells what each feature is worth",
            self.studies,
        )
        inside = QWidget()
        column = flush_column(inside)
        column.addWidget(self.comparison)
        column.addWidget(self.parameters)
        column.addWidget(self.study_fold)
        column.addStretch(1)
        area = QScrollArea()
        scroll_down(area, inside)
        return area

    def _connect(self) -> None:
        session, training = self._session, self._training
        self.retrain.clicked.connect(self._on_retrain)
        self.decision.use_new.clicked.connect(self._use_new)
        self.decision.keep_both.clicked.connect(self._keep_both)
        self.decision.keep_old.clicked.connect(training.reject)
        self.decision.compare.clicked.connect(self.compare)
        studies = self.studies
        studies.tuning_requested.connect(lambda: self._start(training.try_settings))
        studies.importance_requested.connect(
            lambda: self._start(training.weigh_features)
        )
        studies.chosen.connect(self._set_params)
        training.changed.connect(self.refresh)
        for signal in (
            session.micrographs_changed,
            session.models_changed,
            session.runner.changed,
        ):
            signal.connect(self.refresh)

    @Slot()
    def _use_new(self) -> None:
        self._training.keep(self.decision.name.text())

    @Slot()
    def _keep_both(self) -> None:
        self._training.keep_both(self.decision.name.text())

    @Slot()
    def compare(self) -> None:
        """Show both forests side by side in a window."""
        if self.comparison_window is None:
            self.comparison_window = self._new_window()
        self.comparison_window.show_outcome(self._training.outcome)
        self.comparison_window.come_back()

    def _new_window(self) -> ComparisonWindow:
        session = self._session
        parent = main_window(session.viewer)
        window = ComparisonWindow(session, self._navigation, parent)
        window.used.connect(self._use_new)
        window.kept_both.connect(self._keep_both)
        window.kept_old.connect(self._training.reject)
        # Its buttons act on the dock.
        self.destroyed.connect(window.deleteLater)
        return window

    def _on_retrain(self) -> None:
        self._start(self._training.retrain)

    def _set_params(self, params: ForestParams) -> None:
        """Set the parameters of the next retraining."""
        self.form.set_value(params)
        self.parameters.expand(animate=False)

    def _start(self, work: Callable[..., object]) -> None:
        """Start a retraining or study with the parameters that the form shows."""
        params = None
        with self._session.reporting_errors("settings of a retraining"):
            params = self.form.value()
        if params is not None:
            work(self._with_features(params), onto=self.onto.isChecked())

    def _with_features(self, params: ForestParams) -> ForestParams:
        """Use the features of the forest in use, for its table to be joined."""
        model = self._classification.model()
        used = {} if model is None else model.card.parameters
        return replace(params, features=str(used.get("features", params.features)))

    def show_project(self) -> None:
        """Show another project."""
        self.audit.refresh()
        self.refresh()

    @Slot()
    def refresh(self) -> None:
        """Show the counts of labels, the forest in use, and the outcome."""
        training, project = self._training, self._session.project
        counts = project.particles.counts()
        labelled = sum(counts.values())
        self.counts.setText(self._counts_text(counts, labelled))
        self.forests.refresh()
        self.retrain.setEnabled(labelled > 0 and training.job is None)
        running = training.job if training.job in self._session.runner.jobs else None
        self.progress.follow(running)
        self._show_forecast(labelled)
        self._show_outcome()
        self._show_studies(busy=training.job is not None, ready=labelled > 0)

    def _show_forecast(self, labelled: int) -> None:
        """Show what more labels would give.

        That there are too few labels is shown only until there are more.
        """
        training = self._training
        forecast, outcome = training.forecast, training.outcome
        if forecast is not self._shown_forecast[0]:
            self._shown_forecast = forecast, labelled
        words = "" if forecast is None else forecast.sentence
        is_about_few = forecast is not None and bool(forecast.note)
        is_outdated = is_about_few and labelled != self._shown_forecast[1]
        is_repeated = outcome is not None and words in (outcome.scores.note or "")
        say(self.forecast, "" if is_outdated or is_repeated else words)

    def _show_studies(self, *, busy: bool, ready: bool) -> None:
        training = self._training
        self.studies.set_busy(busy, ready)
        results = (training.tuning, training.importance)
        if results == self._shown_studies:
            return
        self._shown_studies = results
        self.studies.clear()
        if training.tuning is not None:
            self.studies.show_tuning(training.tuning)
        if training.importance is not None:
            self.studies.show_importance(training.importance)

    def _show_outcome(self) -> None:
        """Show the new forest, if it is another one."""
        outcome = self._training.outcome
        if outcome is self._shown_outcome:
            return
        self._shown_outcome = outcome
        self._show_decision(outcome is not None)
        if outcome is not None:
            self.decision.name.setText(outcome.model.card.name)
            hides = self._session.project.audits.hides
            self.comparison.show_outcome(outcome, hides)
        if self.comparison_window is not None:
            self.comparison_window.show_outcome(outcome)

    def _show_decision(self, waiting: bool) -> None:
        """Show either the new forest, or what prepares the next retraining."""
        self.preparation.setVisible(not waiting)
        self.comparison.setVisible(waiting)
        self.decision.setVisible(waiting)

    def _counts_text(self, counts: Mapping[Label, int], labelled: int) -> str:
        if not labelled:
            return _NO_LABELS
        each = ", ".join(f"{counts[one]} {one}" for one in CLASSES)
        return f"Your labels: {each}"


class RetrainDock(WorkspaceDock):
    """Train a new forest from the corrections and see what would change."""

    view_class = RetrainView
