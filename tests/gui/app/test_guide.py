"""What stands in the window stands in the guide, by the same words."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from qtpy.QtWidgets import QAbstractButton, QComboBox, QDockWidget, QLabel, QWidget

import napari_cdse
from napari_cdse.core.params import DetectionParams, ForestParams, describe
from napari_cdse.gui.app import window
from napari_cdse.gui.help.menu import HelpMenu
from napari_cdse.gui.session.viewer_window import main_window
from napari_cdse.gui.workspace import workspace_for

GUIDE = Path(__file__).parents[3] / "docs"
MANIFEST = Path(napari_cdse.__file__).parent / "napari.yaml"
OF_A_CLASS = re.compile(r"[YNUO?] \d+|\[[YNO]\].*|N\[U\]ll|\W*")
"""Buttons of a class, with key or number; and those that bear a sign alone."""
AROUND = re.compile(r"^also as |, nm$|: none$")
"""What a list in the guide says once, units, and a name that is none."""


def guide(*pages: str) -> str:
    """Give pages as one line of small letters, without marks of code and italics."""
    text = " ".join((GUIDE / f"{page}.md").read_text("utf-8") for page in pages)
    return " ".join(re.sub("[*`]", "", text).casefold().split())


def words_of(dock: QDockWidget) -> set[str]:
    """Collect what buttons, choices and the names of fields say."""
    found = set()
    for each in dock.findChildren(QWidget):
        if isinstance(each, QAbstractButton):
            found.add(each.text())
            menu = getattr(each, "menu", lambda: None)()
            found |= {one.text() for one in menu.actions()} if menu else set()
        elif isinstance(each, QComboBox) and each.isEditable() is False:
            found |= {each.itemText(at) for at in range(each.count())}
        elif isinstance(each, QLabel) and each.buddy() is not None:
            found.add(each.text())
    return {one.replace("&", "") for one in found}


@pytest.fixture
def docks(workspace, qtbot):
    """All docks with a project in them, by name."""
    viewer = workspace.session.viewer
    for name in window.ALL_NAMES:
        window.add_dock(viewer, name)
    found = main_window(viewer).findChildren(QDockWidget)
    return {
        name: next(one for one in found if one.windowTitle().startswith(name))
        for name in window.ALL_NAMES
    }


def test_every_control_of_the_docks_stands_in_the_guide(docks, workspace):
    told = guide("window", "spectrum", "method")
    names = {card.name for card in workspace.session.project.models.cards}
    values = {
        choice
        for owner in (DetectionParams, ForestParams)
        for info in describe(owner)
        for choice in info.choices
    }
    assert all(name.casefold() in told for name in docks)
    missing = {
        (name, words)
        for name, dock in docks.items()
        for words in words_of(dock) - names - values
        if not OF_A_CLASS.fullmatch(words)
        and AROUND.sub("", words.casefold().replace(" 0 ", " \u2026 ")) not in told
    }
    assert missing == set()


def test_no_tooltip_shows_how_it_is_made(docks):
    shown = {
        each.toolTip() for dock in docks.values() for each in dock.findChildren(QWidget)
    }
    # What was made ready for Qt and then guarded as a stranger's text has this in it.
    assert not {one for one in shown if "\u2060" in one or one.count("<qt>") > 1}


def test_every_entry_of_the_menus_stands_in_the_guide(viewer):
    told = guide("window")
    manifest = yaml.safe_load(MANIFEST.read_text("utf-8"))["contributions"]
    titles = {one["id"]: one["title"] for one in manifest["commands"]}
    entries = {
        titles[one["command"]] for menu in manifest["menus"].values() for one in menu
    }
    for kind in ("widgets", "writers", "sample_data"):
        entries |= {one["display_name"] for one in manifest[kind]}
    entries |= {
        one.text()
        for one in HelpMenu(workspace_for(viewer).session, print).menu.actions()
    }
    assert len(entries) > len(titles) / 2
    assert {one for one in entries if one.casefold() not in told} == set()
