"""Largest sizes of model files, checked before anything in them is built."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ModelLimits:
    """Limits of a model file; they leave room for ten times the shipped forest.

    Attributes
    ----------
    unpacked_bytes : int
        Of all parts of a file together, and of the file. Four million nodes take
        128 MB of them, a row of the training table some 600 bytes. What is refused
        must not fill the memory first.
    members : int
        Parts of the archive; a model has 16.
    schema_bytes : int
        Of the text that names the arrays and holds the card; the shipped forest's
        has 8 kB.
    card_bytes : int
        Of the card as JSON; the shipped forest's has 3 kB.
    text_characters : int
        Of one text in an array; an id has 64.
    """

    unpacked_bytes: int = 160 * 2**20
    members: int = 64
    schema_bytes: int = 2**20
    card_bytes: int = 2**18
    text_characters: int = 512


LIMITS = ModelLimits()
