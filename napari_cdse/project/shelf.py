"""The project's forests: which there are, and which one is active."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_cdse.core.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_cdse.core.forest import Model
    from napari_cdse.core.records import ModelCard
    from napari_cdse.io.store import ModelRole, Store

    DefaultModel = Callable[[], Model]


class ModelShelf:
    """Stored forests, and the way from one active forest to the next.

    Parameters
    ----------
    store : Store
    default : callable or None
        Gives the shipped forest, which holds until another one is kept. Only its
        card goes into the project, since its bytes come with the program.
    """

    def __init__(self, store: Store, default: DefaultModel | None = None) -> None:
        self._store = store
        self._default = default
        self._loaded: dict[str, Model] = {}
        self.reload()

    def reload(self) -> None:
        """Read cards and choices anew."""
        self._cards = self._store.models.cards()
        self._choices = self._store.models.choices()

    @property
    def cards(self) -> tuple[ModelCard, ...]:
        """All cards, oldest first, those of rejected models too."""
        return tuple(card for card, _ in self._cards)

    def role(self, model_id: str) -> ModelRole | None:
        """Tell what became of a model; None for an unknown one."""
        return next((role for card, role in self._cards if card.id == model_id), None)

    @property
    def active_id(self) -> str | None:
        """Id of the active model, as far as known without loading one."""
        return self._choices[-1] if self._choices else None

    @property
    def previous_id(self) -> str | None:
        """Id of the model that was active before this one."""
        earlier = [each for each in self._choices if each != self.active_id]
        return earlier[-1] if earlier else None

    def active(self) -> Model | None:
        """Load the active model; None where there is none.

        Returns
        -------
        Model or None
            Another than `active_id` says if that one came with an earlier version
            of the program: then the present shipped one.

        Raises
        ------
        ModelError
            If the stored model cannot be trusted or read.
        """
        return self.get(self.active_id) or self._shipped()

    def get(self, model_id: str | None) -> Model | None:
        """Load one model; None if its bytes aren't in the project."""
        if model_id is None:
            return None
        if model_id not in self._loaded:
            data = self._store.models.data(model_id)
            if data is None:
                return None
            from napari_cdse.io.model_file import model_from_bytes

            self._loaded[model_id] = model_from_bytes(data, self._store.path.name)
        return self._loaded[model_id]

    def add(self, model: Model, data: bytes | None = None) -> None:
        """Store a new model beside the active one.

        Parameters
        ----------
        model : Model
            A forest that was just fitted.
        data : bytes or None
            From `napari_cdse.io.model_file.model_bytes`, if a worker has made them.
        """
        if data is None:
            from napari_cdse.io.model_file import model_bytes

            data = model_bytes(model)
        self._store.models.add(model.card, data, "candidate")
        self._loaded[model.card.id] = model
        self.reload()

    def adopt(self, model: Model, annotator: str) -> None:
        """Make the shipped model the active one; only its card is stored."""
        with self._store.transaction():
            self._store.models.add(model.card, None, "shipped")
            self._store.models.choose(model.card.id, annotator)
        self._loaded[model.card.id] = model
        self.reload()

    def keep(self, model_id: str, annotator: str) -> None:
        """Make a model the active one.

        Raises
        ------
        StoreError
            If the project has no such model any more.
        """
        if self.role(model_id) in (None, "rejected"):
            raise StoreError(
                f"Model {model_id[:12]} is no longer in the project; retrain it."
            )
        self._store.models.choose(model_id, annotator)
        self.reload()

    def reject(self, model_id: str) -> None:
        """Drop a model's bytes and predictions and keep its card.

        Raises
        ------
        StoreError
            If it is the active one.
        """
        if model_id == self.active_id:
            raise StoreError(
                "The active model cannot be rejected; keep another one first."
            )
        with self._store.transaction():
            self._store.models.reject(model_id)
            self._store.findings.forget_predictions(model_id)
        self._loaded.pop(model_id, None)
        self.reload()

    def _shipped(self) -> Model | None:
        return None if self._default is None else self._default()
