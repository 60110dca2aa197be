"""Choice of the forest in use, and a menu to go back, rename, save and load."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtWidgets import QComboBox, QMenu, QPushButton, QWidget

from napari_cdse.gui.session.plain_text import caption, one_line, plain
from napari_cdse.gui.widgets.dialogs import ask_forest, ask_name, ask_where
from napari_cdse.gui.widgets.layout import PlainLabel, flush_row
from napari_cdse.io.paths import name_from_text

if TYPE_CHECKING:
    from napari_cdse.core.records import ModelCard
    from napari_cdse.gui.controllers.training import TrainingController
    from napari_cdse.gui.session.session import Session


def described(card: ModelCard) -> str:
    """Describe a forest in a few lines of text."""
    counts = ", ".join(f"{n} {name}" for name, n in card.class_counts.items() if n)
    lines = [
        card.name or card.id,
        f"Trained on {counts} in {card.n_micrographs} micrographs",
        card.trained_on,
        f"Made {card.created[:16].replace('T', ' ')}" if card.created else "",
        _score(card),
    ]
    return "\n".join(line for line in lines if line)


def _score(card: ModelCard) -> str:
    value = card.scores.get("balanced_accuracy")
    interval = card.scores.get("interval_95")
    if not isinstance(value, float) or not isinstance(interval, list | tuple):
        return "No score on held-out micrographs"
    low, high = interval
    return (
        f"Balanced accuracy on held-out micrographs {value:.2f} "
        f"({low:.2f} to {high:.2f})"
    )


class ModelRow(QWidget):
    """A list of the project's forests, and what can be done with them.

    Parameters
    ----------
    session : Session
    training : TrainingController
        Takes another forest into use.
    """

    def __init__(self, session: Session, training: TrainingController) -> None:
        super().__init__()
        self._session = session
        self._training = training
        self._cards: tuple[ModelCard, ...] = ()
        self.forests = QComboBox()
        self.forests.setToolTip("The forest in use; choose another of the project")
        self.forests.setMinimumContentsLength(12)
        policy = QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        self.forests.setSizeAdjustPolicy(policy)
        self.forests.activated.connect(self._on_chosen)
        self.more = QPushButton("More")
        self.more.setToolTip(
            "Back to the forest before, another name, or a file for a colleague"
        )
        self.more.setMenu(self._menu())
        line = flush_row(self)
        line.addWidget(PlainLabel("In use"))
        line.addWidget(self.forests, 1)
        line.addWidget(self.more)

    def _menu(self) -> QMenu:
        menu = QMenu(self)
        self.back = menu.addAction("Back to the forest before")
        self.back.triggered.connect(self._training.roll_back)
        self.naming = menu.addAction("Rename\u2026")
        self.naming.triggered.connect(self._rename)
        self.saving = menu.addAction("Save as a file\u2026")
        self.saving.triggered.connect(self._save)
        menu.addAction("Use one from a file\u2026").triggered.connect(self._load)
        return menu

    def refresh(self) -> None:
        """Show the project's forests."""
        project = self._session.project
        cards, active = project.models.usable, project.models.active_id
        if cards != self._cards:
            self._cards = cards
            self.forests.clear()
            self.forests.addItems([one_line(card.name or card.id) for card in cards])
        ids = [card.id for card in cards]
        row = ids.index(active) if active in ids else -1
        self.forests.setCurrentIndex(row)
        self.forests.setToolTip(
            plain(described(cards[row]) if row >= 0 else "No forest yet")
        )
        previous = project.models.previous
        self.back.setEnabled(previous is not None)
        if previous is not None:
            self.back.setText(caption(f"Back to {previous.name or previous.id}"))
        self.naming.setEnabled(project.models.role(active or "") == "kept")
        self.saving.setEnabled(row >= 0)

    def _on_chosen(self, row: int) -> None:
        self._training.use(self._cards[row].id)

    def _active(self) -> ModelCard:
        return self._cards[self.forests.currentIndex()]

    def _rename(self) -> None:
        name = ask_name(self, self._active().name)
        if name is not None:
            self._training.rename(self._active().id, name)

    def _save(self) -> None:
        name = name_from_text(self._active().name)
        path = ask_where(self, str(self._session.project.folder / f"{name}.skops"))
        if path is not None:
            self._training.save(path)

    def _load(self) -> None:
        path = ask_forest(self)
        if path is not None:
            self._training.load(path)
