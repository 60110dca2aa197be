"""What a user sends of a problem: enough to find it, and no name unless they want."""

from __future__ import annotations

import sys

import pytest

from napari_cdse import __version__
from napari_cdse.io.problem_message import last_report, problem_message, without_names
from napari_cdse.io.problem_report import unexpected

SECRET = "Ada's sample 3"


@pytest.fixture(autouse=True)
def reports(tmp_path, monkeypatch):
    place = tmp_path / SECRET / "logs"
    monkeypatch.setenv("NAPARI_CDSE_LOGS", str(place))
    return place


def fail(words: str) -> None:
    try:
        raise KeyError(SECRET)
    except KeyError as cause:
        raise ValueError(words) from cause


def write_down(words: str, doing: str = f"{SECRET}.dm4") -> None:
    try:
        fail(words)
    except ValueError as error:
        unexpected(error, doing)


def test_without_a_report_it_says_so_and_names_the_versions():
    message = problem_message()
    assert message.startswith(f"napari-cdse {__version__}\n")
    assert "numpy " in message
    assert "No error in the program was written down" in message


@pytest.mark.parametrize(
    "words",
    [
        f"no such file: /home/ada/{SECRET}.dm4",
        f'first line\n  File "/home/{SECRET}", line 3, in x\n    {SECRET}\n\n{SECRET}',
        f"one\nTraceback: {SECRET}\n{SECRET}",
        f"C:\\Users\\ada\\{SECRET}\\m.tif",
        "",
    ],
)
def test_no_name_is_in_it_unless_it_is_wanted(words, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["napari-cdse", f"/home/ada/{SECRET}"])
    write_down(words)
    message = problem_message()
    for name in (SECRET, "ada", "Users"):
        assert name not in message
    for kept in (
        "KeyError: (left out)",
        "ValueError: (left out)",
        "direct cause",
        "in fail",
        "in write_down",
    ):
        assert kept in message
    with_names = problem_message(with_names=True)
    assert f"doing: {SECRET}.dm4" in with_names
    assert words in with_names


def test_modules_of_packages_are_named_and_other_places_are_not():
    report = (
        "napari-cdse 1\nat noon\ndoing: x\n\nTraceback (most recent call last):\n"
        '  File "/home/ada/env/lib/site-packages/numpy/core.py", line 4, in f\n'
        "    f()\n"
        '  File "C:\\Users\\ada\\napari_cdse\\io\\files.py", line 5, in g\n'
        "    g()\n"
        '  File "/home/ada/run.py", line 6, in <module>\n'
        "OSError: /home/ada\n"
    )
    assert without_names(report).splitlines() == [
        "napari-cdse 1",
        "at noon",
        "",
        "Traceback (most recent call last):",
        '  File "site-packages/numpy/core.py", line 4, in f',
        '  File "napari_cdse/io/files.py", line 5, in g',
        '  File "(left out)", line 6, in <module>',
        "OSError: (left out)",
    ]


def test_the_last_report_is_the_newest_one():
    write_down("the first")
    write_down("the second")
    assert "the second" in (last_report() or "")
