"""Row to choose the particles' lattice: CdSe, or one from a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtWidgets import QHBoxLayout, QPushButton, QWidget

from napari_cdse.gui.widgets.dialogs import ask_lattice
from napari_cdse.gui.widgets.layout import sentence
from napari_cdse.io.material_file import read_material

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_cdse.core.material import Material
    from napari_cdse.gui.session.session import Session


class LatticeRow(QWidget):
    """Shows the name of the lattice and lets the user choose another.

    Parameters
    ----------
    session : Session
    apply : callable
        Called with the chosen lattice; None for CdSe.
    """

    def __init__(
        self,
        session: Session,
        apply: Callable[[Material | None], None],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._apply = apply
        self.label = sentence()
        self.label.setToolTip(
            "Its lines set the band of spacings, the estimate of the pixel size and "
            "the planes in the dock Particle"
        )
        self.other = QPushButton("Other lattice\u2026")
        self.other.setToolTip(
            "A TOML file with a table [material]: zinc blende and wurtzite, rock salt "
            "or fcc"
        )
        self.cdse = QPushButton("CdSe")
        self.cdse.setToolTip("Take CdSe again")
        self.other.clicked.connect(self._on_other)
        self.cdse.clicked.connect(self._on_cdse)
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        for widget, stretch in ((self.label, 1), (self.other, 0), (self.cdse, 0)):
            line.addWidget(widget, stretch)
        self.show_lattice(None)

    def show_lattice(self, material: Material | None) -> None:
        """Show the lattice in use; None: CdSe."""
        if material is None:
            self.label.setText("Lattice: CdSe")
        else:
            self.label.setText(f"Lattice: {material.name} ({material.lattice})")
        self.cdse.setVisible(material is not None)

    def _on_other(self) -> None:
        path = ask_lattice(self)
        if path is not None:
            with self._session.reporting_errors():
                self._apply(read_material(path))

    def _on_cdse(self) -> None:
        self._apply(None)
