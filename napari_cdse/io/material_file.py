"""Read a user's crystal lattice from a TOML file.

::

    [material]
    name = "PbS"
    lattice = "rock salt"
    cation = "Pb"
    anion = "S"
    in_plane_nm = 0.4197
    layer_nm = 0.3427

Tetrahedral lattices (zinc blende, wurtzite) and rock salt need cation and anion, fcc
the cation alone. Other keys and tables of the file are ignored.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import fields
from typing import TYPE_CHECKING

from napari_cdse.core.errors import ParameterError
from napari_cdse.core.material import Material
from napari_cdse.io.files import name_of, read_file

if TYPE_CHECKING:
    from pathlib import Path

LIMIT_BYTES = 2**20
"""Largest file that is read. Chosen: far more than anyone writes by hand."""
_TABLE = "material"


def read_material(path: Path) -> Material:
    """Read a lattice.

    Parameters
    ----------
    path : Path
        TOML with a table ``material``.

    Raises
    ------
    ParameterError
        If the file cannot be read, a value is missing or wrong, or there is no such
        crystal.
    """
    # Imported here, since most runs read no such file.
    import tomllib

    name = name_of(path)
    try:
        text = read_file(path, LIMIT_BYTES, ParameterError).decode("utf-8-sig")
        record = tomllib.loads(text).get(_TABLE)
    except (ValueError, RecursionError) as problem:
        raise ParameterError(
            f"{name} is not TOML that can be read; write [material] and below it lines "
            'such as lattice = "rock salt".'
        ) from problem
    if not isinstance(record, dict):
        raise ParameterError(
            f"{name} has no table [material]; write the lattice there."
        )
    values = {"anion": "", "name": path.stem} | record
    if values.get("lattice") == "fcc":
        values["anion"] = ""
    checked: dict[str, object] = {}
    for each in fields(Material):
        checked[each.name] = _checked(name, each.name, values.get(each.name))
    return material_of(checked)


def material_of(values: dict[str, object]) -> Material:
    """Make a lattice of values by the names of `Material`'s fields.

    Parameters
    ----------
    values : dict
        From a file or a project.

    Raises
    ------
    ParameterError
        If a value is missing or wrong, or there is no such crystal.
    """
    try:
        return Material(**values)  # type: ignore[arg-type]  # checked by the class
    except (TypeError, AttributeError) as problem:
        raise ParameterError(
            "This is no lattice; write name, lattice, cation, anion, in_plane_nm and "
            "layer_nm."
        ) from problem


def _checked(file: str, key: str, value: object) -> object:
    is_length = key.endswith("_nm")
    if is_length and isinstance(value, int | float) and not isinstance(value, bool):
        with suppress(OverflowError):  # an integer that is too large for a float
            return float(value)
    if not is_length and isinstance(value, str):
        return value
    wanted = "a number in nm" if is_length else "a text"
    raise ParameterError(f"{file}: material.{key} is missing or wrong; write {wanted}.")
