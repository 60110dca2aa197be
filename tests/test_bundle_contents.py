"""The list of what the application holds names what the program needs."""

from __future__ import annotations

import ast
import runpy
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path

import pytest

import napari_cdse
from napari_cdse import resources
from napari_cdse.cli import COMMANDS

ROOT = Path(__file__).parents[1]
PACKAGE = Path(napari_cdse.__file__).parent
CONTENTS = runpy.run_path(str(ROOT / ".bundle" / "contents.py"))
NEEDS_PYTHON = "simulate"


def imported(path: Path) -> set[str]:
    """Packages that a module imports, wherever in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {one.name.partition(".")[0] for one in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.partition(".")[0])
    return found


def test_nothing_is_left_out_that_the_program_imports():
    for path in PACKAGE.rglob("*.py"):
        if path.relative_to(PACKAGE).parts[0] != NEEDS_PYTHON:
            assert not imported(path) & set(CONTENTS["LEFT_OUT"]), path


def test_commands_docks_and_manifest_come_with_the_package():
    assert "napari_cdse" in set(CONTENTS["BY_NAME"]) & set(CONTENTS["DATA"])
    assert (PACKAGE / "napari.yaml").is_file()
    for command in COMMANDS:
        assert CONTENTS["is_wanted"](command.module)
    for path in PACKAGE.rglob("*.py"):
        module = ".".join(path.relative_to(PACKAGE).with_suffix("").parts)
        assert CONTENTS["is_wanted"](module), module


def test_plugins_that_napari_comes_with_are_taken_by_name():
    brought = {
        one.value.partition(":")[0].partition(".")[0]
        for one in entry_points(group="napari.manifest")
        if one.name in ("napari", "napari-svg", "napari-console", "napari-cdse")
    }
    assert brought
    assert brought <= set(CONTENTS["BY_NAME"]) & set(CONTENTS["DATA"])


@pytest.mark.parametrize("name", sorted({*CONTENTS["BY_NAME"], *CONTENTS["DATA"]}))
def test_each_package_that_is_named_exists(name):
    assert find_spec(name) is not None


def test_forest_network_samples_and_guide_lie_where_the_program_looks():
    taken = CONTENTS["RESOURCES"]
    needed = (resources.default_model_path(), resources.network_path())
    for path in (*needed, *(one.with_suffix(".json") for one in needed)):
        assert taken[path.relative_to(ROOT).as_posix()] == "_models"
    assert taken["docs/_build"] == "_guide"
    for source, place in taken.items():
        if not source.startswith("docs"):
            assert (ROOT / source).exists(), source
            folder = "sample_data" if source.startswith("sample") else "models"
            assert place.startswith(f"_{folder}")
    sample = resources.sample_data_dir()
    read = {"sample.cdse", "images", "text_files"}
    assert {one.rpartition("/")[2] for one in taken if "sample_data" in one} == read
    assert all((sample / one).exists() for one in read)
