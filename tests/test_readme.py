"""The README names every command, flag and key that it should."""

import re
from pathlib import Path

from napari_cdse.cli import COMMANDS, build_opening_parser, build_parser
from napari_cdse.gui.shortcuts.registry import SHORTCUTS

README = (Path(__file__).parents[1] / "README.md").read_text("utf-8")


def test_every_command_is_in_the_readme_and_has_help():
    for command in COMMANDS:
        assert f"napari-cdse {command.name}" in README
        assert command.summary
        assert command.load().description
    words = re.findall(r"^napari-cdse ([a-z]+)", README, flags=re.MULTILINE)
    assert set(words) <= {command.name for command in COMMANDS}


def test_every_flag_in_the_readme_exists():
    parser = build_parser()
    (subparsers,) = (a for a in parser._actions if hasattr(a, "choices") and a.choices)
    known = {
        flag
        for sub in (*subparsers.choices.values(), build_opening_parser())
        for action in sub._actions
        for flag in action.option_strings
    }
    assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", README)) <= known


def test_the_table_of_keys_is_the_registry():
    rows = re.findall(r"^\| `(.+)` \| (.+) \|$", README, flags=re.MULTILINE)
    keys = [(tuple(keys.split("` or `")), text) for keys, text in rows]
    assert [(s.keys, s.description) for s in SHORTCUTS] == [
        (
            tuple(
                k.replace("Ctrl+", "Control-").replace("Shift+", "Shift-") for k in key
            ),
            text,
        )
        for key, text in keys
        if text in {s.description for s in SHORTCUTS}
    ]


def test_pictures_of_the_readme_are_there():
    root = Path(__file__).parents[1]
    for path in re.findall(r"!\[[^]]*\]\(([^)]+)\)", README):
        assert (root / path).is_file()
