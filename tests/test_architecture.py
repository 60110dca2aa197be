"""The directions of imports, and that the command line needs no screen."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import napari_cdse

PACKAGE = Path(napari_cdse.__file__).parent

# Each part may import itself and those listed.
MAY_IMPORT = {
    "core": set(),
    "resources": {"core"},
    "sample": {"core", "resources"},
    "io": {"core"},
    "pipeline": {"core", "io"},
    "project": {"core", "io"},
    "tasks": {"core", "io", "pipeline", "project"},
    "simulate": {"core", "io"},
    "gui": {"core", "io", "pipeline", "project", "tasks", "resources", "sample"},
    "cli": {
        "core",
        "io",
        "pipeline",
        "project",
        "simulate",
        "resources",
        "sample",
        "gui",
    },
}
WINDOW_LIBRARIES = {
    "napari",
    "qtpy",
    "PyQt5",
    "PyQt6",
    "PySide6",
    "magicgui",
    "superqt",
    "vispy",
}


def modules():
    return sorted(PACKAGE.rglob("*.py"))


def part_of(path):
    name = path.relative_to(PACKAGE).parts[0]
    return name.removesuffix(".py")


def imported(path):
    """Every name a module imports, inside functions and for type checking too."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} has a relative import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_go_one_way(path):
    part = part_of(path)
    if part == "__init__":
        return
    allowed = MAY_IMPORT[part] | {part, "__version__"}
    for name in imported(path):
        first, *rest = name.split(".")
        if first == "napari_cdse" and rest:
            assert rest[0] in allowed, f"{path.name} imports {name}"
        if part != "gui":
            assert first not in WINDOW_LIBRARIES, f"{path.name} imports {name}"


def test_every_part_has_a_place_in_the_order():
    assert {part_of(path) for path in modules()} - {"__init__"} == set(MAY_IMPORT)


def test_no_file_is_unpickled_and_no_text_evaluated():
    for path in modules():
        for name in imported(path):
            assert name.split(".")[0] not in {
                "pickle",
                "dill",
                "cloudpickle",
                "marshal",
            }
        calls = {
            node.func.id
            for node in ast.walk(ast.parse(path.read_text("utf-8")))
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        }
        assert not calls & {"eval", "exec"}, path


def test_the_command_line_starts_where_no_window_can():
    blocked = repr(sorted(WINDOW_LIBRARIES))
    program = (
        "import sys\n"
        f"for name in {blocked}:\n"
        "    sys.modules[name] = None\n"  # any import of it raises
        "import napari_cdse.cli, napari_cdse.project, napari_cdse.pipeline\n"
        "sys.exit(napari_cdse.cli.main(['--version']))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == napari_cdse.__version__
