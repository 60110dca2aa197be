"""Forests in a project: their roles, choices, cards and bytes."""

import dataclasses

from tests.io.models.test_card_schema import CARD


def test_models_have_roles_and_choices(store):
    one = CARD
    two = dataclasses.replace(CARD, id="2" * 16, name="two")
    store.models.add(one, b"one", "shipped")
    store.models.add(two, b"two", "candidate")
    assert store.models.cards() == [(one, "shipped"), (two, "candidate")]
    assert store.models.choices() == []
    store.models.choose(two.id, "Ada")
    store.models.choose(one.id, "Ada")
    store.models.choose(two.id, "Bo")
    assert store.models.choices() == [two.id, one.id, two.id]
    assert store.models.cards() == [(one, "shipped"), (two, "kept")]
    store.models.reject(two.id)
    assert store.models.cards() == [(one, "shipped"), (two, "rejected")]
    assert (store.models.data(one.id), store.models.data(two.id)) == (b"one", None)
    assert store.models.data("3" * 16) is None


def test_a_model_added_again_keeps_its_bytes_and_role_unless_it_was_rejected(store):
    store.models.add(CARD, None, "candidate")
    store.models.add(CARD, b"one", "shipped")
    assert store.models.cards() == [(CARD, "candidate")]
    assert store.models.data(CARD.id) == b"one"
    store.models.add(CARD, b"two", "shipped")
    assert store.models.data(CARD.id) == b"one"
    store.models.reject(CARD.id)
    store.models.add(CARD, b"two", "candidate")
    assert store.models.cards() == [(CARD, "candidate")]
    assert store.models.data(CARD.id) == b"two"
    renamed = dataclasses.replace(CARD, name="another")
    store.models.replace_card(renamed)
    assert store.models.cards() == [(renamed, "candidate")]
