"""Read and write model files: skops archives of forest, card and training table.

A file holds only dictionaries, text and plain arrays. Trees are stored as the arrays of
`Forest`, not as scikit-learn's objects, so that reading a file creates no object of any
other type. (Even scikit-learn's ``Tree`` is unsafe: its compiled code reads out of
bounds if the arrays are wrong. `Forest` checks them.) Besides, models stay readable
whatever scikit-learn changes internally. skops writes the files; they are read here,
node by node.
"""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import fields
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cdse.core.classifier.forest import Model, identified
from napari_cdse.core.classifier.tree_arrays import Forest
from napari_cdse.core.errors import ModelError
from napari_cdse.core.features import groups_in
from napari_cdse.io.files import name_of, read_file, shown, write_file
from napari_cdse.io.models.archive import (
    SCHEMA,
    check_arrays,
    check_unpacked,
    damaged,
    open_archive,
    read_array,
    read_member,
)
from napari_cdse.io.models.card_schema import card_json, read_card
from napari_cdse.io.models.limits import LIMITS
from napari_cdse.io.models.training_arrays import from_arrays, to_arrays

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from napari_cdse.core.records import ModelCard

FORMAT = "napari-cdse model"
VERSION = 1
_FIRST_DAY = (1980, 1, 1, 0, 0, 0)
_ALLOWED = {
    ("DictNode", "builtins", "dict"),
    ("ListNode", "builtins", "list"),
    ("TypeNode", "builtins", "str"),
    ("JsonNode", "builtins", "str"),
    ("NdArrayNode", "numpy", "ndarray"),
}
"""Loader, module and class of every node that may occur in a model file."""


def save_model(model: Model, path: str | os.PathLike[str]) -> None:
    """Write a model to a ``.skops`` file, completely or not at all.

    Parameters
    ----------
    model : Model
        Forest, card and, optionally, training set.
    path : str or path-like
        An existing file is replaced.

    Raises
    ------
    ModelError
        If the file cannot be written, or the model is too large.
    """
    write_file(path, model_bytes(model), ModelError)


def load_model(path: str | os.PathLike[str]) -> Model:
    """Read a model from a ``.skops`` file.

    Parameters
    ----------
    path : str or path-like
        Name of the file.

    Returns
    -------
    Model
        With the id that follows from its content, whatever its card says.

    Raises
    ------
    ModelError
        If the file cannot be read, is damaged or no model, holds types that no model
        needs, or requires features that this version does not compute.
    """
    data = read_file(path, LIMITS.unpacked_bytes, ModelError)
    return model_from_bytes(data, name_of(path))


def is_model_file(path: str | os.PathLike[str]) -> bool:
    """Whether a file is a model of any version, possibly a damaged one."""
    try:
        data = read_file(path, LIMITS.unpacked_bytes, ModelError)
        with open_archive(data, name_of(path)) as archive:
            return FORMAT.encode() in read_member(archive, SCHEMA, name_of(path))
    except ModelError:
        return False


def model_bytes(model: Model) -> bytes:
    """Encode a model; equal models give equal bytes.

    Raises
    ------
    ModelError
        If it is larger than `LIMITS` allow, or its card is not valid.
    """
    forest = {part.name: getattr(model.forest, part.name) for part in fields(Forest)}
    training = {} if model.training is None else to_arrays(model.training)
    record = {
        "format": FORMAT,
        "version": VERSION,
        "card": card_json(model.card),
        "forest": forest,
        "training": training,
    }
    arrays = [*forest.values(), *training.values()]
    check_unpacked(sum(each.nbytes for each in arrays), shown(model.card.name))
    # Imported here, since skops imports all of scikit-learn, and only writing needs it.
    import skops.io

    return _repacked(skops.io.dumps(record))


def model_from_bytes(data: bytes, source: str = "The model") -> Model:
    """Decode a model.

    Parameters
    ----------
    data : bytes
        From `model_bytes`.
    source : str
        What it is called in messages.

    Returns
    -------
    Model
        With the id that follows from its content, whatever its card says.

    Raises
    ------
    ModelError
        As for `load_model`.
    """
    with open_archive(data, source) as archive:
        schema = _schema(archive, source)
        check_arrays(archive, source)
        content = _content(archive, schema, source)
    card = _card(content.get("card"), source)
    groups_in(card.feature_schema)  # refuses features that are not known
    forest = _forest(content.get("forest"), source)
    parts = content.get("training")
    training = from_arrays(parts, source) if isinstance(parts, dict) and parts else None
    model = Model(card, forest, training)
    _check_agreement(model, source)
    return identified(model)


def _repacked(data: bytes) -> bytes:
    """Compress an archive, and make names and dates in it reproducible.

    skops names arrays by their address in memory.
    """
    stream = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(data)) as old,
        zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        schema = json.loads(old.read(SCHEMA))
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
        new.writestr(_member(SCHEMA), json.dumps(schema), zipfile.ZIP_DEFLATED)
    return stream.getvalue()


def _member(name: str) -> zipfile.ZipInfo:
    return zipfile.ZipInfo(name, _FIRST_DAY)


def _nodes(value: Any) -> Iterator[dict[str, Any]]:
    """Yield all nodes of a skops schema, parents first.

    Recursion is avoided, since a hostile schema may be nested deeply.
    """
    pending = [value]
    while pending:
        part = pending.pop()
        if isinstance(part, dict):
            if "__loader__" in part:
                yield part
            pending.extend(reversed(part.values()))
        elif isinstance(part, list):
            pending.extend(reversed(part))


def _schema(archive: zipfile.ZipFile, source: str) -> dict[str, Any]:
    """Read the schema, which names the parts; refuse any type beyond `_ALLOWED`."""
    try:
        schema = json.loads(read_member(archive, SCHEMA, source))
    except (ValueError, RecursionError) as problem:
        raise damaged(source, "it has no readable schema") from problem
    for node in _nodes(schema):
        names = [node.get(key) for key in ("__loader__", "__module__", "__class__")]
        plain = node.get("type", "numpy") == "numpy"
        if not plain or tuple(str(name) for name in names) not in _ALLOWED:
            raise ModelError(
                f"{source} holds {shown(f'{names[1]}.{names[2]}')}, which no model "
                "needs and which may be harmful; do not use it."
            )
    if not isinstance(schema, dict):
        raise damaged(source, "it has no readable schema")
    return schema


def _content(
    archive: zipfile.ZipFile, schema: dict[str, Any], source: str
) -> dict[str, Any]:
    """Read the texts, numbers and arrays of a model.

    skops itself is not used: a model is a dictionary of values and of dictionaries of
    arrays, and any deeper or shared structure is refused.
    """
    content = {
        name: _entries(node, archive, source)
        if _loader(node) == "DictNode"
        else _value(node, source)
        for name, node in _children(schema, source).items()
    }
    if content.get("format") != FORMAT:
        raise ModelError(
            f"{source} is a skops file but no model of napari-cdse; choose another."
        )
    version = content.get("version")
    if version != VERSION:
        raise ModelError(
            f"{source} was saved in format {shown(version)} and this version of "
            f"napari-cdse reads format {VERSION}; update napari-cdse."
        )
    return content


def _loader(node: object) -> object:
    return node.get("__loader__") if isinstance(node, dict) else None


def _children(node: object, source: str) -> dict[str, Any]:
    inner = node.get("content") if isinstance(node, dict) else None
    if _loader(node) != "DictNode" or not isinstance(inner, dict):
        raise damaged(source, "its parts do not fit together")
    return inner


def _value(node: object, source: str) -> Any:
    """Read a text or a number; a node of any other kind counts as None."""
    text = node.get("content") if isinstance(node, dict) else None
    if _loader(node) != "JsonNode" or not isinstance(text, str):
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as problem:
        raise damaged(source, "its parts do not fit together") from problem


def _entries(
    node: object, archive: zipfile.ZipFile, source: str
) -> dict[str, NDArray[Any]]:
    arrays = {}
    members = set(archive.namelist())
    for name, child in _children(node, source).items():
        file = child.get("file") if isinstance(child, dict) else None
        if _loader(child) != "NdArrayNode" or file not in members or file == SCHEMA:
            raise damaged(source, "its parts do not fit together")
        members.discard(file)  # each array is used once
        arrays[name] = read_array(archive, file, source)
    return arrays


def _card(text: object, source: str) -> ModelCard:
    try:
        return read_card(text if isinstance(text, str) else "")
    except ModelError as problem:
        raise damaged(source, str(problem)) from problem


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
    """Refuse a model whose card, forest and training set do not belong together."""
    card, training = model.card, model.training
    if len(card.feature_names) != model.forest.n_features:
        raise damaged(source, "card and forest differ in the number of features")
    if training is None:
        return
    if training.table.schema != card.feature_schema:
        raise damaged(source, "card and training table differ in their features")
    if training.digest() != card.training_digest:
        raise damaged(source, "its training table is not the one its card names")
