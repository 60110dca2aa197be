"""The figures of the dock Population: their list, the one chosen, and a larger window.

Pointing at a micrograph in the figure "By micrograph" shows its numbers, and a click
opens it.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QPushButton, QWidget

from napari_cdse.core.statistics.micrograph_fractions import MicrographFraction
from napari_cdse.gui.population.figure_kinds import KINDS, FigureKind
from napari_cdse.gui.population.figure_window import FigureWindow
from napari_cdse.gui.session.plain_text import one_line, plain
from napari_cdse.gui.session.workers import Job
from napari_cdse.gui.widgets.dialogs import ask_figure
from napari_cdse.gui.widgets.figure_view import FigureView
from napari_cdse.gui.widgets.layout import choices, flush_column, keyless, row_of
from napari_cdse.io.paths import is_same_file
from napari_cdse.tasks.population import Population, saving_figure

if TYPE_CHECKING:
    from pathlib import Path

    from matplotlib.figure import Figure

    from napari_cdse.gui.session.session import Session
    from napari_cdse.gui.tools.samples import Samples
    from napari_cdse.io.export.figures.style import Palette

_LINES = tuple((kind.name, kind.tip) for kind in KINDS)
_AMONG_MICROGRAPHS = (
    "Micrographs lie in {folder}, and {name} would be taken for one; choose another "
    "folder, or save it as SVG or PDF."
)


class FigurePanel(QWidget):
    """Shows one of the figures of a population, here and in a window of its own.

    Parameters
    ----------
    session : Session
    samples : Samples
        Samples are not drawn while it hides them.

    Signals
    -------
    micrograph_clicked(id)
        The id of the micrograph whose dot was clicked.
    """

    micrograph_clicked = Signal(str)

    def __init__(self, session: Session, samples: Samples) -> None:
        super().__init__()
        self._session = session
        self._samples = samples
        self._population: Population | None = None
        # Micrographs by their place on the horizontal axis; empty if it has none.
        self._on_axis: tuple[MicrographFraction, ...] = ()
        self._theme = "dark"
        self.choice = choices(_LINES, "Which figure is shown below")
        self.view = FigureView()
        self.enlarge = keyless(QPushButton("Enlarge"))
        self.enlarge.setToolTip(
            "The figure in a window of its own, to look at, copy and save (also by a "
            "double click on it)"
        )
        self.figure_window: FigureWindow | None = None
        column = flush_column(self)
        row = row_of((self.choice, self.enlarge))
        row.setStretch(0, 1)
        column.addLayout(row)
        column.addWidget(self.view, 1)
        self.choice.activated.connect(self._draw)
        self.enlarge.clicked.connect(self._on_enlarge)
        self.view.enlarging.connect(self._on_enlarge)
        self._listen_to(self.view)

    @property
    def kind(self) -> FigureKind:
        """The figure that is chosen."""
        return KINDS[self.choice.currentIndex()]

    def show_population(self, population: Population) -> None:
        """Draw the chosen figure of a population."""
        self._population = population
        self._draw()

    def clear(self) -> None:
        """Forget the population, and hide the window with its figure."""
        self._population = None
        if self.figure_window is not None:
            self.figure_window.hide()

    def set_theme(self, name: str) -> None:
        """Draw in the colours of one of napari's themes."""
        self._theme = name
        self.view.set_theme(name)
        if self.figure_window is not None:
            self.figure_window.figure.set_theme(name)

    def save(self) -> Job | None:
        """Let the user choose a file, and write the figure in a worker."""
        if self._population is None:
            return None
        file = ask_figure(self.figure_window, f"{self.kind.name.lower()}.png")
        if file is None:
            return None
        if self._is_among_micrographs(file):
            names = {"folder": one_line(file.parent.name), "name": one_line(file.name)}
            self._session.warn(_AMONG_MICROGRAPHS.format(**names))
            return None
        draw = partial(self.kind.draw, self._visible(self._population))
        work = partial(saving_figure, draw, file, self.kind.height_in)
        job = Job("Saving the figure", work, heavy=False)
        job.produced.connect(lambda place: self._session.tell(place, "a figure"))
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

    def _draw(self, *_row: object) -> None:
        if self._population is None:
            return
        draw = partial(self._draw_kind, self.kind, self._population)
        self.view.show_figure(draw)
        if self.figure_window is not None and self.figure_window.isVisible():
            self.figure_window.show_figure(self.choice.currentIndex(), draw)

    def _draw_kind(
        self,
        kind: FigureKind,
        population: Population,
        figure: Figure,
        palette: Palette,
    ) -> None:
        self._on_axis = kind.draw(self._visible(population), figure, palette)

    def _visible(self, population: Population) -> Population:
        """Leave out the samples while they are hidden."""
        return replace(population, samples=()) if self._samples.hidden else population

    def _on_enlarge(self) -> None:
        """Show the figure in a window of its own."""
        if self.figure_window is None:
            self.figure_window = FigureWindow(_LINES, self.window())
            self.figure_window.figure.set_theme(self._theme)
            self.figure_window.chosen.connect(self._on_chosen)
            self.figure_window.saving.connect(self.save)
            self._listen_to(self.figure_window.figure)
        self.figure_window.show()
        self.figure_window.raise_()
        self._draw()

    def _on_chosen(self, row: int) -> None:
        self.choice.setCurrentIndex(row)
        self._draw()

    def _listen_to(self, view: FigureView) -> None:
        view.clicked.connect(self._on_click)
        view.pointed.connect(partial(self._on_point, view))

    def _micrograph_at(self, place: int | None) -> MicrographFraction | None:
        if place is None or not 0 <= place < len(self._on_axis):
            return None
        return self._on_axis[place]

    def _on_click(self, place: int | None) -> None:
        micrograph = self._micrograph_at(place)
        if micrograph is not None:
            self.micrograph_clicked.emit(micrograph.micrograph)

    def _on_point(self, view: FigureView, place: int | None) -> None:
        micrograph = self._micrograph_at(place)
        view.canvas.setToolTip("" if micrograph is None else plain(_words(micrograph)))


def _words(one: MicrographFraction) -> str:
    counts = f"{one.name}: {one.n_particles} circles, {one.n_judged} judged"
    if one.fraction is None:
        return counts
    return f"{counts}, fraction {one.fraction:.2f}"
