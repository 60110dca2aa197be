"""One file of many: kept, taken over, analysed anew; and what a run will cost."""

from __future__ import annotations

import ast
import os
import signal
import sys
from dataclasses import dataclass, replace
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from napari_cdse.core.errors import CdseError
from napari_cdse.core.params import DetectionParams
from napari_cdse.core.pixel_size import PixelSize, PixelSizeSource
from napari_cdse.core.records import Candidate, Circle
from napari_cdse.io.export.part_files import Findings, PartFiles
from napari_cdse.io.images.micrograph_file import read_micrograph
from napari_cdse.pipeline import many_files, program_state
from napari_cdse.pipeline.analysis import Analysis
from napari_cdse.pipeline.many_files import (
    FileAnalysis,
    Outcome,
    analyse_many,
    cost_of_analysis,
    lost,
)
from tests.project_tools import detection, small_model, write_picture

CIRCLE = Circle(30.0, 40.0, 10.0)
SIZE = PixelSize(0.04, PixelSizeSource.ESTIMATED, 0.01)


@pytest.fixture
def asked(monkeypatch):
    """Names of the files that were analysed; each has one circle."""
    names: list[str] = []

    def analyse(micrograph, model, params):
        names.append(micrograph.name)
        found = replace(detection([CIRCLE]), notices=("of the detection",))
        return Analysis(
            micrograph,
            found,
            (Candidate.propose(micrograph.id, CIRCLE, "bragg", 1.0),),
            (),
            "beyond what it learnt",
        )

    monkeypatch.setattr(many_files, "analyse", analyse)
    return names


@pytest.fixture
def path(tmp_path):
    return write_picture(tmp_path / "a.png", 0)


def test_findings_are_those_of_the_analysis(asked, path):
    told = FileAnalysis(None, DetectionParams(), 0.05)(path)
    micrograph = read_micrograph(path, pixel_size_nm=0.05)
    (candidate,) = told.findings.candidates
    assert told.findings == Findings(
        micrograph.id,
        (90, 140),
        SIZE,
        (Candidate.propose(micrograph.id, CIRCLE, "bragg", 1.0),),
        (),
        (*micrograph.notices, "of the detection", "beyond what it learnt"),
        None,
    )
    assert candidate.micrograph_id == micrograph.id
    assert told == Outcome(path, told.findings)


def test_a_file_that_cannot_be_used_is_a_sentence(asked, tmp_path):
    broken = tmp_path / "b.png"
    broken.write_text("no picture")
    told = FileAnalysis(None, DetectionParams())(broken)
    assert told.findings is None
    assert "b.png" in told.problem
    assert asked == []


def test_what_the_reader_said_stands_beside_the_problem(path, monkeypatch):
    def fail(*_):
        raise CdseError("Nothing can be looked for.")

    def read(*_, **__):
        return replace(read_micrograph(path), notices=("It was mended.",))

    monkeypatch.setattr(many_files, "analyse", fail)
    monkeypatch.setattr(many_files, "read_micrograph", read)
    told = FileAnalysis(None, DetectionParams())(path)
    assert told == Outcome(
        path, None, "a.png: Nothing can be looked for.", ("It was mended.",)
    )


def test_what_an_earlier_run_found_is_taken_over(asked, path, tmp_path):
    parts = PartFiles(tmp_path / "parts")
    work = FileAnalysis(None, DetectionParams(), parts=parts)
    first, second = work(path), work(path)
    assert (first.from_before, second.from_before) == (False, True)
    assert first.key == second.key == work.key(path)
    assert second.findings == first.findings
    assert asked == ["a"]
    assert parts.keys() == {first.key}
    third = replace(work, again=True)(path)
    assert (third.from_before, third.findings) == (False, first.findings)
    assert asked == ["a", "a"]


def test_a_part_that_cannot_be_read_is_analysed_anew_and_told(asked, path, tmp_path):
    parts = PartFiles(tmp_path / "parts")
    work = FileAnalysis(None, DetectionParams(), parts=parts)
    key = work(path).key
    (tmp_path / "parts" / f"{key}.part").write_bytes(b"odd")
    told = work(path)
    assert not told.from_before
    assert len(told.notices) == 1
    assert "it was not used" in told.notices[0]
    assert work(path).from_before


def test_nothing_is_kept_of_a_file_that_is_written_meanwhile(
    asked, path, tmp_path, monkeypatch
):
    parts = PartFiles(tmp_path / "parts")
    work = FileAnalysis(None, DetectionParams(), parts=parts)
    once = many_files.analyse

    def analyse(*given):
        write_picture(path, 1)
        return once(*given)

    monkeypatch.setattr(many_files, "analyse", analyse)
    assert work(path).findings is not None
    assert parts.keys() == frozenset()


def test_a_key_follows_from_all_that_findings_follow_from(path, tmp_path, monkeypatch):
    plain = FileAnalysis(None, DetectionParams())
    model = small_model()
    others = [
        replace(plain, frame=1),
        replace(plain, frame="mean"),
        replace(plain, pixel_size_nm=0.04),
        replace(plain, params=DetectionParams(method="window")),
        replace(plain, model=model),
        replace(plain, model=replace(model, card=replace(model.card, name="b"))),
    ]
    keys = [each.key(path) for each in (plain, *others)]
    keys.append(plain.key(write_picture(tmp_path / "b.png", 1)))
    before = plain.key(path)
    monkeypatch.setattr(many_files, "program_state", lambda: "another")
    keys.append(plain.key(path))
    assert len(set(keys)) == len(keys)
    assert before == keys[0]
    assert all(len(key) == 64 for key in keys)
    # The same content under another name is the same question.
    copy = tmp_path / "copy.png"
    copy.write_bytes(path.read_bytes())
    assert plain.key(copy) == plain.key(path)
    # Parts hold the results, and "again" is the run's affair.
    kept = replace(plain, parts=PartFiles(tmp_path / "parts"), again=True)
    assert kept.key(path) == plain.key(path)


def test_many_are_analysed_in_their_order(asked, tmp_path):
    paths = [write_picture(tmp_path / f"{name}.png", n) for n, name in enumerate("cab")]
    told = list(analyse_many(paths, FileAnalysis(None, DetectionParams())))
    assert [each.path for each in told] == paths
    assert asked == ["c", "a", "b"]


@dataclass(frozen=True, slots=True, eq=False)
class Deadly(FileAnalysis):
    """Ends the process of whoever analyses one file."""

    def __call__(self, path):
        if path.stem == "b":
            os.kill(os.getpid(), signal.SIGKILL)
        return Outcome(path, None, "fine")


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
def test_a_file_that_takes_its_process_with_it_is_lost_alone(tmp_path):
    paths = [write_picture(tmp_path / f"{name}.png", n) for n, name in enumerate("abc")]
    told = list(analyse_many(paths, Deadly(None, DetectionParams()), 2))
    assert [each.path for each in told] == paths
    assert [each.problem for each in told] == ["fine", lost(paths[1]), "fine"]
    assert lost(paths[1]).startswith("b.png: its analysis ended")


def test_the_cost_is_told_by_the_sizes_of_files(tmp_path):
    sizes = {"a.png": 700, "b.JPG": 250, "c.bmp": 3000, "d.tif": 8000, "e.jpeg": 500}
    for name, size in sizes.items():
        (tmp_path / name).write_bytes(bytes(size))
    paths = [tmp_path / name for name in (*sizes, "none.png")]
    cost = cost_of_analysis(paths)
    # Pixels, by 0.7, 0.25, 1, 2 and 0.25 bytes each; 1.1 us and 16 bytes for each.
    assert cost.seconds == pytest.approx(1.1e-6 * (1000 + 1000 + 3000 + 4000 + 2000))
    assert cost.bytes_each == pytest.approx(5e8 + 16 * 4000)
    nothing = cost_of_analysis([])
    assert (nothing.seconds, nothing.bytes_each) == (0, 5e8)


def test_the_state_of_the_program_follows_from_program_and_libraries(monkeypatch):
    state = program_state.program_state.__wrapped__
    first = state()
    assert state() == first
    others = []

    def with_change(target, name, value):
        with monkeypatch.context() as changed:
            changed.setattr(target, name, value)
            others.append(state())

    version = program_state.version
    with_change(program_state.napari_cdse, "__version__", "9.9")
    with_change(program_state.platform, "python_version", lambda: "3.99")
    for library in program_state._LIBRARIES:

        def another(name, library=library):
            return "9.9" if name == library else version(name)

        with_change(program_state, "version", another)

    def missing(name):
        if name == "numpy":
            raise program_state.PackageNotFoundError(name)
        return version(name)

    with_change(program_state, "version", missing)
    for folder in ("core", "io", "pipeline"):
        rest = [each for each in program_state._FOLDERS if each != folder]
        with_change(program_state, "_FOLDERS", tuple(rest))
    read_bytes = Path.read_bytes
    for suffix in (".onnx", ".py"):

        def with_more(path, suffix=suffix):
            return read_bytes(path) + b" " * (path.suffix == suffix)

        with_change(Path, "read_bytes", with_more)
    assert len({first, *others}) == 1 + len(others)


NO_PIXELS = {
    *("joblib", "distributed", "psutil", "threadpoolctl"),  # processes
    *("scikit-learn", "skops"),  # training, and files of forests
    *("matplotlib", "roifile", "PyYAML"),  # figures, other programs' annotations
    *("python-box", "pint", "platformdirs"),  # settings, units, places of files
}
"""What the code of an analysis imports and no pixel passes through."""


def test_each_library_that_pixels_pass_through_is_part_of_the_programs_state():
    package = Path(program_state.napari_cdse.__file__).parent
    names = {
        name.partition(".")[0]
        for folder in program_state._FOLDERS
        for path in (package / folder).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        for name in imported(node)
    }
    libraries = names - sys.stdlib_module_names - {"napari_cdse"}
    of = packages_distributions()
    known = {library.lower() for library in program_state._LIBRARIES}
    others = {library.lower() for library in NO_PIXELS}
    found = {of[name][0].lower() for name in libraries if name in of}
    assert found <= known | others
    assert not known & others
    # None is there for nothing.
    installed = {each.lower() for some in of.values() for each in some}
    assert (known | others) & installed <= found


def imported(node):
    """Names of the modules that a statement imports."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [node.module] if isinstance(node, ast.ImportFrom) else []
