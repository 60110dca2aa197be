"""What napari sees of the plugin."""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path

import pytest
from npe2 import PluginManifest

import napari_cdse
from napari_cdse.gui.shortcuts.registry import SHORTCUTS
from napari_cdse.gui.shortcuts.resolution import key_words

PATH = Path(napari_cdse.__file__).with_name("napari.yaml")


@pytest.fixture(scope="module")
def manifest() -> PluginManifest:
    return PluginManifest.from_file(PATH)


def test_is_valid_and_named_as_the_distribution(manifest):
    assert manifest.name == "napari-cdse"
    manifest.validate_imports()


def test_is_found_through_its_entry_point():
    (entry,) = entry_points(group="napari.manifest", name="napari-cdse")
    assert entry.value == "napari_cdse:napari.yaml"


def test_every_command_exists(manifest):
    for command in manifest.contributions.commands:
        module, name = command.python_name.split(":")
        assert callable(getattr(import_module(module), name)), command.id


def test_every_command_is_used(manifest):
    parts = manifest.contributions
    used = {one.command for one in (*parts.readers, *parts.writers, *parts.widgets)}
    used |= {one.command for one in parts.sample_data}
    used |= {one.command for menu in parts.menus.values() for one in menu}
    assert used == {one.id for one in parts.commands}


def test_offers_its_docks(manifest):
    names = [one.display_name for one in manifest.contributions.widgets]
    assert names == [
        "Micrographs",
        "Particle",
        "Retrain",
        "Annotators",
        "Gallery",
        "Population",
        "Endmembers",
        "Spectrum",
    ]


def test_the_preferences_offer_every_shortcut_with_its_usual_key(manifest):
    page = manifest.contributions.configurations["keys"]
    assert [
        (name, one.default, one.title, one.description)
        for name, one in page.properties.items()
    ] == [(s.name, key_words(s.keys), s.short, s.description) for s in SHORTCUTS]
