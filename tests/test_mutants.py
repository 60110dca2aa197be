"""What is planted to try the tests: each change stated, and all of it a program."""

import ast
import json
import tomllib
from io import StringIO
from pathlib import Path
from types import SimpleNamespace

import pytest

from napari_cdse.core.features.sampling import radii
from tests.mutants.__main__ import EQUIVALENT, Reached, Tree, _outcome
from tests.mutants.mistakes import mistakes
from tests.mutants.parts import PARTS
from tests.mutants.recording import SHARED, forget_results

ROOT = Path(__file__).parents[1]
SOURCE = '''
"""A text of its own."""
LIMIT = 0.5


def share(found: int, size: tuple[int, int] = (1, 2)) -> float:
    """Say it."""
    if found:
        found -= 1
    remember(found, size, key="name")
    return found / size[0] if not size else min(found, 3) >= LIMIT
'''


def test_each_kind_of_mistake_is_planted_once():
    changes = [each.change(SOURCE) for each in mistakes("share.py", SOURCE)]
    call = 'remember(found, size, key="name")'
    told = "return found / size[0] if not size else min(found, 3) >= LIMIT"
    head = "def share(found: int, size: tuple[int, int] = (1, 2)) -> float:"
    assert sorted(changes) == sorted(
        [
            ("LIMIT = 0.5", "LIMIT = 0.25"),
            (head, head.replace("(1, 2)", "(2, 1)")),
            (head, head.replace("(1, 2)", "(2, 2)")),
            (head, head.replace("(1, 2)", "(1, 3)")),
            ("if found:", "if not (found):"),
            ("found -= 1", "found += 1"),
            ("found -= 1", "found -= 2"),
            (call, "pass"),
            (call, "remember(found, size)"),
            (call, 'remember(size, found, key="name")'),
            (call, "remember(found, size, key='XXname')"),
            (told, told.replace("found / size[0]", "(found * size[0])")),
            (told, told.replace("[0]", "[1]")),
            (told, told.replace("not size", "(size)")),
            (told, told.replace("min(found, 3) >=", "min(found, 3) >")),
            (told, told.replace("3", "4")),
        ]
    )


@pytest.mark.parametrize(
    ("call", "swapped"),
    [
        ("np.clip(x, a, b)", None),
        ("x.clip(a, b)", "x.clip(b, a)"),
        ("np.hypot(a, b)", None),
        ("np.arctan2(a, b)", "np.arctan2(b, a)"),
    ],
)
def test_arguments_are_exchanged_only_where_their_order_means_something(call, swapped):
    source = f"y = {call}\n"
    changes = [each.change(source)[1] for each in mistakes("call.py", source)]
    assert changes == ([] if swapped is None else [f"y = {swapped}"])


def test_a_test_reaches_what_no_function_holds_where_its_name_is_used():
    limit = next(iter(mistakes("share.py", SOURCE)))
    assert limit.names == ("LIMIT",)
    several = list(mistakes("ends.py", "_LOW, _HIGH = 1, 2\n"))
    assert {each.names for each in several} == {("_LOW", "_HIGH")}


CALLED_ON_IMPORT = """
def _half(of):
    return of / 2


def _whole(of):
    return of * 1


HALF = _half(3)


def told():
    return HALF + _whole(1)
"""


def test_a_test_reaches_what_is_called_on_import_where_its_outcome_is_used(tmp_path):
    (tmp_path / "half.py").write_text(CALLED_ON_IMPORT)
    tree = Tree(tmp_path, ["half.py"])
    reached = {
        mistake.lines[0]: tree.lines(mistake)["half.py"]
        for mistake in mistakes("half.py", CALLED_ON_IMPORT)
    }
    assert reached[3] == {3, 10, 14}
    assert reached[7] == {7}


USERS = """
from half import HALF, told

SHARE = told()


def test_half():
    assert HALF == 1.5


@pytest.mark.parametrize("n", [1, 2])
def test_other(n):
    assert n
"""


def test_a_test_reaches_what_it_names_itself(tmp_path):
    """Of a constant that no function of the program uses nothing else tells."""
    (tmp_path / "half.py").write_text(CALLED_ON_IMPORT)
    (tmp_path / "test_half.py").write_text(USERS)
    tree = Tree(tmp_path, ["half.py"], ["test_half.py"])
    by_line = {each.lines[0]: each for each in mistakes("half.py", CALLED_ON_IMPORT)}
    assert tree.tests(by_line[10]) == {"test_half.py::test_half"}
    assert tree.tests(by_line[14]) == set()
    seconds = {f"test_half.py::test_{name}": 1.0 for name in ("half", "o[1]", "o[2]")}
    by_file = {"test_half.py": list(seconds)}
    by_function = {"test_half.py::test_o": list(seconds)[1:]}
    reached = Reached({}, seconds, by_file, by_function)
    assert reached.each_of({"test_half.py::test_o"}) == set(list(seconds)[1:])
    assert reached.each_of({f"test_half.py::{SHARED}"}) == seconds.keys()


def test_what_an_earlier_test_computed_is_forgotten():
    radii(24)
    assert radii.cache_info().currsize > 0
    forget_results()
    assert radii.cache_info().currsize == 0


@pytest.mark.parametrize("part", PARTS)
def test_every_mistake_leaves_a_program(part):
    for room in PARTS[part].rooms:
        place = ROOT / "napari_cdse" / room
        file = place if place.is_file() else sorted(place.rglob("*.py"))[-1]
        source = file.read_text("utf-8")
        for mistake in mistakes(file.name, source):
            ast.parse(mistake.applied(source))


def test_every_part_has_its_rooms_and_its_tests():
    for part in PARTS.values():
        assert all((ROOT / "napari_cdse" / room).exists() for room in part.rooms)
        assert all((ROOT / "tests" / tests).exists() for tests in part.tests)


def test_tests_of_the_same_place_are_tried_first_then_the_quickest():
    seconds = {
        "tests/gui/app/test_leaks.py::test_slow": 9.0,
        "tests/gui/app/test_leaks.py::test_quick": 2.0,
        "tests/gui/canvas/test_marks.py::test_mark": 0.1,
        "tests/gui/canvas/test_shape_colours.py::test_slow": 3.0,
        "tests/project/test_undo.py::test_undo": 0.2,
    }
    order = Reached({}, seconds).in_order(
        set(seconds), "napari_cdse/gui/canvas/colours.py"
    )
    assert order == [
        "tests/gui/canvas/test_shape_colours.py::test_slow",
        "tests/gui/canvas/test_marks.py::test_mark",
        "tests/gui/app/test_leaks.py::test_quick",
        "tests/gui/app/test_leaks.py::test_slow",
        "tests/project/test_undo.py::test_undo",
    ]


@pytest.mark.parametrize(("nearest", "tried"), [(None, [2, 3]), (3, [2, 1]), (1, [1])])
def test_no_more_than_the_nearest_tests_are_tried_where_that_is_asked(nearest, tried):
    file = "napari_cdse/share.py"
    names = [f"tests/test_share.py::test_{n}" for n in range(5)]
    reached = Reached(
        {file: {"3": names[:2]}},
        dict.fromkeys(names, 1.0),
        {"tests/test_share.py": names},
    )
    (mistake,) = mistakes(file, "def half():\n    pass\n    return 2\n")
    tree = SimpleNamespace(
        sources={file: "def half():\n    pass\n    return 2\n"},
        lines=lambda _: {file: {3}},
        tests=lambda _: {names[1]},
    )
    server = SimpleNamespace(stdin=StringIO(), stdout=StringIO('"survived"\n' * 2))
    assert _outcome(server, tree, reached, mistake, nearest) == "survived"
    asked = [json.loads(line) for line in server.stdin.getvalue().splitlines()]
    assert [len(each["tests"]) for each in asked] == tried
    # What names it itself comes first.
    assert asked[0]["tests"][0] == names[1]


def test_every_mistake_that_is_not_counted_can_still_be_planted():
    listed = tomllib.loads(EQUIVALENT.read_text("utf-8"))["mistake"]
    planted = {}
    for file in {each["file"] for each in listed}:
        source = (ROOT / file).read_text("utf-8")
        planted[file] = {each.change(source) for each in mistakes(file, source)}
    gone = [
        each
        for each in listed
        if (each["was"], each["becomes"]) not in planted[each["file"]]
    ]
    assert gone == []
