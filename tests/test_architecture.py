"""The directions of imports, and that the command line needs no screen."""

import ast
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

import napari_cdse

PACKAGE = Path(napari_cdse.__file__).parent

# Each part may import itself and those listed.
MAY_IMPORT = {
    "core": set(),
    "__main__": {"cli"},
    "resources": {"core"},
    "sample": {"core", "resources"},
    "io": {"core"},
    "pipeline": {"core", "io", "resources"},
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
# Rooms of a package from the ground up: each may import those of the lines above its
# own, not those beside it. "" stands for the modules that lie in no room.
ROOMS = {
    "core": (
        {""},
        {"picture"},
        {"features", "statistics"},
        {"crystal", "classifier", "review"},
        {"imaging"},
        {"quality"},
        {"detection", "evaluation"},
    ),
    "io": (
        {""},
        {"images", "models"},
        {"labels", "store"},
        {"export"},
        {"annotations"},
    ),
    "project": (
        {"state"},
        {"editing", "files"},
        {"components"},
        {""},
    ),
    "simulate": ({"params"}, {"structure"}, {"microscope"}, {""}),
    "gui": (
        {"session"},
        {"canvas"},
        {"widgets"},
        {"pictures", "shortcuts", "thumbnails"},
        {"controllers", "help", "tools"},
        {"opening"},
        {"workspace"},
        {
            "annotators",
            "endmembers",
            "gallery",
            "micrographs",
            "particle",
            "population",
            "retrain",
            "spectrum",
        },
        {"app"},
    ),
}
# Names of methods without the methods: it imports nothing of its own room.
OUT_OF_TURN = {("napari_cdse.core.params", "napari_cdse.core.detection.registry")}
MOST_MODULES = 15
"""In one folder: more is not seen at a glance."""
MOST_CLASSES_ABOVE = 2
"""Of our own, above one of ours: a taller class is better made of parts."""
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


@cache
def modules():
    return sorted(PACKAGE.rglob("*.py"))


@cache
def nodes(path):
    """Every node of a module's tree, parsed once for all tests here."""
    return tuple(ast.walk(ast.parse(path.read_text("utf-8"))))


@pytest.fixture(scope="module", autouse=True)
def _forget_trees():
    # Some hundred thousand objects, which slow each collection of later tests' garbage.
    yield
    nodes.cache_clear()


def part_of(path):
    name = path.relative_to(PACKAGE).parts[0]
    return name.removesuffix(".py")


def imported(path):
    """Every name a module imports, inside functions and for type checking too."""
    for node in nodes(path):
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


def room_of(name):
    """Room of a module of a package that has rooms, as (package, level, room)."""
    _, package, *rest = name.split(".")
    known = set().union(*ROOMS[package])
    room = rest[0] if rest and rest[0] in known else ""
    (level,) = [at for at, rooms in enumerate(ROOMS[package]) if room in rooms]
    return package, level, room


def has_rooms(name):
    return name.count(".") and name.split(".")[1] in ROOMS


def test_every_room_has_a_place_in_the_order():
    for package, levels in ROOMS.items():
        folders = {one.parent.name for one in (PACKAGE / package).glob("*/__init__.py")}
        assert folders <= set().union(*levels), package


def test_rooms_import_only_those_below_them():
    for name, targets in module_imports().items():
        for target in filter(has_rooms, targets if has_rooms(name) else ()):
            (package, level, room), (other, below, at) = room_of(name), room_of(target)
            # A package's own face gathers what lies in its rooms.
            face = name == f"napari_cdse.{package}"
            known = (name, target) in OUT_OF_TURN
            if package == other and room != at and not face and not known:
                assert below < level, f"{name} imports {target}"


PAGE = Path(__file__).parents[1] / "docs" / "architecture.md"


def drawn(levels):
    """A package's rooms as the architecture page draws them, the ground floor first."""
    return " -> ".join(
        ", ".join(sorted(room or "(root)" for room in rooms)) for rooms in levels
    )


def test_the_architecture_page_draws_what_the_code_keeps_to():
    page = PAGE.read_text("utf-8")
    for part, allowed in MAY_IMPORT.items():
        others = ", ".join(f"`{name}`" for name in sorted(allowed)) or "nothing of ours"
        assert f"| `{part}` | {others} |" in page
    for package, levels in ROOMS.items():
        assert f"{package}: {drawn(levels)}\n" in page


def test_the_ways_on_the_architecture_page_lead_through_what_is_there():
    """Each function named there exists, in the module that it is said to be in."""
    page = PAGE.read_text("utf-8")
    steps = re.findall(r"^\d+\. `([\w.]+)`: `([\w.]+)`", page, flags=re.MULTILINE)
    assert len(steps) > 20
    begun = re.findall(r"`(\w+(?:/\w+)+\.py)`", page)
    assert begun
    for file in begun:
        places = (PACKAGE / file, PACKAGE.parent / file)
        assert any(place.is_file() for place in places), file
    for module, name in steps:
        file = PACKAGE.joinpath(*module.split(".")).with_suffix(".py")
        assert file.is_file(), module
        found = {
            one.name
            for one in ast.walk(ast.parse(file.read_text("utf-8")))
            if isinstance(one, ast.FunctionDef | ast.ClassDef)
        }
        assert set(name.split(".")) <= found, f"{module}: {name}"


def module_imports():
    """Which of our modules each of them imports, in functions and for types too."""
    files = {module_name(path): path for path in modules()}
    graph = {}
    for name, path in files.items():
        found = set()
        for target in filter(None, imported(path)):
            parts = target.split(".")
            # The last part may be a name in a module instead of a module.
            for wanted in (target, ".".join(parts[:-1])):
                if wanted in files and wanted != "napari_cdse":
                    found.add(wanted)
                    break
        graph[name] = found - {name}
    return graph


def module_name(path):
    name = ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts)
    return name.removesuffix(".__init__")


def test_no_modules_import_each_other_in_a_circle():
    graph = module_imports()
    rest = dict(graph)
    while True:
        free = [name for name, targets in rest.items() if not targets & rest.keys()]
        if not free:
            break
        for name in free:
            del rest[name]
    circles = {name: sorted(targets & rest.keys()) for name, targets in rest.items()}
    assert circles == {}


def test_no_folder_holds_more_than_can_be_seen_at_a_glance():
    for folder in {path.parent for path in modules()}:
        held = [one for one in folder.glob("*.py") if one.name != "__init__.py"]
        assert len(held) <= MOST_MODULES, f"{folder} holds {len(held)} modules"


def own_bases():
    """Our own classes right above each of ours, all by module and name."""
    defined, bases = set(), {}
    for path in modules():
        module, names = module_name(path), {}
        for node in nodes(path):
            if isinstance(node, ast.ImportFrom):
                names |= {
                    one.asname or one.name: f"{node.module}.{one.name}"
                    for one in node.names
                }
            elif isinstance(node, ast.ClassDef):
                full = f"{module}.{node.name}"
                defined.add(full)
                above = [one.id for one in node.bases if isinstance(one, ast.Name)]
                bases[full] = [names.get(one, f"{module}.{one}") for one in above]
    return {
        name: [one for one in above if one in defined] for name, above in bases.items()
    }


def test_classes_are_made_of_parts_and_not_piled_up():
    bases = own_bases()

    def above(name):
        return {one for base in bases[name] for one in (base, *above(base))}

    for name in bases:
        assert len(above(name)) <= MOST_CLASSES_ABOVE, f"{name}: {sorted(above(name))}"


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
            for node in nodes(path)
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


PRIVATE = "gui/canvas/napari_private"
BY_NAME = {"getattr", "hasattr", "setattr", "delattr", "attrgetter"}


def is_private(name):
    return name.startswith("_") and not name.endswith("__")


def private_uses(source):
    """Private names of others that a module touches, and classes that it derives.

    A name on ``self`` or ``cls`` is its own as long as no base is napari's or vispy's;
    so is one that the module defines. Names written as strings count too.
    """
    tree = ast.parse(source)
    own = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    foreign = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            paths = [(alias.name, alias.asname or alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            paths = [
                (f"{node.module}.{alias.name}", alias.asname or alias.name)
                for alias in node.names
            ]
        else:
            continue
        for path, name in paths:
            first, *rest = path.split(".")
            if first != "napari_cdse" and any(map(is_private, rest)):
                yield path
            if first in {"napari", "vispy"}:
                foreign.add(name)
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            bases = [ast.unparse(base) for base in node.bases]
            yield from (base for base in bases if base.split(".")[0] in foreign)
        elif isinstance(node, ast.Attribute) and is_private(node.attr):
            on_itself = ast.unparse(node.value) in {"self", "cls"}
            if not on_itself and node.attr not in own:
                yield ast.unparse(node)
        elif isinstance(node, ast.Call):
            if ast.unparse(node.func).split(".")[-1] in BY_NAME:
                words = [
                    one.value for one in node.args if isinstance(one, ast.Constant)
                ]
                parts = [part for word in words for part in str(word).split(".")]
                yield from filter(is_private, parts)


@pytest.mark.parametrize(
    "planted",
    [
        "viewer.window._qt_window.close()",
        "self._session.viewer.window._qt_viewer",
        "getattr(layer, '_data_view')",
        "attrgetter('_data_view.edit')(layer)",
        "import napari._vispy.layers.shapes",
        "from napari._app_model import get_app_model",
        "from vispy.visuals.text.text import _text_to_vbo",
        "from napari.layers import Shapes\nclass Ours(Shapes): pass",
        "import napari\nclass Ours(napari.layers.Shapes): pass",
    ],
)
def test_a_planted_private_use_is_found(planted):
    assert list(private_uses(planted))


def test_what_is_our_own_is_no_private_use():
    ours = """
from napari.layers import Shapes
class Dock(QWidget):
    def _refresh(self):
        self._layer = Shapes()
        self._layer.__class__.__name__
        other._refresh()
"""
    assert list(private_uses(ours)) == []


def test_private_parts_of_napari_are_touched_in_one_folder_only():
    found = {
        path: list(private_uses(path.read_text("utf-8")))
        for path in sorted((PACKAGE / "gui").rglob("*.py"))
    }
    inside = {path for path in found if path.is_relative_to(PACKAGE / PRIVATE)}
    assert any(found[path] for path in inside)
    stray = {path: uses for path, uses in found.items() if path not in inside}
    assert {path: uses for path, uses in stray.items() if uses} == {}


# Text from outside is plain text: see napari_cdse/gui/session/plain_text.py.


def window_calls(name):
    """Every call of a method or class in the window's code, with its file."""
    for path in sorted((PACKAGE / "gui").rglob("*.py")):
        for node in nodes(path):
            if isinstance(node, ast.Call):
                called = getattr(node.func, "attr", getattr(node.func, "id", None))
                if called == name:
                    yield path, node


def is_plain_text(node) -> bool:
    """Whether an expression is a text of ours, or one that was made plain."""
    if isinstance(node, ast.IfExp):
        return is_plain_text(node.body) and is_plain_text(node.orelse)
    if isinstance(node, ast.Call):
        return getattr(node.func, "id", "") in ("plain", "wrapped")
    is_constant = isinstance(node, ast.Name) and node.id.lstrip("_").isupper()
    return isinstance(node, ast.Constant) or is_constant


def test_labels_of_the_window_are_made_in_one_place():
    places = {path.name for path, _ in window_calls("QLabel")}
    assert not places
    bases = {
        path.name
        for path in (PACKAGE / "gui").rglob("*.py")
        for node in nodes(path)
        if isinstance(node, ast.ClassDef)
        and any(getattr(base, "id", "") == "QLabel" for base in node.bases)
    }
    assert bases == {"layout.py"}


def test_tooltips_are_our_own_words_or_made_plain():
    for path, call in window_calls("setToolTip"):
        # The number field hands on what it was given, made plain.
        if path.name != "decimal_field.py" or not isinstance(call.args[0], ast.Name):
            assert is_plain_text(call.args[0]), f"{path.name}, line {call.lineno}"


def test_menus_and_buttons_name_no_key_by_accident():
    for name in ("addAction", "addMenu", "addButton", "QPushButton"):
        for path, call in window_calls(name):
            built = [one for one in call.args if isinstance(one, ast.JoinedStr)]
            assert not built, f"{path.name}, line {call.lineno}"


def test_boxes_and_notices_show_plain_text():
    boxes = [path for path, _ in window_calls("QMessageBox")]
    formats = [path for path, _ in window_calls("setTextFormat")]
    assert sorted(boxes) == sorted(one for one in formats if one.name != "layout.py")
    for name in ("show_info", "show_warning", "show_error"):
        for path, call in window_calls(name):
            assert path.name == "notifications.py"
            assert is_plain_text(call.args[0])
