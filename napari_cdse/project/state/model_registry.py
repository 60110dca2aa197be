"""The project's forests in memory: which exist, and which is active."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from napari_cdse.core.errors import ModelError, StoreError
from napari_cdse.io.models.schema_checks import is_seen

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_cdse.core.classifier.forest import Model
    from napari_cdse.core.records import ModelCard
    from napari_cdse.io.store.store import ModelRole, Store

    DefaultModel = Callable[[], Model | None]


class ModelRegistry:
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
        # In this order: what another window stores and chooses meanwhile may be known
        # before it is chosen, and never the other way round.
        self._choices = self._store.models.choices()
        self._cards = self._store.models.cards()

    @property
    def cards(self) -> tuple[ModelCard, ...]:
        """All cards, oldest first, those of rejected models too."""
        return tuple(card for card, _ in self._cards)

    def role(self, model_id: str) -> ModelRole | None:
        """Tell what became of a model; None for an unknown one."""
        return next((role for card, role in self._cards if card.id == model_id), None)

    @property
    def usable(self) -> tuple[ModelCard, ...]:
        """Cards of the models that can be made the active one, oldest first."""
        return tuple(card for card, role in self._cards if role != "rejected")

    @property
    def active_id(self) -> str | None:
        """Id of the active model, as far as known without loading one."""
        return self._choices[-1] if self._choices else None

    @property
    def active_card(self) -> ModelCard | None:
        """Card of the active model, as far as known without loading one."""
        wanted = self.active_id
        return next((card for card, _ in self._cards if card.id == wanted), None)

    @property
    def earlier_choices(self) -> tuple[str, ...]:
        """Ids of the models that were active before, the latest first."""
        earlier = dict.fromkeys(reversed(self._choices))
        return tuple(each for each in earlier if each != self.active_id)

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
        """Load one model; None if its bytes aren't in the project.

        Those of a shipped model never are, whatever a project holds under its id.

        Raises
        ------
        ModelError
            If they can't be read, or are another model's.
        """
        if model_id is None:
            return None
        if model_id not in self._loaded:
            data = self._store.models.data(model_id)
            if data is None or self.role(model_id) == "shipped":
                return None
            # Skops and scikit-learn take a second to import; many projects are opened
            # without need of a forest.
            from napari_cdse.core.classifier.forest import is_id_of
            from napari_cdse.io.models.model_file import model_from_bytes

            model = model_from_bytes(data, self._store.path.name)
            if not is_id_of(model, model_id):
                raise ModelError(
                    f"{self._store.path.name} holds another forest under the id "
                    f"{model_id}; keep another one, or use one from a file."
                )
            card = self._named(replace(model.card, id=model_id))
            self._loaded[model_id] = replace(model, card=card)
        return self._loaded[model_id]

    def add(self, model: Model, data: bytes | None = None) -> None:
        """Store a new model beside the active one.

        Where one of the same content is held already, that one stays with its card: a
        file may say another range or name of the same forest.

        Parameters
        ----------
        model : Model
            A forest that was just fitted.
        data : bytes or None
            From `napari_cdse.io.models.model_file.model_bytes`, if a worker has
            made them.
        """
        if data is None:
            from napari_cdse.io.models.model_file import model_bytes

            data = model_bytes(model)
        card = self._distinct(model)
        model = model if card is model.card else replace(model, card=card)
        held = self._holds(model.card.id)
        self._store.models.add(model.card, data, "candidate")
        if not held:
            self._loaded[model.card.id] = model
        self.reload()

    def rename(self, model_id: str, name: str) -> None:
        """Call a stored model by another name; its id stays.

        Raises
        ------
        StoreError
            If the name is empty, or the project does not hold the model's bytes.
        """
        card = next((card for card, _ in self._cards if card.id == model_id), None)
        if card is None or self.role(model_id) not in ("candidate", "kept"):
            raise StoreError("Only a forest of this project can be given a name.")
        if not is_seen(name):
            raise StoreError("A forest needs a name; write one.")
        self._store.models.replace_card(replace(card, name=name.strip()))
        self.reload()
        if model_id in self._loaded:
            model = self._loaded[model_id]
            self._loaded[model_id] = replace(model, card=self._named(model.card))

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
                f"The forest {model_id[:12]} is no longer in the project; retrain it."
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
                "The forest in use cannot be dropped; use another one first."
            )
        with self._store.transaction():
            self._store.models.reject(model_id)
            self._store.findings.forget_predictions(model_id)
        self._loaded.pop(model_id, None)
        self.reload()

    def _holds(self, model_id: str) -> bool:
        """Whether a model can be had as the project, or the program, has it."""
        role = self.role(model_id)
        if role == "shipped":
            shipped = self._shipped()
            return shipped is not None and shipped.card.id == model_id
        with suppress(ModelError):
            return role in ("candidate", "kept") and self.get(model_id) is not None
        return False

    def _named(self, card: ModelCard) -> ModelCard:
        """Give a card the name that the user gave it since its bytes were made."""
        names = {each.id: each.name for each, _ in self._cards}
        return replace(card, name=names.get(card.id, card.name))

    def _distinct(self, model: Model) -> ModelCard:
        """Tell a model that bears another one's id from the one whose name it has."""
        card = model.card
        taken = {each.name for each, _ in self._cards if each.id != card.id}
        if model.stated_id in ("", card.id) or card.name not in taken:
            return card
        return replace(card, name=f"{card.name} ({card.id})")

    def _shipped(self) -> Model | None:
        return None if self._default is None else self._default()
