"""Text from outside is shown as it is: Qt itself is asked what it would take it for."""

from __future__ import annotations

import ast
import random
import unicodedata
from pathlib import Path

import pytest
from qtpy.QtCore import Qt
from qtpy.QtGui import QTextDocument

import napari_cdse
from napari_cdse.gui.session.plain_text import caption, one_line, plain

assert QTextDocument  # PyQt5 gives `Qt.mightBeRichText` with QtGui only.

GUI = Path(napari_cdse.__file__).parent / "gui"
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


def calls(name):
    """Every call of a method or class in the window's code, with its file."""
    for path in sorted(GUI.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call):
                called = getattr(node.func, "attr", getattr(node.func, "id", None))
                if called == name:
                    yield path, node


def is_ours(node) -> bool:
    """Whether an expression is a text of ours, or one that was made plain."""
    if isinstance(node, ast.IfExp):
        return is_ours(node.body) and is_ours(node.orelse)
    if isinstance(node, ast.Call):
        return getattr(node.func, "id", "") in ("plain", "wrapped")
    is_constant = isinstance(node, ast.Name) and node.id.lstrip("_").isupper()
    return isinstance(node, ast.Constant) or is_constant


def test_labels_are_made_in_one_place():
    places = {path.name for path, _ in calls("QLabel")}
    assert not places
    bases = {
        path.name
        for path in GUI.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.ClassDef)
        and any(getattr(base, "id", "") == "QLabel" for base in node.bases)
    }
    assert bases == {"layout.py"}


def test_tooltips_are_ours_or_plain():
    for path, call in calls("setToolTip"):
        # The number field hands on what it was given, made plain.
        if path.name != "decimal_field.py" or not isinstance(call.args[0], ast.Name):
            assert is_ours(call.args[0]), f"{path.name}, line {call.lineno}"


def test_menus_and_buttons_name_no_key_by_accident():
    for name in ("addAction", "addMenu", "addButton", "QPushButton"):
        for path, call in calls(name):
            built = [one for one in call.args if isinstance(one, ast.JoinedStr)]
            assert not built, f"{path.name}, line {call.lineno}"


def test_boxes_and_notices_show_plain_text():
    boxes = [path for path, _ in calls("QMessageBox")]
    formats = [path for path, _ in calls("setTextFormat")]
    assert sorted(boxes) == sorted(one for one in formats if one.name != "layout.py")
    for name in ("show_info", "show_warning", "show_error"):
        for path, call in calls(name):
            assert path.name == "notifications.py"
            assert is_ours(call.args[0])
