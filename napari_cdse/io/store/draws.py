"""Table of the chances with which an audit draws particles, where they differ."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_cdse.io.store.unreadable import is_number

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from napari_cdse.io.store.database import Database


class DrawTable:
    """Chance of each particle to be drawn, stored before its prediction is shown.

    In micrographs without entries all particles have the same chance, as in projects of
    earlier versions.

    Parameters
    ----------
    database : Database
        The open project file.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def chances(self) -> dict[str, float]:
        """Return the stored chances, by particle id."""
        chances = {}
        rows = self._database.rows("SELECT particle_id, chance FROM draws")
        for particle_id, chance in rows:
            if is_number(chance, 0) and chance <= 1:
                chances[str(particle_id)] = float(chance)
            else:
                self._database.unreadable.note("chances of draws", particle_id)
        return chances

    def add(self, micrograph_key: int, chances: Mapping[str, float]) -> None:
        """Store chances of one micrograph, by particle id; stored ones are kept."""
        with self._database.transaction():
            self._database.execute_many(
                "INSERT INTO draws VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
                ((each, micrograph_key, chance) for each, chance in chances.items()),
            )

    def forget(self, micrograph_keys: Collection[int]) -> None:
        """Delete the chances of micrographs of which no prediction was shown yet."""
        with self._database.transaction():
            self._database.execute_many(
                "DELETE FROM draws WHERE micrograph_key = ?",
                ((key,) for key in micrograph_keys),
            )
