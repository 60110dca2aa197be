"""Dock: one particle, what is known of it, and the keys to judge it."""

from napari.viewer import Viewer
from qtpy.QtCore import Qt
from qtpy.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from napari_cdse.core.novelty import is_novel
from napari_cdse.core.records import CLASSES
from napari_cdse.gui.bars import ProbabilityBars
from napari_cdse.gui.crops import crop, power_spectrum, stretched
from napari_cdse.gui.palette import HEX, MEANINGS, class_name
from napari_cdse.gui.picture import Picture
from napari_cdse.gui.queue_row import QueueRow
from napari_cdse.gui.sessions import session_for
from napari_cdse.project import Particle

_BUTTONS = (("yes", "&Yes"), ("no", "&No"), ("null", "N&ull"), ("empty", "&O empty"))
_HIDDEN = "drawn at random: judge it before the forest's word is shown"
_NO_PARTICLE = "Click a circle, or press . for the next particle."
_NO_PROJECT = "Open a folder of micrographs, or the sample project."


def who_said_what(particle: Particle, hidden: bool = False) -> str:
    """Say in one line what the forest and the person think."""
    parts = ["left for later"] if particle.deferred else []
    if hidden:
        return ", ".join([*parts, _HIDDEN])
    if particle.prediction is not None:
        label = particle.prediction.label
        share = particle.prediction.probabilities[CLASSES.index(label)]
        parts.append(f"forest says {label} {share:.2f}")
        if is_novel(particle.prediction.novelty):
            parts.append("which learnt from nothing like it")
    if particle.by_person:
        who = particle.annotation.annotator or "you"
        verb = "imported" if particle.annotation.origin == "imported" else f"{who} said"
        parts.append(f"{verb} {class_name(particle.annotation.label)}")
    return ", ".join(parts) if parts else "not classified yet"


class ParticleDock(QWidget):
    """The selected particle: picture, spectrum, probabilities, buttons.

    Parameters
    ----------
    napari_viewer : Viewer
    """

    def __init__(self, napari_viewer: Viewer) -> None:
        super().__init__()
        self.session = session_for(napari_viewer)
        self.crop = Picture("No particle")
        self.spectrum = Picture("No spectrum")
        self.bars = ProbabilityBars()
        self.says = QLabel()
        self.says.setWordWrap(True)
        self.queue = QueueRow(self.session)
        self._pictured: object = None
        self._lay_out()
        self._connect()
        self.refresh()

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(6, 6, 6, 6)
        column.setSpacing(6)
        pictures = QHBoxLayout()
        self.crop.setToolTip("The particle; the ring is its circle")
        self.spectrum.setToolTip(
            "Its power spectrum: lattice fringes make bright spots"
        )
        pictures.addWidget(self.crop)
        pictures.addWidget(self.spectrum)
        column.addLayout(pictures, 1)
        column.addWidget(self.says)
        column.addWidget(self.bars)
        column.addLayout(self._label_buttons())
        column.addWidget(self.queue)

    def _label_buttons(self) -> QHBoxLayout:
        line = QHBoxLayout()
        self.buttons = {}
        for label, text in _BUTTONS:
            # No focus, and no Alt key: the letters work by themselves.
            button = QPushButton(_bracketed(text))
            button.setToolTip(MEANINGS[label])
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            button.clicked.connect(
                lambda _on, one=label: self.session.review.label(one)
            )
            self.buttons[label] = button
            line.addWidget(button)
        return line

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

    def _on_particles(self, _ids: object) -> None:
        self.refresh()

    def refresh(self) -> None:
        """Show the selected particle."""
        project = self.session.project
        particle = None
        if project is not None and project.selected is not None:
            particle = project.find(project.selected)
        if particle is not None:
            particle = project.as_seen(particle)
        self._show_pictures(particle)
        prediction = None if particle is None else particle.prediction
        self.bars.show_probabilities(prediction and prediction.probabilities)
        self.says.setText(self._sentence(particle))
        for button in self.buttons.values():
            button.setEnabled(particle is not None)

    def _sentence(self, particle: Particle | None) -> str:
        if particle is not None:
            return who_said_what(particle, self.session.review.hides(particle.id))
        return _NO_PROJECT if self.session.project is None else _NO_PARTICLE

    def _show_pictures(self, particle: Particle | None) -> None:
        micrograph = self.session.micrograph
        if particle is None or micrograph is None:
            self._pictured = None
            self.crop.show_values(None)
            self.crop.ring(None)
            self.spectrum.show_values(None)
            return
        shown = (micrograph.id, micrograph.pixel_size_nm, particle.circle)
        if shown != self._pictured:
            self._pictured = shown
            square = crop(micrograph.pixels, particle.circle)
            self.crop.show_values(stretched(square))
            size, _source = self.session.pixel_size()
            self.spectrum.show_values(power_spectrum(square, size))
        share = 2 * particle.circle.radius_px / (2.5 * particle.circle.radius_px + 1)
        self.crop.ring(share, HEX[class_name(particle.label)])


def _bracketed(text: str) -> str:
    """Turn the letter after an ampersand into one in brackets: N&ull -> N[U]ll."""
    before, after = text.split("&", 1)
    return f"{before}[{after[0].upper()}]{after[1:]}"
