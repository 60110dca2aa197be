"""The ways to begin: a folder, a project, the sample, an open image."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Image
from qtpy.QtCore import QObject, QTimer, Signal

from napari_cdse.core.errors import MicrographError
from napari_cdse.gui.canvas.particles.shapes_style import OURS
from napari_cdse.gui.session.viewer_window import main_window
from napari_cdse.gui.widgets.dialogs import ask_folder, ask_picture, ask_project
from napari_cdse.io.images.folder import is_micrograph_name
from napari_cdse.io.images.micrograph_file import read_micrograph
from napari_cdse.io.images.picture_file import write_picture
from napari_cdse.io.paths import name_from_text
from napari_cdse.io.recent_projects import recent_projects

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from napari.layers import Layer

    from napari_cdse.gui.session.session import Session

_NO_IMAGE = "No image with two dimensions is open in napari; open one, or a folder."
_UNEVEN = 0.005
"""Greatest relative difference of a pixel's edges: the same as for files."""


class Opening(QObject):
    """Opens projects by buttons and menus.

    Parameters
    ----------
    session : Session
    take : callable
        Opens files and folders, or adds them to the open project.
    open_sample : callable
        Opens the sample project.

    Signals
    -------
    image_changed()
        Another image in napari can be used, or none.
    """

    image_changed = Signal()

    def __init__(
        self,
        session: Session,
        take: Callable[[Sequence[Path]], bool],
        open_sample: Callable[[], object],
    ) -> None:
        super().__init__(session)
        self._session = session
        self._take = take
        self._open_sample = open_sample
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.timeout.connect(self.image_changed)
        layers = session.open_viewer.layers
        for event in (layers.events.inserted, layers.events.removed):
            event.connect(self._on_layers)

    def close(self) -> None:
        """Disconnect from the viewer."""
        self._soon.stop()
        viewer = self._session.viewer
        if viewer is not None:
            viewer.layers.events.inserted.disconnect(self._on_layers)
            viewer.layers.events.removed.disconnect(self._on_layers)

    def choose_folder(self) -> None:
        """Ask for a folder of micrographs and open it."""
        folder = ask_folder(main_window(self._session.viewer))
        if folder is not None:
            self._take([folder])

    def choose_project(self) -> None:
        """Ask for a project file and open it."""
        file = ask_project(main_window(self._session.viewer))
        if file is not None:
            self._take([file])

    def open_sample(self) -> None:
        """Open the sample project."""
        self._open_sample()

    @property
    def recent(self) -> tuple[Path, ...]:
        """Projects that were open before, the latest first."""
        return recent_projects()

    def open_recent(self, path: Path) -> None:
        """Open a project that was open before."""
        self._take([path])

    @property
    def image_name(self) -> str | None:
        """Name of the image in napari that can be used; None if there is none."""
        layer = self._image()
        return None if layer is None else str(layer.name)

    def use_image(self) -> None:
        """Make a project of the image in napari, or add it to the open one.

        If it has no file, it is written as TIFF, beside the project or where the user
        chooses. napari's layer is removed, since our layer shows the same.
        """
        layer = self._image()
        if layer is None:
            self._session.warn(_NO_IMAGE)
            return
        with self._session.reporting_errors():
            path = _file_of(layer) or self._write(layer)
            layers = self._session.open_viewer.layers
            if path is not None and self._take([path]) and layer in layers:
                layers.remove(layer)

    def _on_layers(self, _event: object) -> None:
        self._soon.start(0)

    def _image(self) -> Image | None:
        """Return the active image, or the topmost one, that can be a micrograph."""
        viewer = self._session.viewer
        if viewer is None:
            return None
        active = viewer.layers.selection.active
        for layer in (active, *reversed(viewer.layers)):
            if _is_usable(layer):
                return layer
        return None

    def _write(self, layer: Image) -> Path | None:
        """Write the image as TIFF; None if the user chooses no file."""
        name = f"{name_from_text(str(layer.name)) or 'image'}.tif"
        if self._session.is_open:
            path = _unused(self._session.project.folder / name)
        else:
            chosen = ask_picture(main_window(self._session.viewer), name)
            if chosen is None:
                return None
            path = chosen
        write_picture(path, np.asarray(layer.data), _pixel_size_nm(layer))
        return path


def _is_usable(layer: Layer | None) -> bool:
    return isinstance(layer, Image) and layer.ndim == 2 and OURS not in layer.metadata


def _file_of(layer: Image) -> Path | None:
    """Return the file from which a layer was read; None if there is none."""
    source = layer.source.path
    if source is None or not is_micrograph_name(source):
        return None
    path = Path(source)
    with suppress(MicrographError):
        if read_micrograph(path).shape == tuple(layer.data.shape[:2]):
            return path
    return None


def _pixel_size_nm(layer: Image) -> float | None:
    """Return the pixel size if the layer's unit is a length; else None."""
    edges = zip(layer.scale, layer.units, strict=True)
    lengths = [_in_nm(float(step), unit) for step, unit in edges]
    down, across = lengths[0], lengths[1]
    if down is None or across is None or abs(down / across - 1) > _UNEVEN:
        return None
    return down


def _in_nm(step: float, unit: Any) -> float | None:
    """Return a step in nm; None if it is 0 or its unit is no length."""
    if step <= 0 or not unit.is_compatible_with("nm"):
        return None
    return float((step * unit).to("nm").magnitude)


def _unused(path: Path) -> Path:
    """Return a path at which there is no file yet."""
    number, unused = 1, path
    while unused.exists():
        number += 1
        unused = path.with_stem(f"{path.stem} {number}")
    return unused
