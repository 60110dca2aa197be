"""Limits on the size of model files, checked before anything in them is created."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ModelLimits:
    """Limits of a model file, chosen for ten times the size of the shipped forest.

    Attributes
    ----------
    unpacked_bytes : int
        Most bytes of a file, and of all members of its archive once decompressed. Four
        million nodes take 128 MB, a row of the training table some 600 bytes.
    members : int
        Most members of the archive; a model has 16.
    schema_bytes : int
        Most bytes of the schema, which names the arrays and holds the card; that of the
        shipped forest has 8 kB.
    card_bytes : int
        Most bytes of the card as JSON; that of the shipped forest has 3 kB.
    text_characters : int
        Most characters of a text in an array; an id has 64.
    """

    unpacked_bytes: int = 160 * 2**20
    members: int = 64
    schema_bytes: int = 2**20
    card_bytes: int = 2**18
    text_characters: int = 512


LIMITS = ModelLimits()
