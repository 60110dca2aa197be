"""Dock: one particle, what is known of it, and the keys to judge it."""

from napari.viewer import Viewer
from qtpy.QtCore import Slot
from qtpy.QtWidgets import QHBoxLayout, QPushButton, QWidget

from napari_cdse.gui.canvas.class_colours import MEANINGS
from napari_cdse.gui.particle.card import ParticleCard
from napari_cdse.gui.particle.queue_row import QueueRow
from napari_cdse.gui.sessions import session_for
from napari_cdse.gui.shortcuts.resolution import with_key
from napari_cdse.gui.widgets.layout import dock_column, keyless, row_of

_WORDS = {"yes": "Yes", "no": "No", "null": "Null", "empty": "empty"}


class ParticleDock(QWidget):
    """The card of the selected particle, buttons to judge it, the way to the next.

    Parameters
    ----------
    napari_viewer : Viewer
    """

    def __init__(self, napari_viewer: Viewer) -> None:
        super().__init__()
        self.session = session_for(napari_viewer)
        self.card = ParticleCard(self.session)
        self.queue = QueueRow(self.session)
        self._lay_out()
        self._connect()
        self.refresh()

    def _lay_out(self) -> None:
        column = dock_column(self)
        column.addWidget(self.card, 1)
        column.addLayout(self._label_buttons())
        column.addWidget(self.queue)

    def _label_buttons(self) -> QHBoxLayout:
        self.buttons = {}
        for label in _WORDS:
            button = keyless(QPushButton())
            self.session.keys.tip(button, MEANINGS[label], f"label_{label}")
            button.clicked.connect(
                lambda _on, one=label: self.session.review.label(one)
            )
            self.buttons[label] = button
        self._name_buttons()
        return row_of(self.buttons.values())

    @Slot()
    def _name_buttons(self) -> None:
        for label, button in self.buttons.items():
            key = self.session.keys.words(f"label_{label}")
            button.setText(with_key(_WORDS[label], key))

    def _connect(self) -> None:
        session = self.session
        for signal in (
            session.project_changed,
            session.opened,
            session.selection_changed,
            session.models_changed,
        ):
            signal.connect(self.refresh)
        session.particles_changed.connect(self._on_particles)
        session.keys.changed.connect(self._name_buttons)

    @Slot(object)
    def _on_particles(self, _ids: object) -> None:
        self.refresh()

    @Slot()
    def refresh(self) -> None:
        """Show the selected particle."""
        project = self.session.project
        particle = None
        if project is not None and project.selection.particle_id is not None:
            particle = project.particles.find(project.selection.particle_id)
        self.card.show_particle(particle)
        for button in self.buttons.values():
            button.setEnabled(particle is not None)
