"""The project's forests: choose, keep, import, and go back to an earlier one."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from napari_cdse.core.classifier.forest import Model
    from napari_cdse.core.records import ModelCard
    from napari_cdse.io.store.store import ModelRole, Store
    from napari_cdse.project.components.annotators import Annotators
    from napari_cdse.project.state.events import ProjectEvents
    from napari_cdse.project.state.project_state import ProjectState


class Models:
    """Forests of a project: one is active, the others can become it.

    Parameters
    ----------
    store : Store
        Tells whether the project may be written to.
    state : ProjectState
        Holds the registry, and the active model's predictions.
    annotators : Annotators
        The present annotator is recorded with each choice.
    events : ProjectEvents
    """

    def __init__(
        self,
        store: Store,
        state: ProjectState,
        annotators: Annotators,
        events: ProjectEvents,
    ) -> None:
        self._store = store
        self._state = state
        self._table = state.micrographs
        self._registry = state.models
        self._annotators = annotators
        self._events = events

    @property
    def active(self) -> Model | None:
        """The forest in use, loaded at its first use; None if there is none.

        Raises
        ------
        ModelError
            If the stored model cannot be trusted or read.
        """
        model = self._registry.active()
        if model is not None and model.card.id != self._registry.active_id:
            self._adopt(model)
        return model

    @property
    def active_id(self) -> str | None:
        """Id of the forest in use, without loading it."""
        return self._registry.active_id

    @property
    def cards(self) -> tuple[ModelCard, ...]:
        """Cards of all forests of this project, oldest first."""
        return self._registry.cards

    def get(self, model_id: str) -> Model | None:
        """Load any model whose bytes are in the project."""
        return self._registry.get(model_id)

    def role(self, model_id: str) -> ModelRole | None:
        """Tell whether a model is a candidate, was kept, rejected, or is shipped."""
        return self._registry.role(model_id)

    def add(self, model: Model, data: bytes | None = None) -> None:
        """Store a new forest beside the active one, which stays active.

        Parameters
        ----------
        model : Model
            A forest that was just fitted.
        data : bytes, optional
            Its serialised form by ``model_bytes``, if a worker has made it already.
        """
        self._registry.add(model, data)
        self._events.models_changed.emit()

    @property
    def usable(self) -> tuple[ModelCard, ...]:
        """Cards of the forests that can be taken into use, oldest first."""
        return self._registry.usable

    @property
    def previous(self) -> ModelCard | None:
        """Card of the forest that `roll_back` would go to; None if there is none."""
        wanted = self._registry.previous_id
        return next((card for card in self.cards if card.id == wanted), None)

    def rename(self, model_id: str, name: str) -> None:
        """Rename a forest.

        Parameters
        ----------
        model_id : str
            Its id.
        name : str
            The new name.

        Raises
        ------
        StoreError
            If the name is empty, or the forest isn't the project's own.
        """
        self._registry.rename(model_id, name)
        self._events.models_changed.emit()

    def keep(self, model_id: str) -> None:
        """Make a forest the active one, and show its stored predictions."""
        self._registry.keep(model_id, self._annotators.current)
        self.show_active()

    def reject(self, model_id: str) -> None:
        """Drop a forest that was not kept; its card stays."""
        self._registry.reject(model_id)
        self._events.models_changed.emit()

    def roll_back(self) -> ModelCard | None:
        """Go back to the forest that was active before; None if there was none."""
        previous = self._registry.previous_id
        if previous is None:
            return None
        self.keep(previous)
        return next(card for card in self.cards if card.id == previous)

    def show_active(self) -> None:
        """Show the predictions of the forest in use, after it has changed."""
        self._state.load_predictions()
        self._table.refresh()
        self._events.queue_outdated.emit()
        self._events.models_changed.emit()
        self._events.particles_changed.emit(None)

    # Inside

    def _adopt(self, model: Model) -> None:
        """Make the shipped forest active; notify if it replaces an older one."""
        earlier = self._registry.active_id
        if self._store.read_only:
            return
        self._registry.adopt(model, self._annotators.current)
        if earlier is not None:
            self._events.notice.emit(
                "The forest that came with an earlier version is now "
                f"{model.card.name}; classify again to see what it says. Your labels "
                "are as they were."
            )
        self.show_active()
