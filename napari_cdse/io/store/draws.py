"""Table of the audit's chances, where they differ between particles."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_cdse.io.store.unreadable import is_number

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from napari_cdse.io.store.database import Database


class DrawTable:
    """Chance of each particle, written down before its prediction is in view.

    Micrographs without any have the same chance for all particles, as all had in
    projects of earlier versions.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def chances(self) -> dict[str, float]:
        """Return the chances that were written down, by particle."""
        found = {}
        rows = self._database.rows("SELECT particle_id, chance FROM draws")
        for particle_id, chance in rows:
            if is_number(chance, 0) and chance <= 1:
                found[str(particle_id)] = float(chance)
            else:
                self._database.unreadable.note("chances of draws", particle_id)
        return found

    def add(self, micrograph_key: int, chances: Mapping[str, float]) -> None:
        """Write down chances of one micrograph; those that are there stay."""
        with self._database.transaction():
            self._database.execute_many(
                "INSERT INTO draws VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
                ((each, micrograph_key, chance) for each, chance in chances.items()),
            )

    def forget(self, micrograph_keys: Collection[int]) -> None:
        """Take chances back, of micrographs in which nothing has been in view."""
        with self._database.transaction():
            self._database.execute_many(
                "DELETE FROM draws WHERE micrograph_key = ?",
                ((key,) for key in micrograph_keys),
            )
