"""Edits for a project file, and a look into it past the store."""

import dataclasses
import sqlite3
from contextlib import closing

import pytest

from napari_cdse.core.errors import StoreError
from napari_cdse.core.records import Annotation, Circle
from napari_cdse.io.store.store import Change, Edit, Store

CIRCLE = Circle(10.5, 20.25, 7.125)


def annotation(particle_id="p", label="yes", **values):
    """Make what Ada said of a particle, but for what is given."""
    known = {
        "id": "statement",
        "micrograph_id": "",
        "circle": CIRCLE,
        "origin": "confirmed",
        "annotator": "Ada",
        "time": "2026-01-01T00:00:00+00:00",
    }
    return Annotation(particle_id=particle_id, label=label, **{**known, **values})


def edit(before=None, after=None, summary="Label"):
    """Make an edit of one particle, not stored yet."""
    change = Change("p", 1, before, after)
    return Edit(0, None, "edit", 1, "2026-01-01", "Ada", summary, 0, (change,))


def say(store, particle_id="p", label="yes", **values):
    """Store an edit of one particle on top of the others."""
    change = Change(particle_id, 1, None, annotation(particle_id, label, **values))
    made = dataclasses.replace(edit(), changes=(change,))
    return store.edits.append(made, store.edits.head())


def query(path, statement):
    """Ask the file itself, past the store."""
    connection = sqlite3.connect(path)
    try:
        return connection.execute(statement).fetchall()
    finally:
        connection.close()


def change_file(path, *statements, loose=False):
    """Alter the file itself, past the store; ``loose`` takes the types of cells off."""
    with closing(sqlite3.connect(path)) as connection:
        if loose:
            connection.execute("PRAGMA writable_schema = ON")
            connection.execute(
                "UPDATE sqlite_master SET sql = replace(replace(sql,"
                " ', STRICT', ''), ' STRICT', '') WHERE type = 'table'"
            )
            connection.execute("PRAGMA writable_schema = RESET")
        for statement in statements:
            connection.execute(statement)
        connection.commit()


def refused(path, sentence, **options):
    """Assert that a file is refused in one sentence, and that nothing changes."""
    before = {each.name: each.read_bytes() for each in path.parent.iterdir()}
    with pytest.raises(StoreError, match=sentence) as caught:
        Store.open(path, **options)
    assert "\n" not in str(caught.value)
    after = {each.name: each.read_bytes() for each in path.parent.iterdir()}
    assert after == before, "opening what cannot be opened must change nothing"
