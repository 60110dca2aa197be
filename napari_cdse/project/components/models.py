"""The project's forests: in use, beside it, kept, gone back to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_cdse.project.components.exclusions import ProjectLeavingOut

if TYPE_CHECKING:
    from napari_cdse.core.classifier.forest import Model
    from napari_cdse.core.records import ModelCard
    from napari_cdse.io.store.store import ModelRole


class ProjectForests(ProjectLeavingOut):
    """Forests of a project; see `Project`."""

    @property
    def active_model(self) -> Model | None:
        """The forest in use, loaded when first asked for; None where there is none.

        Raises
        ------
        ModelError
            If the stored model cannot be trusted or read.
        """
        model = self._shelf.active()
        if model is not None and model.card.id != self._shelf.active_id:
            self._adopt(model)
        return model

    @property
    def active_model_id(self) -> str | None:
        """Id of the forest in use, without loading it."""
        return self._shelf.active_id

    @property
    def models(self) -> tuple[ModelCard, ...]:
        """Cards of all forests of this project, oldest first."""
        return self._shelf.cards

    def model(self, model_id: str) -> Model | None:
        """Load any model whose bytes are in the project."""
        return self._shelf.get(model_id)

    def model_role(self, model_id: str) -> ModelRole | None:
        """Tell whether a model is a candidate, was kept, rejected, or is shipped."""
        return self._shelf.role(model_id)

    def add_model(self, model: Model, data: bytes | None = None) -> None:
        """Store a new forest beside the active one, which stays active.

        Parameters
        ----------
        model : Model
            A forest that was just fitted.
        data : bytes, optional
            What ``model_bytes`` makes of it, if a worker has done that.
        """
        self._shelf.add(model, data)
        self.models_changed.emit()

    @property
    def usable_models(self) -> tuple[ModelCard, ...]:
        """Cards of the forests that can be taken into use, oldest first."""
        return self._shelf.usable

    @property
    def previous_model(self) -> ModelCard | None:
        """Card of the forest that `roll_back` would go to; None if there is none."""
        wanted = self._shelf.previous_id
        return next((card for card in self.models if card.id == wanted), None)

    def rename_model(self, model_id: str, name: str) -> None:
        """Call a forest by another name.

        Raises
        ------
        StoreError
            If the name is empty, or the forest isn't the project's own.
        """
        self._shelf.rename(model_id, name)
        self.models_changed.emit()

    def keep(self, model_id: str) -> None:
        """Make a forest the active one; what it has predicted is shown at once."""
        self._shelf.keep(model_id, self.annotator)
        self._show_active()

    def reject(self, model_id: str) -> None:
        """Drop a forest that was not kept; its card stays."""
        self._shelf.reject(model_id)
        self.models_changed.emit()

    def roll_back(self) -> ModelCard | None:
        """Go back to the forest that was active before; None if there was none."""
        previous = self._shelf.previous_id
        if previous is None:
            return None
        self.keep(previous)
        return next(card for card in self.models if card.id == previous)

    # Inside

    def _adopt(self, model: Model) -> None:
        """Take the shipped forest, and say so when it is another than last time."""
        earlier = self._shelf.active_id
        if self.read_only:
            return
        self._shelf.adopt(model, self.annotator)
        if earlier is not None:
            self.notice.emit(
                "The model that came with an earlier version is now "
                f"{model.card.name}; classify again to see what it says. Your labels "
                "are as they were."
            )
        self._show_active()
