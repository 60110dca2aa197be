"""The dock Particle: one particle's card, with the buttons to judge it."""

from qtpy.QtCore import Slot
from qtpy.QtWidgets import QHBoxLayout, QPushButton

from napari_cdse.gui.canvas.class_colours import MEANINGS
from napari_cdse.gui.particle.card import ParticleCard
from napari_cdse.gui.particle.fraction_line import FractionLine
from napari_cdse.gui.particle.look_ahead import LookAhead
from napari_cdse.gui.particle.queue_row import QueueRow
from napari_cdse.gui.shortcuts.resolution import with_key
from napari_cdse.gui.widgets.layout import keyless, row_of, view_column
from napari_cdse.gui.workspace import Workspace
from napari_cdse.gui.workspace.dock import WorkspaceDock, WorkspaceView

_WORDS = {"yes": "Yes", "no": "No", "null": "Null", "empty": "empty"}
_LEAST_LINES = 15
"""Least height in lines of text. A choice: pictures, classes and buttons fit, and the
dock above keeps what it needs."""


class ParticleView(WorkspaceView):
    """The selected particle of the open project.

    Parameters
    ----------
    workspace : Workspace
    """

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace)
        session = workspace.session
        self._keys, self._review = workspace.keys, workspace.review
        self.card = ParticleCard(session, self._keys)
        self.queue = QueueRow(session, workspace.navigation, self._keys)
        self.fraction = FractionLine(session)
        self.look_ahead = LookAhead(
            session,
            workspace.navigation,
            workspace.canvas.prefetch,
            self.card.analysis,
        )
        self._lay_out()
        self._connect()

    def _lay_out(self) -> None:
        column = view_column(self)
        column.addWidget(self.card, 1)
        column.addLayout(self._label_buttons())
        column.addWidget(self.queue)
        column.addWidget(self.fraction)

    def _label_buttons(self) -> QHBoxLayout:
        self.buttons = {}
        for label in _WORDS:
            button = keyless(QPushButton())
            self._keys.set_tip(button, MEANINGS[label], f"label_{label}")
            button.clicked.connect(lambda _on, one=label: self._review.label(one))
            self.buttons[label] = button
        self._name_buttons()
        return row_of(self.buttons.values())

    @Slot()
    def _name_buttons(self) -> None:
        for label, button in self.buttons.items():
            key = self._keys.words(f"label_{label}")
            button.setText(with_key(_WORDS[label], key))

    def _connect(self) -> None:
        session = self._session
        for signal in (
            session.opened,
            session.selection_changed,
            session.models_changed,
        ):
            signal.connect(self.refresh)
        session.particles_changed.connect(self._on_particles)
        self._keys.changed.connect(self._name_buttons)

    @Slot(object)
    def _on_particles(self, _ids: object) -> None:
        self.refresh()

    def show_project(self) -> None:
        """Show another project."""
        self.queue.refresh()
        self.fraction.show_project()
        self.refresh()

    @Slot()
    def refresh(self) -> None:
        """Show the selected particle."""
        project = self._session.project
        selected = project.selection.particle_id
        particle = None if selected is None else project.particles.find(selected)
        self.card.show_particle(particle)
        for button in self.buttons.values():
            button.setEnabled(particle is not None)
        self.look_ahead.start()


class ParticleDock(WorkspaceDock):
    """The card of the selected particle, buttons to judge it, the way to the next."""

    view_class = ParticleView
    least_lines = _LEAST_LINES
    takes_room = True
