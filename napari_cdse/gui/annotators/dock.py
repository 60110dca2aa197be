"""The dock Annotators: names, blind labelling, agreement and disagreements.

It shows how far each two annotators agree, and hides the labels of others while the
user labels blindly.
"""

from qtpy.QtCore import Slot
from qtpy.QtGui import QAction
from qtpy.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFormLayout,
    QLineEdit,
    QMenu,
    QPushButton,
)
from superqt.utils import signals_blocked

from napari_cdse.core.review.annotator_agreement import Agreement
from napari_cdse.gui.session.plain_text import caption, one_line
from napari_cdse.gui.widgets.confusion_matrix import ConfusionView
from napari_cdse.gui.widgets.layout import keyless, sentence, view_column
from napari_cdse.gui.widgets.rest_timer import RestTimer
from napari_cdse.gui.workspace import Workspace
from napari_cdse.gui.workspace.dock import WorkspaceDock, WorkspaceView
from napari_cdse.project.state.annotator_labels import LABEL_FILES

_REFRESH_MS = 400
"""How long labelling must rest before all labels are counted again."""
_ALSO_ME_TIP = (
    "Another name is another person, who judges what is drawn at random unseen once "
    "more. Tick a name under which you began yourself"
)
_NO_LABELS = "Nobody has labelled a particle yet."
_ALONE = (
    "Only {} has labelled so far. A second person gives their name above and goes "
    "through the queue: what is drawn at random comes up for them as well, unseen. "
    "With the others' labels hidden they may label all. Then both are compared here."
)
_BLIND = (
    "How far you agree is shown as soon as the labels of others are: it would tell "
    "them."
)
_HIDDEN_TIP = (
    "Show the forest's word, not what others said or left for later, so that your "
    "labels are your own; their notes show once you have labelled. Only labels given "
    "like this can be compared."
)


class AnnotatorsView(WorkspaceView):
    """The annotators of the open project.

    Parameters
    ----------
    workspace : Workspace
    """

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace)
        self._annotator = workspace.annotator
        self._navigation = workspace.navigation
        self.name = QLineEdit()
        self.name.setPlaceholderText("your name")
        self.name.setToolTip(
            "Stands with each label you give; also in napari's Preferences"
        )
        self.also_me = keyless(QPushButton("Also me"))
        self.also_me.setToolTip(_ALSO_ME_TIP)
        self.also_me.setMenu(QMenu(self.also_me))
        self.hide_others = keyless(QCheckBox("Hide the labels of others"))
        self.hide_others.setToolTip(_HIDDEN_TIP)
        self.agreement = sentence()
        self.draws = sentence()
        self.curves = sentence()
        self.pairs = keyless(QComboBox())
        self.pairs.setToolTip("Which two annotators are compared")
        self.confusion = ConfusionView("")
        self.review = keyless(QPushButton())
        self.review.setToolTip(
            "One is settled by the next label that anyone gives to it"
        )
        self._agreements: tuple[Agreement, ...] = ()
        self._later = RestTimer(self, self._show_all, _REFRESH_MS, self._session.warn)
        self._lay_out()
        self._connect()

    def _lay_out(self) -> None:
        column = view_column(self)
        form = QFormLayout()
        form.addRow("You are", self.name)
        column.addLayout(form)
        for widget in (
            self.also_me,
            self.hide_others,
            self.draws,
            self.pairs,
            self.agreement,
            self.confusion,
            self.review,
            self.curves,
        ):
            column.addWidget(widget)
        column.addStretch(1)

    def _connect(self) -> None:
        session = self._session
        self.name.editingFinished.connect(self._on_name)
        self.hide_others.toggled.connect(self._on_hide)
        self.also_me.menu().triggered.connect(self._on_also_me)
        self.pairs.activated.connect(self._show_pair)
        self.review.clicked.connect(self._on_review)
        self.sight.changed.connect(self._refresh_soon)
        for signal in (
            session.particles_changed,
            session.micrographs_changed,
        ):
            signal.connect(self._refresh_soon)

    @Slot()
    def _refresh_soon(self, *_ids: object) -> None:
        # Counting all labels after every one of a quick series would be too slow.
        if self.sight.here:
            self._later.start()

    def show_project(self) -> None:
        """Show another project."""
        self.refresh()

    def refresh(self) -> None:
        """Show names, agreement and disagreements as they are now."""
        self._later.show_now()

    def _show_all(self) -> None:
        if not self.name.hasFocus():
            self.name.setText(self._annotator.name)
        project = self._session.project
        hidden = project.annotators.hide_others
        self._agreements = () if hidden else project.annotators.agreements()
        disputed = project.annotators.disagreements_in_view()
        with signals_blocked(self.hide_others):
            self.hide_others.setChecked(hidden)
        self.draws.setText(project.audits.tallies().sentence)
        self.draws.setVisible(bool(self.draws.text()))
        curves = () if hidden else project.annotators.curves()
        self.curves.setText("\n".join(each.sentence for each in curves))
        self.curves.setVisible(bool(curves))
        self._list_names()
        self._list_pairs()
        self._offer_review(len(disputed))
        self._show_pair()

    def _offer_review(self, n_disputed: int) -> None:
        self.review.setVisible(n_disputed > 0)
        plural = "disagreement" if n_disputed == 1 else "disagreements"
        self.review.setText(f"Review {n_disputed} {plural}")

    def _list_names(self) -> None:
        """List the other names; those that are the user's own too are ticked."""
        annotators, menu = self._session.project.annotators, self.also_me.menu()
        not_others = (annotators.name, LABEL_FILES)
        others = (each for each in annotators.names() if each not in not_others)
        menu.clear()
        for name in (*annotators.also_me, *others):
            action = menu.addAction(caption(name))
            action.setData(name)
            action.setCheckable(True)
            action.setChecked(name in annotators.also_me)
        self.also_me.setVisible(not menu.isEmpty())

    def _list_pairs(self) -> None:
        chosen = self.pairs.currentText()
        self.pairs.clear()
        self.pairs.addItems(
            [one_line(f"{a.first} and {a.second}") for a in self._agreements]
        )
        self.pairs.setCurrentIndex(max(0, self.pairs.findText(chosen)))
        self.pairs.setVisible(len(self._agreements) > 1)

    def _show_pair(self, *_row: object) -> None:
        index = self.pairs.currentIndex()
        in_range = 0 <= index < len(self._agreements)
        pair = self._agreements[index] if in_range else None
        self.confusion.setVisible(pair is not None and pair.n_particles > 0)
        self.agreement.setText(self._why_no_pair() if pair is None else pair.sentence)
        if pair is not None:
            self.confusion.name_sides(pair.first, pair.second)
            self.confusion.show_counts(pair.confusion)

    def _why_no_pair(self) -> str:
        project = self._session.project
        if project.annotators.hide_others:
            return _BLIND
        names = project.annotators.names()
        return _ALONE.format(names[0]) if names else _NO_LABELS

    def _on_name(self) -> None:
        self._annotator.set_name(self.name.text())
        # Letters are shortcuts for labels again.
        self.name.clearFocus()
        self._refresh_soon()

    def _on_also_me(self, action: QAction) -> None:
        """Count the labels under another name as the user's own, or no longer."""
        annotators, name = self._session.project.annotators, action.data()
        with self._session.reporting_errors():
            annotators.rename(name, annotators.name if action.isChecked() else name)
        self._refresh_soon()

    def _on_hide(self, hide: bool) -> None:
        with self._session.reporting_errors():
            self._session.project.annotators.hide_others = hide
        self._refresh_soon()

    def _on_review(self) -> None:
        self._navigation.set_order(self._navigation.order, "disputed")
        self._navigation.go_on()


class AnnotatorsDock(WorkspaceDock):
    """Dock with the user's name, blind labelling, agreement and disagreements."""

    view_class = AnnotatorsView
