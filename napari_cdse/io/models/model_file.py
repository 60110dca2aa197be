"""Model files: one skops archive with forest, card and training table.

Only dictionaries, text and plain arrays are in it: trees are stored as the arrays of
`Forest`, not as scikit-learn's own objects. So loading trusts no type at all (not even
scikit-learn's ``Tree``, whose compiled code can be made to read out of bounds), the
nodes are checked before they are used, and no change of scikit-learn's inner formats
makes a model unreadable.
"""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any

import numpy as np
import skops.io

from napari_cdse.core.classifier.forest import Model
from napari_cdse.core.classifier.tree_arrays import Forest
from napari_cdse.core.errors import ModelError
from napari_cdse.core.features import groups_in
from napari_cdse.core.records import CLASSES, ModelCard
from napari_cdse.io.files import name_of, read_file, write_file
from napari_cdse.io.models.archive import (
    MAX_FILE_BYTES,
    check_arrays,
    damaged,
    open_archive,
)
from napari_cdse.io.models.training_arrays import from_arrays, to_arrays

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator

FORMAT = "napari-cdse model"
VERSION = 1
_SCHEMA = "schema.json"
_FIRST_DAY = (1980, 1, 1, 0, 0, 0)
_ALLOWED = {
    ("DictNode", "builtins", "dict"),
    ("ListNode", "builtins", "list"),
    ("TypeNode", "builtins", "str"),
    ("JsonNode", "builtins", "str"),
    ("NdArrayNode", "numpy", "ndarray"),
}
"""Loader, module and class of every node that a model file needs."""
_MISFITS = (
    ValueError,
    TypeError,
    KeyError,
    AttributeError,
    IndexError,
    RecursionError,
)


def save_model(model: Model, path: str | os.PathLike[str]) -> None:
    """Write a model to a ``.skops`` file, whole or not at all.

    Raises
    ------
    ModelError
        When the file cannot be written.
    """
    write_file(path, model_bytes(model), ModelError)


def load_model(path: str | os.PathLike[str]) -> Model:
    """Read a model from a ``.skops`` file.

    Raises
    ------
    ModelError
        When it cannot be read, is no model, holds anything else than a model needs,
        is damaged, or wants features that this version does not compute.
    """
    data = read_file(path, MAX_FILE_BYTES, ModelError)
    return model_from_bytes(data, name_of(path))


def model_bytes(model: Model) -> bytes:
    """Write a model into bytes; the same model gives the same bytes."""
    forest = {part.name: getattr(model.forest, part.name) for part in fields(Forest)}
    told = {
        "format": FORMAT,
        "version": VERSION,
        "card": json.dumps(asdict(model.card)),
        "forest": forest,
        "training": {} if model.training is None else to_arrays(model.training),
    }
    return _repacked(skops.io.dumps(told))


def model_from_bytes(data: bytes, source: str = "The model") -> Model:
    """Read a model back.

    Parameters
    ----------
    data : bytes
        What `model_bytes` gave.
    source : str
        What to call it in messages.

    Returns
    -------
    Model

    Raises
    ------
    ModelError
        As `load_model`.
    """
    with open_archive(data, source) as archive:
        _check_types(archive, source)
        check_arrays(archive, source)
    told = _content(data, source)
    card = _card(told.get("card"), source)
    groups_in(card.feature_schema)
    forest = _forest(told.get("forest"), source)
    parts = told.get("training")
    training = from_arrays(parts, source) if isinstance(parts, dict) and parts else None
    model = Model(card, forest, training)
    _check_agreement(model, source)
    return model


def _repacked(data: bytes) -> bytes:
    """Compress an archive, with names and dates that do not change from run to run.

    skops names arrays after where they lay in memory.
    """
    stream = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(data)) as old,
        zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        schema = json.loads(old.read(_SCHEMA))
        numbers: dict[object, int] = {}
        for node in _nodes(schema):
            if "__id__" in node:
                key = node["__id__"]
                node["__id__"] = numbers.setdefault(key, len(numbers) + 1)
            if "file" in node:
                name = f"{node['__id__']}.npy"
                new.writestr(
                    _member(name), old.read(node["file"]), zipfile.ZIP_DEFLATED
                )
                node["file"] = name
        new.writestr(_member(_SCHEMA), json.dumps(schema), zipfile.ZIP_DEFLATED)
    return stream.getvalue()


def _member(name: str) -> zipfile.ZipInfo:
    return zipfile.ZipInfo(name, _FIRST_DAY)


def _nodes(value: Any) -> Iterator[dict[str, Any]]:
    """Walk all nodes of a skops schema, parents first, without recursion."""
    waiting = [value]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            if "__loader__" in part:
                yield part
            waiting.extend(reversed(part.values()))
        elif isinstance(part, list):
            waiting.extend(reversed(part))


def _check_types(archive: zipfile.ZipFile, source: str) -> None:
    """Refuse a file that names any type beyond `_ALLOWED`, before building anything."""
    try:
        schema = json.loads(archive.read(_SCHEMA))
    except (KeyError, ValueError, RecursionError) as problem:
        raise damaged(source, "it has no readable schema") from problem
    for node in _nodes(schema):
        names = [node.get(key) for key in ("__loader__", "__module__", "__class__")]
        plain = node.get("type", "numpy") == "numpy"
        if not plain or tuple(str(name) for name in names) not in _ALLOWED:
            raise ModelError(
                f"{source} holds {names[1]}.{names[2]}, which no model needs and which "
                "may be harmful; do not use it."
            )


def _content(data: bytes, source: str) -> dict[str, Any]:
    try:
        told = skops.io.loads(data, trusted=[])
    except _MISFITS as problem:
        raise damaged(source, "its parts do not fit together") from problem
    if not isinstance(told, dict) or told.get("format") != FORMAT:
        raise ModelError(
            f"{source} is a skops file but no model of napari-cdse; choose another."
        )
    if told.get("version") != VERSION:
        raise ModelError(
            f"{source} was saved in format {told.get('version')} and this version of "
            f"napari-cdse reads format {VERSION}; update napari-cdse."
        )
    return told


def _card(text: object, source: str) -> ModelCard:
    try:
        told = json.loads(str(text))
        known = {part.name for part in fields(ModelCard)}
        card = ModelCard(**{key: told[key] for key in told if key in known})
        return ModelCard(**asdict(card) | _tuples(told))
    except (ValueError, TypeError, KeyError, AttributeError) as problem:
        raise damaged(source, "its card cannot be read") from problem


def _tuples(told: dict[str, Any]) -> dict[str, Any]:
    """Turn the lists of JSON into the tuples of a card."""
    sizes = told["pixel_size_range_nm"]
    return {
        "feature_names": tuple(str(name) for name in told["feature_names"]),
        "classes": tuple(str(name) for name in told["classes"]),
        "pixel_size_range_nm": None if sizes is None else (sizes[0], sizes[1]),
    }


def _forest(parts: object, source: str) -> Forest:
    names = [part.name for part in fields(Forest)]
    arrays = parts if isinstance(parts, dict) else {}
    if any(not isinstance(arrays.get(name), np.ndarray) for name in names):
        raise damaged(source, "a part of its forest is missing")
    try:
        return Forest(**{name: arrays[name] for name in names})
    except ModelError as problem:
        raise ModelError(f"{source}: {problem}") from problem


def _check_agreement(model: Model, source: str) -> None:
    card, training = model.card, model.training
    if card.classes != CLASSES:
        raise damaged(source, f"its classes are {', '.join(card.classes)}")
    if len(card.feature_names) != model.forest.n_features:
        raise damaged(source, "card and forest differ in the number of features")
    if training is None:
        return
    if training.table.schema != card.feature_schema:
        raise damaged(source, "card and training table differ in their features")
    if training.digest() != card.training_digest:
        raise damaged(source, "its training table is not the one its card names")
