"""Load presets of the parameters: shipped ones, or from a user's TOML file.

A file names a preset to start from, and the parameters that differ::

    base = "standard"
    name = "my-microscope"
    [material]
    name = "PbS"
    lattice = "rock salt"
    cation = "Pb"
    anion = "S"
    in_plane_nm = 0.4197
    layer_nm = 0.3427
    [optics]
    voltages_kV = [200.0]
"""

from __future__ import annotations

import dataclasses
import math
import re
import tomllib
from importlib import resources
from typing import TYPE_CHECKING, Any, get_args, get_origin, get_type_hints

from napari_cdse.core.errors import ParameterError
from napari_cdse.io.files import name_of, read_file, shown
from napari_cdse.simulate.params import Preset

if TYPE_CHECKING:
    from pathlib import Path

NAMES = ("easy", "standard", "hard")
"""Shipped presets."""
_LARGEST = 2**53
"""Largest integer that is accepted; floats cannot represent all integers beyond."""
_LIMIT_BYTES = 2**20
"""Largest file that is read. Chosen."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,40}")
_FEWEST_PX = 128
"""Least edge of a micrograph. Chosen."""
_MOST_DOTS = 255
"""Most dots in a micrograph: their numbers must fit into 8 bits of the mask."""


def preset_by_name(name: str) -> Preset:
    """Load a shipped preset.

    Raises
    ------
    ParameterError
        If there is no such preset.
    """
    if name not in NAMES:
        known = ", ".join(NAMES)
        raise ParameterError(f"There is no preset {shown(name)!r}; use one of {known}.")
    file = resources.files("napari_cdse.simulate") / "presets" / f"{name}.toml"
    return _preset(tomllib.loads(file.read_text("utf-8")), f"{name}.toml", Preset())


def load_preset(path: Path, base: str = "standard") -> Preset:
    """Read a preset from a TOML file.

    Parameters
    ----------
    path : Path
        The file.
    base : str, optional
        Preset to start from if the file names none.

    Raises
    ------
    ParameterError
        If the file cannot be read, or a parameter is unknown or has a wrong value; the
        message names it.
    """
    name = name_of(path)
    data = read_file(path, _LIMIT_BYTES, ParameterError)
    try:
        table = tomllib.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as problem:
        raise ParameterError(
            f"{name} is not TOML ({shown(problem)}); correct that line."
        ) from problem
    start = preset_by_name(str(table.pop("base", base)))
    table.setdefault("name", path.stem)
    return _preset(table, name, start)


def _preset(table: dict[str, Any], source: str, start: Preset) -> Preset:
    preset: Preset = _updated(start, table, source, "")
    _check(preset, source)
    return preset


def _updated(owner: Any, table: dict[str, Any], source: str, prefix: str) -> Any:
    """Replace fields of a dataclass, and of those in it, by the values of a table."""
    hints = get_type_hints(type(owner))
    changed = {}
    for key, value in table.items():
        if key not in hints:
            raise ParameterError(
                f"{source}: there is no parameter {shown(prefix + key)}; "
                f"{prefix or 'the file '}takes {', '.join(hints)}."
            )
        old = getattr(owner, key)
        if dataclasses.is_dataclass(old) and isinstance(value, dict):
            changed[key] = _updated(old, value, source, f"{key}.")
        else:
            changed[key] = _value(value, hints[key], f"{source}: {prefix}{key}")
    return dataclasses.replace(owner, **changed)


def _value(value: Any, kind: Any, where: str) -> Any:
    """Convert a value of TOML to the type of a field."""
    origin, inner = get_origin(kind), get_args(kind)
    if origin is tuple and isinstance(value, list):
        kinds = inner[:1] * len(value) if inner[-1] is ... else inner
        if len(kinds) == len(value) > 0:
            parts = tuple(map(_value, value, kinds, [where] * len(value)))
            if inner[-1] is not ... and parts[0] > parts[-1]:
                raise ParameterError(f"{where} goes down; write the lower end first.")
            return parts
    elif origin is not tuple and origin is not None and value in inner:
        return value
    elif kind is str and isinstance(value, str):
        return value
    elif kind in (int, float) and _is_number(value, kind):
        return kind(value)
    raise ParameterError(f"{where} is {shown(value)}; write {_wanted(kind)}.")


def _is_number(value: Any, kind: type) -> bool:
    is_int = isinstance(value, int) and not isinstance(value, bool)
    if is_int and abs(value) > _LARGEST:
        return False
    return is_int or (
        kind is float and isinstance(value, float) and math.isfinite(value)
    )


def _wanted(kind: Any) -> str:
    """Describe the values of a type, for messages."""
    origin, inner = get_origin(kind), get_args(kind)
    if origin is tuple:
        if inner[-1] is ...:
            return f"a list of {_wanted(inner[0]).removeprefix('a ')}"
        return "a range of two numbers, as [1.0, 2.0]"
    if origin is not None:
        return "one of " + ", ".join(map(str, inner))
    return {int: "a whole number", float: "a number", str: "a text"}.get(
        kind, "a table"
    )


def _check(preset: Preset, source: str) -> None:
    """Refuse values that cannot be simulated."""
    dots, field = preset.dots, preset.field
    shares = dots.defect_share + dots.perfect_share
    problems = {
        "name must be letters, digits, dots, dashes": not _NAME.fullmatch(preset.name),
        "field.size_px must be even and at least 128": field.size_px < _FEWEST_PX
        or field.size_px % 2,
        "field.dots must lie between 0 and 255": not 0 <= field.dots[0]
        or field.dots[1] > _MOST_DOTS,
        "field.pixel_size_nm must lie between 0.005 and 0.2": not (
            0.005 <= field.pixel_size_nm[0] and field.pixel_size_nm[1] <= 0.2
        ),
        "the dots' shares must lie between 0 and 1": not 0 <= shares <= 1,
        "dots.diameter_nm must lie between 0.8 and 20": not (
            0.8 <= dots.diameter_nm[0] and dots.diameter_nm[1] <= 20
        ),
        "the material's spacings must be above 0.1": min(
            preset.material.in_plane_nm, preset.material.layer_nm
        )
        < 0.1,
        "camera.dose_per_A2 must be above 0": preset.camera.dose_per_A2[0] <= 0,
        "camera.mtf must be above 0": preset.camera.mtf[0] <= 0,
        "optics.voltages_kV must lie between 20 and 1500": not all(
            20 <= value <= 1500 for value in preset.optics.voltages_kV
        ),
    }
    for sentence, wrong in problems.items():
        if wrong:
            raise ParameterError(f"{source}: {sentence}; change it.")
