"""Schema of the model card's fields, for model files and projects.

A card comes from outside, and so does a project. Both are checked here, whole, before
anything of them is kept or shown. The schema is a table of small checks of our own:
each refusal is one sentence that names the field, which a general validator would
have to be taught for every rule, and no library has to be there that napari brings.
"""

from __future__ import annotations

import json
import math
from dataclasses import MISSING, asdict, fields, is_dataclass
from typing import TYPE_CHECKING, Any

from napari_cdse.core.errors import ModelError
from napari_cdse.core.micrograph_quality import FIGURES
from napari_cdse.core.records import CLASSES, Calibration, ModelCard, four_of
from napari_cdse.io.files import shown
from napari_cdse.io.models.schema_checks import (
    TEXT,
    WORD,
    fields_of,
    identifier,
    is_seen,
    list_of,
    mapping_of,
    number,
    optional,
    plain_tree,
    text,
    whole,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari_cdse.io.models.schema_checks import Check

_MOST_PARTICLES = 10**9
"""Particles or micrographs; more were never labelled by hand or drawn by a program."""
_LARGEST_PIXEL_NM = 1e3
"""A pixel of a micrometre shows no quantum dot."""
_LARGEST_FIGURE = 1e9
"""Of a micrograph's quality: a ratio of powers, or a length in nm."""
_LARGEST_WEIGHT = 100.0
"""What a logarithm is multiplied by, or moved by, at most: that of 1e-4, the least
that is told apart, is -9, so that more turns every answer into certainty."""


def read_card(text: str | bytes) -> ModelCard:
    """Read a card from JSON.

    Parameters
    ----------
    text : str or bytes
        What `card_json` or an earlier version wrote. NaN in the scores, which
        version 0.1 could write, becomes None. A name of which nothing can be seen
        becomes the id.

    Returns
    -------
    ModelCard

    Raises
    ------
    ModelError
        One clause without a full stop, such as "its card's n_micrographs is no whole
        number"; the caller says whose card it is.
    """
    return card_from(fields_of(text))


def card_from(told: Mapping[str, Any]) -> ModelCard:
    """Build a card from its fields by name; see `read_card`."""
    _check_names(told)
    values = dict(told)
    if isinstance(values.get("scores"), dict):
        values["scores"] = without_infinity(values["scores"])
    for name, value in values.items():
        wrong = _CHECKS[name](value)
        if wrong:
            raise ModelError(f"its card's {name} {wrong}")
    if not is_seen(values["name"]):
        values["name"] = values["id"]  # a line that cannot be seen is chosen by nobody
    sizes = values["pixel_size_range_nm"]
    return ModelCard(
        **values
        | {
            "feature_names": tuple(values["feature_names"]),
            "classes": tuple(values["classes"]),
            "pixel_size_range_nm": sizes and (float(sizes[0]), float(sizes[1])),
            "calibration": _calibration_from(values.get("calibration")),
            "quality_range": _range_from(values.get("quality_range")),
        }
    )


def _calibration_from(told: Mapping[str, Any] | None) -> Calibration | None:
    """Build a calibration from entries that were checked."""
    if told is None:
        return None
    decimals: dict[str, Any] = {}
    for name in ("weights", "prior_weights"):
        decimals[name] = tuple(four_of(row) for row in told[name])
    for name in ("offsets", "prior_offsets"):
        decimals[name] = four_of(told[name])
    return Calibration(**dict(told) | decimals)


def _range_from(
    told: Mapping[str, Any] | None,
) -> dict[str, tuple[float, float]] | None:
    """Build a range of quality from entries that were checked."""
    if told is None:
        return None
    return {name: (float(low), float(high)) for name, (low, high) in told.items()}


def card_fields(card: ModelCard) -> dict[str, Any]:
    """Take a card apart into what JSON knows; in the scores NaN becomes None.

    A card without a calibration or a range of quality says nothing of it, as before
    there was one.
    """
    told = {part.name: _plain(getattr(card, part.name)) for part in fields(card)}
    for name in ("calibration", "quality_range"):
        if getattr(card, name) is None:
            del told[name]
    return told | {"scores": without_infinity(told["scores"])}


def card_json(card: ModelCard) -> str:
    """Write a card as JSON.

    Raises
    ------
    ModelError
        When the card says what `read_card` would refuse to read.
    """
    told = card_fields(card)
    try:
        text = json.dumps(told, allow_nan=False)
    except (ValueError, TypeError) as problem:
        raise ModelError("its card holds what is no plain number or text") from problem
    read_card(text)
    return text


def without_infinity(value: Any) -> Any:
    """Put None in place of every number in a tree of JSON that isn't finite."""
    if isinstance(value, dict):
        return {name: without_infinity(part) for name, part in value.items()}
    if isinstance(value, list):
        return [without_infinity(part) for part in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _plain(value: Any) -> Any:
    """Turn records, mappings, tuples and NumPy's scalars into what JSON knows."""
    if is_dataclass(value) and not isinstance(value, type):
        return _plain(asdict(value))
    if hasattr(value, "items"):
        return {str(name): _plain(entry) for name, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(entry) for entry in value]
    if hasattr(value, "tolist"):
        return _plain(value.tolist())
    return value


def _check_names(told: Mapping[str, Any]) -> None:
    for part in fields(ModelCard):
        optional = part.default is not MISSING or part.default_factory is not MISSING
        if part.name not in told and not optional:
            raise ModelError(f"its card has no {part.name}")
    for name in told:
        if name not in _CHECKS:
            raise ModelError(f"its card has {shown(name)!r}, which no card has")


def _class_name(value: Any) -> str | None:
    return None if value in CLASSES else "is no class"


def _classes(value: Any) -> str | None:
    if not isinstance(value, list | tuple) or tuple(value) != CLASSES:
        return f"are not {', '.join(CLASSES)}"
    return None


def _range_of(least: float, most: float) -> Check:
    """Check two numbers, the smaller one first."""
    two = list_of(number(least, most), range(2, 3))

    def check(value: Any) -> str | None:
        wrong = two(value)
        if wrong or value[0] <= value[1]:
            return wrong
        return "has its larger number first"

    return check


def _figure_name(value: Any) -> str | None:
    return None if value in FIGURES else "is no figure of a micrograph's quality"


_COUNT = whole(0, _MOST_PARTICLES)
_COUNTS = mapping_of(_COUNT, _class_name)
_SHARE = number(0.0, 1.0)
_BY_CLASS = mapping_of(optional(_SHARE), _class_name)
_SCORES: dict[str, Check] = {
    "balanced_accuracy": _SHARE,
    "interval_95": list_of(optional(_SHARE), range(2, 3)),
    "precision": _BY_CLASS,
    "recall": _BY_CLASS,
    "confusion": list_of(list_of(_COUNT, range(1, 5)), range(1, 5)),
    "class_counts": _COUNTS,
    "too_rare": _COUNTS,
    "n_micrographs": _COUNT,
    "folds": _COUNT,
    "temperature": number(0.01, 100.0),
    "temperature_from": identifier,
    "reliability": list_of(
        list_of(optional(number(0, _MOST_PARTICLES)), range(3, 4)), range(101)
    ),
    "class_calibration_error": _BY_CLASS,
    "note": text(TEXT),
}
"""Scores that the program reads, each None where there is none; others are any tree."""


def _scores(value: Any) -> str | None:
    wrong = plain_tree(value) if isinstance(value, dict) else "is no table"
    if wrong:
        return wrong
    for name, each in value.items():
        wrong = optional(_SCORES.get(name, plain_tree))(each)
        if wrong:
            return f"has under {shown(name)} what {wrong}"
    return None


_WEIGHT = number(-_LARGEST_WEIGHT, _LARGEST_WEIGHT)
_FOUR_WEIGHTS = list_of(_WEIGHT, range(len(CLASSES), len(CLASSES) + 1))
_FOUR_ROWS = list_of(_FOUR_WEIGHTS, range(len(CLASSES), len(CLASSES) + 1))
_CALIBRATION: dict[str, Check] = {
    "weights": _FOUR_ROWS,
    "offsets": _FOUR_WEIGHTS,
    "prior_weights": _FOUR_ROWS,
    "prior_offsets": _FOUR_WEIGHTS,
    "n_particles": _COUNT,
    "n_micrographs": _COUNT,
    "below": optional(identifier),
}
"""A check for every field of `Calibration`, and for no other."""


def _calibration(value: Any) -> str | None:
    if value is None:
        return None
    if not isinstance(value, dict) or set(value) != set(_CALIBRATION):
        return f"is no table of {', '.join(_CALIBRATION)}"
    for name, check in _CALIBRATION.items():
        if wrong := check(value[name]):
            return f"has under {name} what {wrong}"
    return None


_CHECKS: dict[str, Check] = {
    "id": identifier,
    "name": text(WORD),
    "parent": optional(identifier),
    "feature_schema": text(WORD, empty=False),
    "feature_names": list_of(text(WORD, empty=False), range(1, 2001)),
    "classes": _classes,
    "training_digest": identifier,
    "class_counts": _COUNTS,
    "n_micrographs": _COUNT,
    "pixel_size_range_nm": optional(_range_of(1e-6, _LARGEST_PIXEL_NM)),
    "parameters": mapping_of(plain_tree, text(WORD, empty=False)),
    "versions": mapping_of(text(WORD), text(WORD, empty=False)),
    "scores": _scores,
    "trained_on": text(TEXT),
    "licence": text(WORD),
    "created": text(WORD),
    "calibration": _calibration,
    "quality_range": optional(
        mapping_of(_range_of(0.0, _LARGEST_FIGURE), _figure_name)
    ),
}
"""A check for every field of `ModelCard`, and for no other."""
