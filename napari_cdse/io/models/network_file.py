"""Read and write the file of a U-Net: an ONNX file with a card.

The file is parsed and checked by `napari_cdse.io.models.onnx_file` and `check_layers`
before onnxruntime gets it.
"""

from __future__ import annotations

import json
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any

from napari_cdse.core.detection.unet.card import PROBE_ANSWERS, NetworkCard
from napari_cdse.core.detection.unet.layers import MOST_WEIGHTS, Layer, check_layers
from napari_cdse.core.detection.unet.network import Network
from napari_cdse.core.errors import ModelError
from napari_cdse.io.files import name_of, read_file, shown, write_file
from napari_cdse.io.models.onnx_file import MOST_BYTES, read_onnx, write_onnx
from napari_cdse.io.models.schema_checks import (
    TEXT,
    WORD,
    fields_of,
    list_of,
    mapping_of,
    number,
    plain_tree,
    text,
    whole,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from napari_cdse.io.models.schema_checks import Check

_CARD = "card"
"""Property of the ONNX file that holds the card as JSON."""
_MOST_FIELDS = 10**7
"""Largest number of simulated micrographs that a card may state. Chosen."""
_MOST_POINTS = 64
"""Most points of the table of false circles. Chosen: a falling curve needs few."""

_CHECKS: dict[str, Check] = {
    "name": text(WORD),
    "trained_on": text(TEXT),
    "licence": text(WORD),
    "created": text(WORD),
    "seed": whole(0, 2**31 - 1),
    "weights": whole(1, MOST_WEIGHTS),
    "n_micrographs": whole(0, _MOST_FIELDS),
    "n_bare": whole(0, _MOST_FIELDS),
    "parameters": mapping_of(plain_tree, text(WORD, empty=False)),
    "versions": mapping_of(text(WORD), text(WORD, empty=False)),
    "scores": mapping_of(plain_tree, text(WORD, empty=False)),
    "false_circles": list_of(
        list_of(number(-100.0, 1e6), range(2, 3)), range(_MOST_POINTS + 1)
    ),
    "probe": list_of(number(0.0, 1.0), range(PROBE_ANSWERS, PROBE_ANSWERS + 1)),
}
"""The check of each field of `NetworkCard`; there may be no others."""


def read_network(path: Path) -> tuple[Network, NetworkCard]:
    """Read a network and its card, without running anything in the file.

    Parameters
    ----------
    path : Path
        Name of the file.

    Raises
    ------
    ModelError
        If the file cannot be read, is too large, was not written by this program, or
        holds unknown operators or shapes.
    """
    data = read_file(path, MOST_BYTES, ModelError)
    try:
        return network_from(data)
    except ModelError as problem:
        raise ModelError(
            f"{name_of(path)} is no U-Net of napari-cdse ({problem}); use the one that "
            "came with it."
        ) from problem


def network_from(data: bytes) -> tuple[Network, NetworkCard]:
    """Decode a network and its card.

    Parameters
    ----------
    data : bytes
        Contents of the file.

    Raises
    ------
    ModelError
        As for `read_network`; a clause that it completes to a sentence.
    """
    content = read_onnx(data)
    check_layers(content.layers)
    if set(content.properties) != {_CARD}:
        raise ModelError("it has no card")
    card = _read_card(content.properties[_CARD])
    return Network(data, card.false_circles), card


def write_network(path: Path, layers: tuple[Layer, ...], card: NetworkCard) -> None:
    """Write a network with its card, completely or not at all.

    Parameters
    ----------
    path : Path
        An existing file is replaced.
    layers : tuple of Layer
        In the order in which they are run.
    card : NetworkCard
        Its card.

    Raises
    ------
    ModelError
        If `read_network` would refuse it, or the file cannot be written.
    """
    content = json.dumps(asdict(card))
    data = write_onnx(layers, {_CARD: content})
    network_from(data)
    write_file(path, data, ModelError)


def _read_card(content: str) -> NetworkCard:
    record = fields_of(content)
    _check_card(record)
    points = tuple((float(a), float(b)) for a, b in record["false_circles"])
    probe = tuple(map(float, record["probe"]))
    return NetworkCard(**record | {"false_circles": points, "probe": probe})


def _check_card(record: Mapping[str, Any]) -> None:
    missing = {each.name for each in fields(NetworkCard)} - set(record)
    if missing:
        raise ModelError(f"its card has no {min(missing)}")
    for name, value in record.items():
        if name not in _CHECKS:
            raise ModelError(f"its card has {shown(name)!r}, which no card has")
        if wrong := _CHECKS[name](value):
            raise ModelError(f"its card's {name} {wrong}")
    strengths, rates = (
        [point[axis] for point in record["false_circles"]] for axis in (0, 1)
    )
    if strengths != sorted(set(strengths)) or rates != sorted(rates, reverse=True):
        raise ModelError("its card's false_circles do not fall")
    if any(rate <= 0 for rate in rates):
        raise ModelError("its card's false_circles are not above 0")
