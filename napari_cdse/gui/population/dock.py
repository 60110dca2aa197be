"""The dock Population: visible-defect fraction of all micrographs, figures, report."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from matplotlib.figure import Figure
from napari.viewer import Viewer
from qtpy.QtCore import Qt, Slot
from qtpy.QtWidgets import QFormLayout, QPushButton, QScrollArea, QWidget
from superqt.utils import signals_blocked

from napari_cdse.core.pixel_size import MAX_PIXEL_SIZE_ERROR
from napari_cdse.core.statistics.defect_content import DefectContent
from napari_cdse.core.statistics.micrograph_fractions import MicrographFraction
from napari_cdse.gui.population.figure_window import FigureWindow
from napari_cdse.gui.session.plain_text import one_line, plain
from napari_cdse.gui.session.workers import Job
from napari_cdse.gui.widgets.decimal_field import DecimalField
from napari_cdse.gui.widgets.dialogs import ask_figure, ask_report
from napari_cdse.gui.widgets.figure_view import FigureView
from napari_cdse.gui.widgets.layout import (
    choices,
    keyless,
    row_of,
    say,
    scroll_down,
    sentence,
    view_column,
)
from napari_cdse.gui.widgets.project_dock import ProjectDock, ProjectView
from napari_cdse.gui.widgets.rest_timer import RestTimer
from napari_cdse.gui.workspace import Workspace, workspace_for
from napari_cdse.io.export.figures.class_counts import draw_class_counts
from napari_cdse.io.export.figures.fractions import (
    draw_label_history,
    draw_micrographs,
    draw_samples,
    draw_size_trend,
)
from napari_cdse.io.export.figures.population import CLASSES_IN, PANEL_IN, SIZES_IN
from napari_cdse.io.export.figures.sizes import draw_sizes
from napari_cdse.io.export.figures.style import Palette
from napari_cdse.io.paths import is_same_file
from napari_cdse.io.visibility_table import SHIPPED
from napari_cdse.tasks.population import (
    Population,
    estimating,
    population_data,
    reporting,
    saving_figure,
)

if TYPE_CHECKING:
    from napari_cdse.io.export.figures.style import Draw

_LATER_MS = 800
"""After the last change until the number is worked out anew: all particles take part in
it, which would be felt between quick labels."""

_FIGURES = (
    ("By micrograph", "A click on a dot opens its micrograph"),
    ("Classes", "Circles by class, and by who gave the class"),
    ("Sizes", "Diameters by class"),
    ("Fraction by size", "Whether small or large particles have more defects"),
    ("As labels came", "How the interval shrank"),
    ("By sample", "The fraction of each sample beside the others"),
)
_HEIGHTS_IN = (PANEL_IN, CLASSES_IN, SIZES_IN, PANEL_IN, PANEL_IN, PANEL_IN)
"""Of each of them as a file."""
_AMONG_MICROGRAPHS = (
    "Micrographs lie in {folder}, and {name} would be taken for one; choose another "
    "folder, or save it as SVG or PDF."
)
_BY_MICROGRAPH = 0
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


class PopulationDock(ProjectDock):
    """The sentence of the number, its figures, samples, and the way to the report.

    Parameters
    ----------
    napari_viewer : Viewer
    """

    def __init__(self, napari_viewer: Viewer) -> None:
        workspace = workspace_for(napari_viewer)
        super().__init__(
            workspace.session, PopulationView(workspace), workspace.opening
        )


class PopulationView(ProjectView):
    """The population of the open project.

    Parameters
    ----------
    workspace : Workspace
    """

    def __init__(self, workspace: Workspace) -> None:
        super().__init__()
        self._session = workspace.session
        self._canvas = workspace.canvas
        self._navigation = workspace.navigation
        self._samples = workspace.samples
        self._found: Population | None = None
        self._job: Job | None = None
        self._shown: tuple[MicrographFraction, ...] = ()
        self._theme = "dark"
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
        for at, name in enumerate(("", *SHIPPED)):
            self.contents.setItemData(at, name)
        self.content = sentence()
        self.figures = choices(_FIGURES, "Which figure is shown below")
        self.figure = FigureView()
        self.enlarge = keyless(QPushButton("Enlarge"))
        self.enlarge.setToolTip(
            "The figure in a window of its own, to look at, copy and save (also by a "
            "double click on it)"
        )
        self.enlarged: FigureWindow | None = None
        self.pixel_size_error = DecimalField()
        self.pixel_size_error.setPrefix("\u00b1 ")
        self.pixel_size_error.setSuffix(" %")
        self.pixel_size_error.setRange(0, 100 * MAX_PIXEL_SIZE_ERROR)
        self.pixel_size_error.setSingleStep(0.5)
        self.pixel_size_error.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.pixel_size_error.setToolTip(_ERROR_TIP)
        self.report = keyless(QPushButton("Report\u2026"))
        self.report.setToolTip(
            "One page with all figures, typical particles, the method and a paragraph "
            "for a paper, to read, print or send"
        )
        self._later = RestTimer(self, self._work_out, _LATER_MS, self._session.warn)
        self._lay_out()
        self._connect(workspace.viewer)

    def _lay_out(self) -> None:
        inner, area = QWidget(), QScrollArea()
        told = view_column(inner)
        told.addLayout(row_of((self.sample, self.name_samples)))
        for widget in (self.number, self.outlook, self.compared):
            told.addWidget(widget)
        row = row_of((self.figures, self.enlarge))
        row.setStretch(0, 1)
        told.addLayout(row)
        told.addWidget(self.figure, 1)
        form = QFormLayout()
        form.addRow("Pixel size known to within", self.pixel_size_error)
        form.addRow("Defect content", self.contents)
        told.addLayout(form)
        told.addWidget(self.content)
        scroll_down(area, inner)
        column = view_column(self)
        column.addWidget(area, 1)
        column.addWidget(self.report)

    def _connect(self, viewer: Viewer | None) -> None:
        session = self._session
        self.figures.activated.connect(self._show_figure)
        self.sample.activated.connect(self._on_sample)
        self.name_samples.clicked.connect(self._samples.ask)
        self.contents.activated.connect(self._on_contents)
        self.enlarge.clicked.connect(self._on_enlarge)
        self.figure.enlarging.connect(self._on_enlarge)
        self._listen_to(self.figure)
        self.report.clicked.connect(self.ask_report)
        self.pixel_size_error.valueChanged.connect(self._on_error)
        session.runner.changed.connect(self._enable)
        self.sight.changed.connect(self._refresh_soon)
        for signal in (
            session.particles_changed,
            session.micrographs_changed,
            session.half_width_changed,
        ):
            signal.connect(self._refresh_soon)
        if viewer is not None:
            self._set_theme(viewer.theme)
            viewer.events.theme.connect(self._on_theme)

    def show_project(self) -> None:
        """Show another project."""
        self._found = None
        if self.enlarged is not None:
            # Its figure is of the project before.
            self.enlarged.hide()
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
        """Show what is in force: what was typed may not have been kept."""
        with signals_blocked(self.pixel_size_error):
            told = self._session.project.settings.pixel_size_error
            self.pixel_size_error.show_value(100 * told)

    def _show_contents(self) -> None:
        """Show by what the content is estimated, a table of the user's own too."""
        asked = self._session.project.settings.visibility
        with signals_blocked(self.contents):
            while self.contents.count() > len(_CONTENTS):
                self.contents.removeItem(len(_CONTENTS))
            if asked not in ("", *SHIPPED):
                self.contents.addItem(one_line(Path(asked).name), asked)
            self.contents.setCurrentIndex(self.contents.findData(asked))

    def _on_contents(self, _row: int) -> None:
        with self._session.reporting_errors():
            self._session.project.settings.visibility = self.contents.currentData()
        self._show_contents()
        self.refresh()

    @property
    def idle(self) -> bool:
        """Whether it shows what the project holds."""
        return not self._later.waiting and self._job is None

    @Slot()
    def _refresh_soon(self, *_what: object) -> None:
        if self.sight.here and self._session.is_open:
            self._later.start()

    def refresh(self) -> None:
        """Work the number out anew now, in a thread."""
        self._later.show_now()

    def _work_out(self) -> None:
        if not self._session.is_open:
            return
        if self._job is not None:
            # What changed meanwhile is worked out after it.
            self._later.start()
            return
        data = population_data(self._session.project)
        work = partial(estimating, data, self._chosen())
        self._job = Job("The number", work, heavy=False)
        self._job.produced.connect(self._take)
        self._job.finished.connect(self._on_finished)
        self._session.runner.submit(self._job)

    def _on_finished(self, _complete: bool) -> None:
        self._job = None

    def _take(self, found: Population) -> None:
        if not self._session.is_open or found.project != self._session.project.path:
            return
        self._found = found
        told = found.overview.defects.sentence
        say(self.number, f"{found.sample}: {told}" if found.sample else told)
        say(self.outlook, found.overview.defects.outlook)
        say(self.content, _content_words(found.content))
        self._show_samples(found)
        self._show_figure()

    # Samples

    def _chosen(self) -> str | None:
        """Return the sample that is looked at; None for all micrographs."""
        name = self.sample.currentData()
        return None if name is None or self._samples.hidden else str(name)

    def _on_sample(self, _row: int) -> None:
        self.refresh()

    def _show_samples(self, found: Population) -> None:
        """Offer the samples, and say how they differ; not to who judges blind."""
        hidden = self._samples.hidden
        names = () if hidden else tuple(each.name for each in found.samples)
        with signals_blocked(self.sample):
            while self.sample.count() > 1:
                self.sample.removeItem(1)
            for name in names:
                self.sample.addItem(one_line(name), name)
            self.sample.setCurrentIndex(max(self.sample.findData(found.sample), 0))
        self.sample.setVisible(bool(names))
        told = [
            " ".join(filter(None, (one.sentence, one.size_sentence)))
            for one in (() if hidden else found.comparisons)
        ]
        say(self.compared, "\n".join(told))

    # Figures

    def _show_figure(self, *_row: object) -> None:
        if self._found is None:
            return
        row = self.figures.currentIndex()
        draw = self._drawings()[row]
        self.figure.show_figure(draw)
        if self.enlarged is not None and self.enlarged.isVisible():
            self.enlarged.show_figure(row, draw)

    def _on_enlarge(self) -> None:
        """Show the figure in a window of its own."""
        if self.enlarged is None:
            self.enlarged = FigureWindow(_FIGURES, self.window())
            self.enlarged.figure.set_theme(self._theme)
            self.enlarged.chosen.connect(self._on_chosen)
            self.enlarged.saving.connect(self.save_figure)
            self._listen_to(self.enlarged.figure)
        self.enlarged.show()
        self.enlarged.raise_()
        self._show_figure()

    def _on_chosen(self, row: int) -> None:
        self.figures.setCurrentIndex(row)
        self._show_figure()

    def save_figure(self) -> Job | None:
        """Let the user choose a file, and write the figure in a worker."""
        if self._found is None:
            return None
        row = self.figures.currentIndex()
        file = ask_figure(self.enlarged, f"{self.figures.currentText().lower()}.png")
        if file is None:
            return None
        if self._is_among_micrographs(file):
            told = {"folder": one_line(file.parent.name), "name": one_line(file.name)}
            self._session.warn(_AMONG_MICROGRAPHS.format(**told))
            return None
        work = partial(saving_figure, self._drawings()[row], file, _HEIGHTS_IN[row])
        job = Job("Saving the figure", work, heavy=False)
        job.produced.connect(lambda told: self._session.tell(told, "a figure"))
        job.failed.connect(self._session.warn)
        self._session.runner.submit(job)
        return job

    def _is_among_micrographs(self, file: Path) -> bool:
        """Whether opening the folder again would take a file for a micrograph."""
        entries = self._session.project.micrographs.entries
        folders = {each.path.parent for each in entries}
        return file.suffix.lower() == ".png" and any(
            is_same_file(file.parent, each) for each in folders
        )

    def _drawings(self) -> tuple[Draw, ...]:
        found = self._found
        if found is None:
            return ()
        told = found.overview
        return (
            self._draw_micrographs,
            lambda figure, palette: draw_class_counts(
                figure, found.counts, told.defects, palette
            ),
            lambda figure, palette: draw_sizes(figure, found.sizes, palette),
            lambda figure, palette: draw_size_trend(
                figure.subplots(), told.by_size, told.defects, palette
            ),
            lambda figure, palette: draw_label_history(
                figure.subplots(), told.history, palette
            ),
            lambda figure, palette: draw_samples(
                figure.subplots(),
                () if self._samples.hidden else found.samples,
                palette,
            ),
        )

    def _draw_micrographs(self, figure: Figure, palette: Palette) -> None:
        if self._found is not None:
            told = self._found.overview
            axes = figure.subplots()
            self._shown = draw_micrographs(
                axes, told.micrographs, told.defects, palette
            )

    def _on_theme(self, event: object) -> None:
        self._set_theme(str(getattr(event, "value", "dark")))

    def _set_theme(self, name: str) -> None:
        self._theme = name
        self.figure.set_theme(name)
        if self.enlarged is not None:
            self.enlarged.figure.set_theme(name)

    # The mouse

    def _listen_to(self, view: FigureView) -> None:
        view.clicked.connect(self._on_click)
        view.pointed.connect(partial(self._on_point, view))

    def _at(self, place: int | None) -> MicrographFraction | None:
        if place is None or self.figures.currentIndex() != _BY_MICROGRAPH:
            return None
        return self._shown[place] if 0 <= place < len(self._shown) else None

    def _on_click(self, place: int | None) -> None:
        one = self._at(place)
        if one is None:
            return
        index = self._session.project.statistics.index_of(one.micrograph)
        if index is not None:
            self._navigation.open_micrograph(index)

    def _on_point(self, view: FigureView, place: int | None) -> None:
        one = self._at(place)
        view.canvas.setToolTip("" if one is None else plain(_words(one)))

    # The report

    @Slot()
    def _enable(self) -> None:
        self.report.setEnabled(self._session.runner.heavy is None)

    def ask_report(self) -> Job | None:
        """Let the user choose a file, and write the report in a worker."""
        project = self._session.project
        file = ask_report(self, project.folder / f"{project.path.stem}.html")
        return None if file is None else self.write_report(file)

    def write_report(self, file: Path) -> Job:
        """Write the report in a worker."""
        # What is drawn and not yet taken in belongs to it too.
        self._canvas.apply_pending_edits()
        work = partial(reporting, self._session.project.path, file)
        job = Job("Writing the report", work)
        job.produced.connect(self._tell_report)
        job.failed.connect(self._session.warn)
        self._session.runner.submit(job)
        return job

    def _tell_report(self, told: str) -> None:
        """Say where it is; its numbers stand in the dock and on the page."""
        *_, place = told.splitlines()
        self._session.tell(place, "the report")


def _words(one: MicrographFraction) -> str:
    told = f"{one.name}: {one.n_particles} circles, {one.n_judged} judged"
    return told if one.fraction is None else f"{told}, fraction {one.fraction:.2f}"


def _content_words(found: DefectContent | None) -> str:
    """Tell the estimate and on what it rests; nothing where nobody asked."""
    if found is None:
        return ""
    return "\n".join((found.sentence, "It assumes:", *found.assumptions))
