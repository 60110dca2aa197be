"""Schema of the model card's fields, for model files and projects.

Cards come from strangers' files. Every field is checked before any of them is stored or
shown. The schema, `_CHECKS`, maps each field to a check of
`napari_cdse.io.models.schema_checks`; a refusal is a sentence that names the field. No
general validator is used, since it would add a dependency and less clear messages.
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
"""Largest number of particles or micrographs. Chosen: far more than was ever labelled
or simulated."""
_LARGEST_PIXEL_NM = 1e3
"""Largest pixel size in nm. Chosen: no quantum dot is visible with it."""
_LARGEST_FIGURE = 1e9
"""Largest figure of a micrograph's quality, a ratio of powers or a length in nm.
Chosen."""
_LARGEST_WEIGHT = 100.0
"""Largest absolute weight and offset of a calibration. Chosen: they apply to logarithms
of probabilities, down to -9 for 1e-4, so that larger ones turn every probability into 0
or 1."""


def read_card(text: str | bytes) -> ModelCard:
    """Read a card from JSON.

    Parameters
    ----------
    text : str or bytes
        From `card_json` or an earlier version. NaN in the scores, which version 0.1
        could write, becomes None. A name without visible characters becomes the id.

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


def card_from(record: Mapping[str, Any]) -> ModelCard:
    """Build a card from its fields by name; see `read_card`."""
    _check_names(record)
    values = dict(record)
    if isinstance(values.get("scores"), dict):
        values["scores"] = without_infinity(values["scores"])
    for name, value in values.items():
        wrong = _CHECKS[name](value)
        if wrong:
            raise ModelError(f"its card's {name} {wrong}")
    if not is_seen(values["name"]):
        values["name"] = values["id"]  # nobody could choose it from a list
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


def _calibration_from(record: Mapping[str, Any] | None) -> Calibration | None:
    """Build a calibration from entries that were checked."""
    if record is None:
        return None
    arrays: dict[str, Any] = {}
    for name in ("weights", "prior_weights"):
        arrays[name] = tuple(four_of(row) for row in record[name])
    for name in ("offsets", "prior_offsets"):
        arrays[name] = four_of(record[name])
    return Calibration(**dict(record) | arrays)


def _range_from(
    record: Mapping[str, Any] | None,
) -> dict[str, tuple[float, float]] | None:
    """Build a range of quality from entries that were checked."""
    if record is None:
        return None
    return {name: (float(low), float(high)) for name, (low, high) in record.items()}


def card_fields(card: ModelCard) -> dict[str, Any]:
    """Convert a card to types of JSON.

    NaN and infinity in the scores become None. Without a calibration or a range of
    quality the field is left out, so that earlier versions can read the card.
    """
    record = {part.name: _plain(getattr(card, part.name)) for part in fields(card)}
    for name in ("calibration", "quality_range"):
        if getattr(card, name) is None:
            del record[name]
    return record | {"scores": without_infinity(record["scores"])}


def card_json(card: ModelCard) -> str:
    """Write a card as JSON.

    Raises
    ------
    ModelError
        If `read_card` would refuse to read it.
    """
    record = card_fields(card)
    try:
        text = json.dumps(record, allow_nan=False)
    except (ValueError, TypeError) as problem:
        raise ModelError("its card holds what is no plain number or text") from problem
    read_card(text)
    return text


def without_infinity(value: Any) -> Any:
    """Replace numbers in a tree of JSON that are not finite by None."""
    if isinstance(value, dict):
        return {name: without_infinity(part) for name, part in value.items()}
    if isinstance(value, list):
        return [without_infinity(part) for part in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _plain(value: Any) -> Any:
    """Convert records, mappings, tuples and NumPy's scalars to types of JSON."""
    if is_dataclass(value) and not isinstance(value, type):
        return _plain(asdict(value))
    if hasattr(value, "items"):
        return {str(name): _plain(entry) for name, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(entry) for entry in value]
    if hasattr(value, "tolist"):
        return _plain(value.tolist())
    return value


def _check_names(record: Mapping[str, Any]) -> None:
    """Refuse a card with required fields missing, or with unknown ones."""
    for part in fields(ModelCard):
        optional = part.default is not MISSING or part.default_factory is not MISSING
        if part.name not in record and not optional:
            raise ModelError(f"its card has no {part.name}")
    for name in record:
        if name not in _CHECKS:
            raise ModelError(f"its card has {shown(name)!r}, which no card has")


def _class_name(value: Any) -> str | None:
    return None if value in CLASSES else "is no class"


def _classes(value: Any) -> str | None:
    if not isinstance(value, list | tuple) or tuple(value) != CLASSES:
        return f"are not {', '.join(CLASSES)}"
    return None


def _range_of(least: float, most: float) -> Check:
    """Return a check for two numbers, the smaller one first."""
    check_pair = list_of(number(least, most), range(2, 3))

    def check(value: Any) -> str | None:
        wrong = check_pair(value)
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
"""Checks of the scores that the program reads, each of which may be None. Any other
score may be any small tree of JSON."""


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
"""The check of each field of `Calibration`; there may be no others."""


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
"""The check of each field of `ModelCard`; there may be no others."""
