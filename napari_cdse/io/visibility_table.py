"""Read and write tables of the visibility of simulated faults, as JSON.

::

    {"format": "napari-cdse visibility", "version": 1, "preset": "standard", ...,
     "dots": {"setting": [0, ...], "kind": ["cubic: twin", ...],
              "diameter_nm": [3.912, ...], "aligned": [1, ...], "seen": [1, ...],
              "resolved": [0, ...], "shown": [0, ...]}}
"""

from __future__ import annotations

import json
import math
import os
import re
from dataclasses import asdict, fields
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_cdse.core.errors import ParameterError
from napari_cdse.core.statistics.defect_content import (
    PERFECT,
    SeenDot,
    VisibilityTable,
)
from napari_cdse.io.files import MALFORMED, name_of, read_file, shown, write_file

if TYPE_CHECKING:
    from collections.abc import Mapping

SHIPPED = ("standard",)
"""Presets whose tables come with the program."""

_FORMAT, _VERSION = "napari-cdse visibility", 1
_START = re.compile(rb'\s*\{\s*"format":\s*"napari-cdse visibility"')
_LIMIT_BYTES = 2**25
"""Largest file that is read. Chosen: some four hundred times the shipped table."""
_MOST_DOTS = 10**6
"""Most simulated dots in a table. Chosen: some hundreds of times those of the shipped
table."""
_SUM_TOLERANCE = 1e-3
"""Largest difference from 1 of a sum of fractions: rounding in the file."""
_LONGEST_NAME = 200
"""Most characters of a name that is shown in sentences. Chosen."""


def read_visibility(name_or_path: str) -> VisibilityTable:
    """Read a table: a shipped one, or a file.

    Parameters
    ----------
    name_or_path : str
        One of `SHIPPED`, or the path of a file that ``napari-cdse visibility`` wrote.

    Raises
    ------
    ParameterError
        If there is no such file, or it is no such table.
    """
    if name_or_path in SHIPPED:
        file = resources.files("napari_cdse.io") / "visibility" / f"{name_or_path}.json"
        return _table(file.read_bytes(), f"{name_or_path}.json")
    path = Path(name_or_path)
    if not os.path.exists(path):
        raise ParameterError(
            f"There is no table {shown(name_or_path)!r} of what a simulation shows; "
            f"use {' or '.join(SHIPPED)}, or a file that napari-cdse visibility wrote."
        )
    return _table(read_file(path, _LIMIT_BYTES, ParameterError), name_of(path))


def write_visibility(path: Path, table: VisibilityTable) -> None:
    """Write a table.

    Parameters
    ----------
    path : Path
        An existing file is replaced.
    table : VisibilityTable
        The table.

    Raises
    ------
    ParameterError
        If the file cannot be written.
    """
    record = {"format": _FORMAT, "version": _VERSION, **asdict(table)}
    record["dots"] = {
        each.name: [_plain(getattr(dot, each.name)) for dot in table.dots]
        for each in fields(SeenDot)
    }
    text = json.dumps(record, allow_nan=False, separators=(",", ":"))
    write_file(path, text.encode(), ParameterError)


def is_visibility(start: bytes) -> bool:
    """Whether the first bytes of a file are those of a table of any version."""
    return _START.match(start) is not None


def _plain(value: object) -> object:
    return int(value) if isinstance(value, bool) else value


def _table(data: bytes, name: str) -> VisibilityTable:
    try:
        record = json.loads(data)
        if record["format"] != _FORMAT or record["version"] != _VERSION:
            raise ValueError("another format")
        table = _read(record)
    except MALFORMED as problem:
        raise ParameterError(
            f"{name} is no table of what a simulation shows that this version reads; "
            "make it again with napari-cdse visibility."
        ) from problem
    return table


def _read(record: Mapping[str, Any]) -> VisibilityTable:
    """Convert a record; raise `ValueError` for impossible numbers."""
    columns = [record["dots"][each.name] for each in fields(SeenDot)]
    rows = list(zip(*columns, strict=True))
    if len(rows) > _MOST_DOTS:
        raise ValueError("too many dots")
    table = VisibilityTable(
        preset=_text(record["preset"]),
        material=_text(record["material"]),
        program=_text(record["program"]),
        seed=int(record["seed"]),
        pixel_size_nm=_range(record["pixel_size_nm"]),
        diameter_nm=_range(record["diameter_nm"]),
        near_axis_deg=_above_0(record["near_axis_deg"]),
        kinds=_parts(record["kinds"]),
        hosts=_parts(record["hosts"]),
        parameters=dict(record["parameters"]),
        dots=tuple(map(_dot, rows)),
    )
    wanted = {*table.kinds, *(f"{host}: {PERFECT}" for host in table.hosts)}
    if not wanted <= {dot.kind for dot in table.dots}:
        raise ValueError("a kind without a dot")
    return table


def _dot(row: tuple[Any, ...]) -> SeenDot:
    setting, kind, diameter_nm, *flags = row
    return SeenDot(int(setting), _text(kind), _above_0(diameter_nm), *map(bool, flags))


def _text(value: Any) -> str:
    if not isinstance(value, str) or len(value) > _LONGEST_NAME:
        raise ValueError("no name")
    return value


def _above_0(value: Any) -> float:
    number = float(value)
    if not 0 < number < math.inf:
        raise ValueError("no number above 0")
    return number


def _range(pair: Any) -> tuple[float, float]:
    low, high = map(float, pair)
    if not 0 < low <= high < math.inf:
        raise ValueError("no range")
    return low, high


def _parts(parts: Mapping[str, Any]) -> dict[str, float]:
    """Convert fractions by name, which must add up to 1."""
    fractions = {_text(name): float(part) for name, part in parts.items()}
    values = fractions.values()
    # Written so that NaN is refused, too.
    if not (min(values) >= 0 and abs(sum(values) - 1) <= _SUM_TOLERANCE):
        raise ValueError("no parts of a whole")
    return fractions
