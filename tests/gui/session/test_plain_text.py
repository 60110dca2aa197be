"""Text from outside is shown as it is: Qt itself is asked what it would take it for."""

from __future__ import annotations

import random
import unicodedata

import pytest
from qtpy.QtCore import Qt
from qtpy.QtGui import QTextDocument

from napari_cdse.gui.session.plain_text import caption, one_line, plain

assert QTextDocument  # PyQt5 gives `Qt.mightBeRichText` with QtGui only.

HOSTILE = [
    "<b>x</b><img src=a.png>.png",
    '<a href="http://example.org">look</a>',
    "< b >x",
    "<!-- x --><i>y</i>",
    "<?xml version='1.0'?>x",
    "a &lt;b&gt; c",
    "</p>x<br/>",
    "<QT>x</QT>",
    "one\ntwo\r\nthree\x1b[31m\x00",
    "\u202egnp.exe",
    "\u2066a\u2069\u200f\u061c",
    "a\u2028b\u2029c\ufeff\u200b\ud800",
]
HARMLESS = [
    "Probe für 0.png",
    "p < 0.05, 5 > 3 & more",
    "می‌خواهم",
    "micrograph 1\u00a0nm",
    "粒子_01.tif",
    "one\ntwo",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_of_it_is_markup_or_acts(text):
    shown = plain(text)
    assert not Qt.mightBeRichText(shown)
    for line in shown.split("\n"):
        kinds = {unicodedata.category(one) for one in line.replace("\u2060", "")}
        assert not kinds & {"Cc", "Cf", "Cs", "Zl", "Zp"}
    assert "\n" not in one_line(text)


@pytest.mark.parametrize("text", HARMLESS)
def test_what_is_harmless_stays_as_it_is(text):
    assert plain(text) == text


def test_a_caption_names_no_key():
    assert caption("A & B\nC") == "A && B\\nC"


def test_no_text_of_any_kind_is_taken_for_markup():
    dice = random.Random(0)
    letters = "<<<>>&;/!?= \n\tabilpqtu1-\"'"
    taken = 0
    for _ in range(20_000):
        text = "".join(dice.choices(letters, k=dice.randint(1, 12)))
        taken += Qt.mightBeRichText(text)
        assert not Qt.mightBeRichText(plain(text)), repr(text)
    assert taken > 100
