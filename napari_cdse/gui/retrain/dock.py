"""The dock Retrain: labels per class, retraining, choice of the forest."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from qtpy.QtCore import Slot
from qtpy.QtWidgets import (
    QCheckBox,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QWidget,
)

from napari_cdse.core.params import ForestParams
from napari_cdse.core.records import CLASSES, Label
from napari_cdse.gui.retrain.audit_row import AuditRow
from napari_cdse.gui.retrain.comparison_view import ComparisonView
from napari_cdse.gui.retrain.comparison_window import ComparisonWindow
from napari_cdse.gui.retrain.model_row import ModelRow
from napari_cdse.gui.retrain.studies_view import StudiesView
from napari_cdse.gui.session.viewer_window import main_window
from napari_cdse.gui.widgets.layout import (
    PlainLabel,
    flush_column,
    folded,
    row_of,
    say,
    scroll_down,
    sentence,
    view_column,
)
from napari_cdse.gui.widgets.params_form import ParamsForm
from napari_cdse.gui.widgets.progress_row import ProgressRow
from napari_cdse.gui.workspace import Workspace
from napari_cdse.gui.workspace.dock import WorkspaceDock, WorkspaceView

_FEW = (
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
    """The forests of the open project and what a new one would change.

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
        self.form = ParamsForm(ForestParams(), _FEW)
        self.ahead = sentence()
        self.ahead.setToolTip(
            "From forests that learnt from a quarter, a half and all of your labels"
        )
        self.studies = StudiesView()
        self.progress = ProgressRow(self._session.runner.cancel)
        self.comparison = ComparisonView()
        self.compared: ComparisonWindow | None = None
        self._shown: object = None
        self._studied: object = (None, None)
        self._told_ahead: tuple[object, int] = (None, 0)
        self._lay_out()
        self._connect()
        self._ask_for_decision(False)

    def _lay_out(self) -> None:
        self.retrain = QPushButton("Retrain")
        self.retrain.setToolTip(
            "Train a new forest; the one in use stays until you use the new one"
        )
        self.before = QWidget()
        before = flush_column(self.before)
        for widget in (self.audit, self.counts, self.ahead, self.retrain):
            before.addWidget(widget)
        column = view_column(self)
        column.addWidget(self.forests)
        column.addWidget(self.before)
        column.addWidget(self.progress)
        column.addWidget(self._scrolling(), 1)
        column.addWidget(self._decision())

    def _decision(self) -> QWidget:
        self.name = QLineEdit()
        self.name.setToolTip("What to call the new forest")
        self.keep = QPushButton("Use new")
        self.keep.setToolTip("Classify everything anew with the new forest")
        self.keep_both = QPushButton("Keep both")
        self.keep_both.setToolTip(
            "Leave the old forest in use, and the new one in the project's list"
        )
        self.reject = QPushButton("Keep old")
        self.reject.setToolTip("Drop the new forest; nothing changes")
        self.compare_forests = QPushButton("Compare\u2026")
        self.compare_forests.setToolTip(
            "Both forests in a window: what they got wrong, and each particle that "
            "would change class, as pictures"
        )
        name = row_of((PlainLabel("New forest"), self.name))
        name.setStretchFactor(self.name, 1)
        self.decision = QWidget()
        column = flush_column(self.decision)
        column.addWidget(self.compare_forests)
        column.addLayout(name)
        column.addLayout(row_of((self.keep, self.keep_both, self.reject)))
        return self.decision

    def _scrolling(self) -> QScrollArea:
        """Figures and parameters: a small screen must not grow for them."""
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
        self.what_counts = folded(
            "What could be better",
            "Tries settings on a grid, and tells what each feature is worth",
            self.studies,
        )
        inside = QWidget()
        column = flush_column(inside)
        column.addWidget(self.comparison)
        column.addWidget(self.parameters)
        column.addWidget(self.what_counts)
        column.addStretch(1)
        area = QScrollArea()
        scroll_down(area, inside)
        return area

    def _connect(self) -> None:
        session, training = self._session, self._training
        self.retrain.clicked.connect(self._on_retrain)
        self.keep.clicked.connect(self._use_new)
        self.keep_both.clicked.connect(self._keep_both)
        self.compare_forests.clicked.connect(self.compare)
        self.studies.tried.connect(lambda: self._ask(training.try_settings))
        self.studies.weighed.connect(lambda: self._ask(training.weigh_features))
        self.studies.chosen.connect(self._take_settings)
        self.reject.clicked.connect(training.reject)
        training.changed.connect(self.refresh)
        for signal in (
            session.micrographs_changed,
            session.models_changed,
            session.runner.changed,
        ):
            signal.connect(self.refresh)

    @Slot()
    def _use_new(self) -> None:
        self._training.keep(self.name.text())

    @Slot()
    def _keep_both(self) -> None:
        self._training.keep_both(self.name.text())

    @Slot()
    def compare(self) -> None:
        """Show both forests beside each other, in a window of their own."""
        if self.compared is None:
            self.compared = self._new_window()
        self.compared.show_outcome(self._training.outcome)
        self.compared.come_back()

    def _new_window(self) -> ComparisonWindow:
        session = self._session
        made = ComparisonWindow(session, self._navigation, main_window(session.viewer))
        made.used.connect(self._use_new)
        made.kept_both.connect(self._keep_both)
        made.kept_old.connect(self._training.reject)
        # It goes with the dock, whose buttons it has.
        self.destroyed.connect(made.deleteLater)
        return made

    def _on_retrain(self) -> None:
        self._ask(self._training.retrain)

    def _take_settings(self, params: ForestParams) -> None:
        """Show settings that were tried; the next retraining takes them."""
        self.form.set_value(params)
        self.parameters.expand(animate=False)

    def _ask(self, what: Callable[..., object]) -> None:
        """Start something with the settings that the form shows."""
        params = None
        with self._session.reporting_errors("settings of a retraining"):
            params = self.form.value()
        if params is not None:
            what(self._with_features(params), onto=self.onto.isChecked())

    def _with_features(self, params: ForestParams) -> ForestParams:
        """Take the features of the forest in use, so that its table can be joined."""
        model = self._classification.model()
        known = {} if model is None else model.card.parameters
        return replace(params, features=str(known.get("features", params.features)))

    def show_project(self) -> None:
        """Show another project."""
        self.audit.refresh()
        self.refresh()

    @Slot()
    def refresh(self) -> None:
        """Show counts, the forest in use, and the outcome if there is one."""
        training, project = self._training, self._session.project
        counts = project.particles.counts()
        labelled = sum(counts.values())
        self.counts.setText(self._counts_text(counts, labelled))
        self.forests.refresh()
        self.retrain.setEnabled(labelled > 0 and training.job is None)
        running = training.job if training.job in self._session.runner.jobs else None
        self.progress.follow(running)
        self._show_ahead(labelled)
        self._show_outcome()
        self._show_studies(busy=training.job is not None, ready=labelled > 0)

    def _show_ahead(self, labelled: int) -> None:
        """Say what more labels would buy; that they are too few only while they are."""
        training = self._training
        ahead, outcome = training.forecast, training.outcome
        if ahead is not self._told_ahead[0]:
            self._told_ahead = ahead, labelled
        words = "" if ahead is None else ahead.sentence
        too_few = ahead is not None and bool(ahead.note)
        outdated = too_few and labelled != self._told_ahead[1]
        said = outcome is not None and words in (outcome.scores.note or "")
        say(self.ahead, "" if outdated or said else words)

    def _show_studies(self, *, busy: bool, ready: bool) -> None:
        training = self._training
        self.studies.set_busy(busy, ready)
        found = (training.tuning, training.importance)
        if found == self._studied:
            return
        self._studied = found
        self.studies.clear()
        if training.tuning is not None:
            self.studies.show_tuning(training.tuning)
        if training.importance is not None:
            self.studies.show_importance(training.importance)

    def _show_outcome(self) -> None:
        """Show the new forest, only when it is another: labelling must stay quick."""
        outcome = self._training.outcome
        if outcome is self._shown:
            return
        self._shown = outcome
        self._ask_for_decision(outcome is not None)
        if outcome is not None:
            self.name.setText(outcome.model.card.name)
            hides = self._session.project.audits.hides
            self.comparison.show_outcome(outcome, hides)
        if self.compared is not None:
            self.compared.show_outcome(outcome)

    def _ask_for_decision(self, waiting: bool) -> None:
        """Give the dock to the new forest, and back to what leads to one."""
        self.before.setVisible(not waiting)
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
