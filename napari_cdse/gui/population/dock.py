"""The dock Population: visible-defect fraction of all micrographs, figures, report.

All numbers are computed in a worker from a snapshot of the project
(`tasks.population`), when the user has paused.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

from napari.viewer import Viewer
from qtpy.QtCore import Qt, Slot
from qtpy.QtWidgets import QFormLayout, QPushButton, QScrollArea, QWidget
from superqt.utils import signals_blocked

from napari_cdse.core.pixel_size import MAX_PIXEL_SIZE_ERROR
from napari_cdse.core.statistics.defect_content import DefectContent
from napari_cdse.gui.population.figure_panel import FigurePanel
from napari_cdse.gui.population.report_button import ReportButton
from napari_cdse.gui.session.plain_text import one_line
from napari_cdse.gui.session.workers import Job
from napari_cdse.gui.widgets.decimal_field import DecimalField
from napari_cdse.gui.widgets.layout import (
    choices,
    keyless,
    row_of,
    say,
    scroll_down,
    sentence,
    view_column,
)
from napari_cdse.gui.widgets.rest_timer import RestTimer
from napari_cdse.gui.workspace import Workspace
from napari_cdse.gui.workspace.dock import WorkspaceDock, WorkspaceView
from napari_cdse.io.visibility_table import SHIPPED
from napari_cdse.tasks.population import (
    Population,
    estimating,
    population_data,
)

_REST_MS = 800
"""How long changes must rest before the number is computed: it takes all particles, and
would slow down quick labelling."""

_ALL = ("All micrographs", "The number and the figures are of all that are in use")
_CONTENTS = (
    ("Not estimated", "Only what is seen is told, which no assumption enters"),
    *(
        (
            f"As simulated: {name}",
            "How much of the faults the simulator shows at such optics, sizes and "
            "orientations; its assumptions are shown below",
        )
        for name in SHIPPED
    ),
)
_ERROR_TIP = (
    "Standard uncertainty of pixel sizes from files and of those that you gave: no "
    "file tells it. 0 takes them as exact. It moves all sizes alike; it is told beside "
    "them"
)


class PopulationView(WorkspaceView):
    """The population of the open project: its number, figures, samples and report.

    Parameters
    ----------
    workspace : Workspace
    """

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace)
        self._navigation = workspace.navigation
        self._samples = workspace.samples
        self._population: Population | None = None
        self._job: Job | None = None
        self.number = sentence()
        self.outlook = sentence()
        self.sample = choices([_ALL], "Which sample the number and figures are of")
        self.name_samples = keyless(QPushButton("Samples\u2026"))
        self.name_samples.setToolTip(
            "Say of which sample each micrograph is: by folder, file name or by hand"
        )
        self.compared = sentence()
        self.contents = choices(
            _CONTENTS, "By what the defect content, seen or not, is estimated"
        )
        for row, name in enumerate(("", *SHIPPED)):
            self.contents.setItemData(row, name)
        self.content = sentence()
        self.figures = FigurePanel(self._session, self._samples)
        self.pixel_size_error = _error_field()
        self.report = ReportButton(self._session, workspace.canvas)
        self._later = RestTimer(self, self._compute, _REST_MS, self._session.warn)
        self._lay_out()
        self._connect(workspace.viewer)

    def _lay_out(self) -> None:
        inner, area = QWidget(), QScrollArea()
        scrolled = view_column(inner)
        scrolled.addLayout(row_of((self.sample, self.name_samples)))
        for widget in (self.number, self.outlook, self.compared):
            scrolled.addWidget(widget)
        scrolled.addWidget(self.figures, 1)
        form = QFormLayout()
        form.addRow("Pixel size known to within", self.pixel_size_error)
        form.addRow("Defect content", self.contents)
        scrolled.addLayout(form)
        scrolled.addWidget(self.content)
        scroll_down(area, inner)
        column = view_column(self)
        column.addWidget(area, 1)
        column.addWidget(self.report)

    def _connect(self, viewer: Viewer | None) -> None:
        session = self._session
        self.sample.activated.connect(self._on_sample)
        self.name_samples.clicked.connect(self._samples.ask)
        self.contents.activated.connect(self._on_contents)
        self.figures.micrograph_clicked.connect(self._on_micrograph)
        self.pixel_size_error.valueChanged.connect(self._on_error)
        self.sight.changed.connect(self._refresh_soon)
        for signal in (
            session.particles_changed,
            session.micrographs_changed,
            session.half_width_changed,
        ):
            signal.connect(self._refresh_soon)
        if viewer is not None:
            self.figures.set_theme(viewer.theme)
            viewer.events.theme.connect(self._on_theme)

    def show_project(self) -> None:
        """Show another project."""
        self._population = None
        self.figures.clear()
        if self._session.is_open:
            self._show_error()
            self._show_contents()
        self._refresh_soon()

    def _on_error(self, percent: float) -> None:
        with self._session.reporting_errors():
            self._session.project.settings.pixel_size_error = percent / 100
        self._show_error()
        self._refresh_soon()

    def _show_error(self) -> None:
        """Show the value in force; a typed one may have been refused."""
        with signals_blocked(self.pixel_size_error):
            error = self._session.project.settings.pixel_size_error
            self.pixel_size_error.show_value(100 * error)

    def _show_contents(self) -> None:
        """Show by which table the content is estimated, also by the user's own."""
        table = self._session.project.settings.visibility
        with signals_blocked(self.contents):
            while self.contents.count() > len(_CONTENTS):
                self.contents.removeItem(len(_CONTENTS))
            if table not in ("", *SHIPPED):
                self.contents.addItem(one_line(Path(table).name), table)
            self.contents.setCurrentIndex(self.contents.findData(table))

    def _on_contents(self, _row: int) -> None:
        with self._session.reporting_errors():
            self._session.project.settings.visibility = self.contents.currentData()
        self._show_contents()
        self.refresh()

    @property
    def idle(self) -> bool:
        """Whether the numbers shown are up to date."""
        return not self._later.waiting and self._job is None

    @Slot()
    def _refresh_soon(self, *_ids: object) -> None:
        if self.sight.here and self._session.is_open:
            self._later.start()

    def refresh(self) -> None:
        """Compute the numbers now, in a worker."""
        self._later.show_now()

    def _compute(self) -> None:
        if not self._session.is_open:
            return
        if self._job is not None:
            # A worker is busy with an earlier snapshot; compute again after it.
            self._later.start()
            return
        data = population_data(self._session.project)
        work = partial(estimating, data, self._chosen())
        self._job = Job("The number", work, heavy=False)
        self._job.produced.connect(self._show)
        self._job.finished.connect(self._on_finished)
        self._session.runner.submit(self._job)

    def _on_finished(self, _complete: bool) -> None:
        self._job = None

    def _show(self, population: Population) -> None:
        session = self._session
        if not session.is_open or population.project != session.project.path:
            return
        self._population = population
        defects = population.overview.defects
        subject = f"{population.sample}: " if population.sample else ""
        say(self.number, f"{subject}{defects.sentence}")
        say(self.outlook, defects.outlook)
        say(self.content, _content_words(population.content))
        self._show_samples(population)
        self.figures.show_population(population)

    def _chosen(self) -> str | None:
        """Return the name of the chosen sample; None for all micrographs."""
        name = self.sample.currentData()
        return None if name is None or self._samples.hidden else str(name)

    def _on_sample(self, _row: int) -> None:
        self.refresh()

    def _show_samples(self, population: Population) -> None:
        """List the samples and how they differ, unless the user labels blindly."""
        hidden = self._samples.hidden
        names = () if hidden else tuple(each.name for each in population.samples)
        with signals_blocked(self.sample):
            while self.sample.count() > 1:
                self.sample.removeItem(1)
            for name in names:
                self.sample.addItem(one_line(name), name)
            self.sample.setCurrentIndex(max(self.sample.findData(population.sample), 0))
        self.sample.setVisible(bool(names))
        sentences = [
            " ".join(filter(None, (one.sentence, one.size_sentence)))
            for one in (() if hidden else population.comparisons)
        ]
        say(self.compared, "\n".join(sentences))

    def _on_theme(self, event: object) -> None:
        self.figures.set_theme(str(getattr(event, "value", "dark")))

    def _on_micrograph(self, micrograph: str) -> None:
        index = self._session.project.statistics.index_of(micrograph)
        if index is not None:
            self._navigation.open_micrograph(index)


def _error_field() -> DecimalField:
    field = DecimalField()
    field.setPrefix("\u00b1 ")
    field.setSuffix(" %")
    field.setRange(0, 100 * MAX_PIXEL_SIZE_ERROR)
    field.setSingleStep(0.5)
    field.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
    field.setToolTip(_ERROR_TIP)
    return field


def _content_words(content: DefectContent | None) -> str:
    """State the estimate and its assumptions; empty if it was not asked for."""
    if content is None:
        return ""
    return "\n".join((content.sentence, "It assumes:", *content.assumptions))


class PopulationDock(WorkspaceDock):
    """Dock with the visible-defect fraction, its figures, samples and report."""

    view_class = PopulationView
