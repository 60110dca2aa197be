"""The dock Endmembers: their spectra, and which of their maps is visible."""

from functools import partial

from matplotlib.figure import Figure
from napari.layers import Image
from qtpy.QtCore import Slot
from qtpy.QtGui import QColor, QIcon, QPixmap
from qtpy.QtWidgets import QButtonGroup, QRadioButton, QVBoxLayout, QWidget

from napari_cdse.core.crystal.lattice import Reflection
from napari_cdse.core.crystal.reflections import reflections_of
from napari_cdse.core.detection.accumulation_map import (
    AccumulationMap,
    EndmemberSpectrum,
)
from napari_cdse.gui.canvas.class_colours import readable
from napari_cdse.gui.pictures.scale import Scale, scale_of_open_micrograph
from napari_cdse.gui.widgets.figure_view import FigureView
from napari_cdse.gui.widgets.layout import (
    flush_column,
    keyless,
    say,
    sentence,
    view_column,
)
from napari_cdse.gui.workspace import Workspace
from napari_cdse.gui.workspace.dock import WorkspaceDock, WorkspaceView
from napari_cdse.io.export.figures.endmember import draw_endmember, highest_power
from napari_cdse.io.export.figures.style import Palette

_SPECTRUM_PX = (180, 110)
"""Least width and height of a spectrum in px. A choice: two ticks and a line of text
fit."""
_SWATCH_PX = 12
_ALL = "All maps"
_NONE = (
    "The maps of this micrograph have no endmembers. Choose the method nfindr in "
    "Micrographs, How circles are found, and detect."
)
_HOW = (
    "Every window of this micrograph is a mixture of these spectra. The line is the "
    "strongest direction, the shade the mean of all; 1 is the support's speckle. A "
    "high line over a low shade is a lattice."
)
_SHOW_TIP = "Show this map alone over the micrograph"


class EndmembersView(WorkspaceView):
    """A button for each map that shows it alone, with the spectrum of its endmember.

    Parameters
    ----------
    workspace : Workspace

    Attributes
    ----------
    buttons : QButtonGroup
        One for all maps, then one for each map.
    spectra : list of FigureView
        One for each endmember.
    """

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace)
        self._canvas = workspace.canvas
        self.hint = sentence()
        self.buttons = QButtonGroup(self)
        self.spectra: list[FigureView] = []
        self._theme = "dark"
        self._scale = Scale(None)
        self._rows = QWidget()
        self._column: QVBoxLayout = flush_column(self._rows)
        self._lay_out()
        self.buttons.idClicked.connect(self._on_chosen)
        self.sight.changed.connect(self._show_if_seen)
        self._canvas.maps_changed.connect(self._show_if_seen)
        self._session.micrographs_changed.connect(self._on_micrographs)
        viewer = workspace.viewer
        if viewer is not None:
            self._theme = str(viewer.theme)
            viewer.events.theme.connect(self._on_theme)

    def _lay_out(self) -> None:
        column = view_column(self)
        column.addWidget(self.hint)
        column.addWidget(self._rows)
        column.addStretch(1)

    def show_project(self) -> None:
        """Show another project."""
        self._show_if_seen()

    @Slot()
    def _show_if_seen(self, *_what: object) -> None:
        if self.sight.here:
            self.show_maps()

    @Slot()
    def show_maps(self) -> None:
        """Show the endmembers of the maps over the micrograph."""
        self._clear()
        self._scale = scale_of_open_micrograph(self._session)
        maps = self._canvas.maps
        spectra = [one.endmember for one in maps if one.endmember is not None]
        say(self.hint, _HOW if spectra else _NONE)
        if not spectra:
            return
        highest = highest_power(spectra)
        self._add_button(_ALL, None, 0)
        layers = self._canvas.layers.maps
        for number, (one, layer) in enumerate(zip(maps, layers, strict=True), 1):
            self._add_button(_words(one), layer, number)
            if one.endmember is not None:
                self._add_spectrum(one.endmember, _colour(layer), highest)
        self._show_choice()

    @Slot()
    def _on_micrographs(self) -> None:
        """Show the axes again if another pixel size or lattice was set."""
        if self._scale != scale_of_open_micrograph(self._session):
            self._show_if_seen()

    def _clear(self) -> None:
        for button in self.buttons.buttons():
            self.buttons.removeButton(button)
        self.spectra = []
        while (item := self._column.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()

    def _add_button(self, words: str, layer: Image | None, number: int) -> None:
        button = keyless(QRadioButton(words))
        button.setToolTip(_SHOW_TIP if number else "Show all maps over each other")
        if layer is not None:
            swatch = QPixmap(_SWATCH_PX, _SWATCH_PX)
            swatch.fill(QColor(_colour(layer)))
            button.setIcon(QIcon(swatch))
        self.buttons.addButton(button, number)
        self._column.addWidget(button)

    def _add_spectrum(
        self, spectrum: EndmemberSpectrum, colour: str, highest: float
    ) -> None:
        lines = reflections_of(self._scale.material)
        view = FigureView(least_px=_SPECTRUM_PX)
        view.set_theme(self._theme)
        view.show_figure(
            partial(
                _draw,
                spectrum=spectrum,
                colour=colour,
                highest=highest,
                pixel_size_nm=self._scale.pixel_size_nm,
                about=self._scale.about,
                reflections=lines,
            )
        )
        self.spectra.append(view)
        self._column.addWidget(view)

    def _show_choice(self) -> None:
        """Check the button of the map that is visible alone, or that of all maps."""
        maps = self._canvas.layers.maps
        visible = [number for number, one in enumerate(maps, 1) if one.visible]
        button = self.buttons.button(visible[0] if len(visible) == 1 else 0)
        if button is not None:
            button.setChecked(True)

    @Slot(int)
    def _on_chosen(self, number: int) -> None:
        self._canvas.layers.show_only_map(number - 1 if number else None)

    def _on_theme(self, event: object) -> None:
        self._theme = str(getattr(event, "value", "dark"))
        for view in self.spectra:
            view.set_theme(self._theme)


class EndmembersDock(WorkspaceDock):
    """The endmembers of the open micrograph, and the choice of a map."""

    view_class = EndmembersView


def _draw(
    figure: Figure,
    palette: Palette,
    *,
    spectrum: EndmemberSpectrum,
    colour: str,
    highest: float,
    pixel_size_nm: float | None,
    about: str,
    reflections: tuple[Reflection, ...],
) -> None:
    draw_endmember(
        figure.subplots(),
        spectrum,
        palette,
        colour=readable(colour, palette.paper),
        highest=highest,
        pixel_size_nm=pixel_size_nm,
        about=about,
        reflections=reflections,
    )


def _colour(layer: Image) -> str:
    """Return the brightest colour of a map, as ``#rrggbb``."""
    bright = layer.colormap.colors[-1]
    return "#" + "".join(f"{round(255 * float(part)):02x}" for part in bright[:3])


def _words(one: AccumulationMap) -> str:
    endmember = one.endmember
    if endmember is None:
        return one.name.capitalize()
    kind = "lattice" if endmember.is_lattice else "support"
    share = f"{endmember.share:.0%} of the windows"
    return f"Endmember {endmember.number}: {kind}, {share}"
