"""Plant single mistakes in a part of the program and count those that its tests notice.

``make mutants PART=statistics`` copies the project's tracked files to a scratch folder
and lets mutmut change one operator, number, name or argument of a function there at a
time. ``--sample 7`` plants only those whose number ends with 7, one in ten;
``--since REF`` only those of files that were changed since a commit.

A mistake that nothing can notice, since the changed program does the same, is listed
with its reason in ``tests/data/equivalent_mutants.toml`` and not counted.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import tomllib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
EQUIVALENT = ROOT / "tests" / "data" / "equivalent_mutants.toml"
SURVIVORS = ("survived", "no tests")
NOTICED = ("killed", "timeout", "segfault", "suspicious", "caught by type check")


@dataclass(frozen=True)
class Part:
    """Some rooms of the program, their own tests, and the share that must be noticed.

    Attributes
    ----------
    rooms : tuple of str
        Folders or files below ``napari_cdse``.
    tests : tuple of str
        Folders or files below ``tests``.
    wanted : float
        Least share of mistakes noticed. A choice: higher where a mistake changes a
        number or loses work, lower where it moves a control.
    """

    rooms: tuple[str, ...]
    tests: tuple[str, ...]
    wanted: float = 0.9


PARTS = {
    "statistics": Part(("core/statistics",), ("core/statistics",)),
    "evaluation": Part(("core/evaluation",), ("core/evaluation",)),
    "review": Part(("core/review",), ("core/review",)),
    "classifier": Part(("core/classifier",), ("core/classifier",)),
    "features": Part(("core/features",), ("core/features",)),
    "pipeline": Part(("pipeline",), ("pipeline",)),
    "store": Part(("io/store",), ("io/store", "project")),
    "models": Part(("io/models",), ("io/models",)),
    "labels": Part(("io/labels",), ("io/labels",)),
    "project": Part(("project",), ("project",)),
    "detection": Part(("core/detection",), ("core/detection",), wanted=0.8),
    "crystal": Part(("core/crystal",), ("core/crystal",), wanted=0.8),
    "gui": Part(("gui",), ("gui",), wanted=0.8),
}


@dataclass(frozen=True)
class Mutant:
    """One planted mistake: where, the line before and after, and what came of it."""

    name: str
    outcome: str
    change: tuple[str, str] = ("", "")

    @property
    def function(self) -> str:
        """Dotted name of the function, without the tool's marks."""
        module, _, mangled = self.name.rpartition("__mutmut_")[0].rpartition(".")
        return f"{module}.{mangled.replace('xǁ', '').removeprefix('x_')}".replace(
            "ǁ", "."
        )


def main() -> int:
    """Plant the mistakes, print the counts and the survivors, 1 if too many survive."""
    arguments = _parser().parse_args()
    part = PARTS[arguments.part]
    files = _files(part, arguments.since)
    if not files:
        print(f"Nothing in {arguments.part} was changed since {arguments.since}.")
        return 0
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        _copy(Path(folder), part, files)
        mutants = _planted(Path(folder), arguments.sample, arguments.jobs)
    return _told(arguments.part, part, mutants)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.mutants")
    parser.add_argument("part", choices=PARTS)
    parser.add_argument("--sample", metavar="DIGIT", choices=list("0123456789"))
    parser.add_argument("--since", metavar="REF")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    return parser


def _files(part: Part, since: str | None) -> list[str]:
    """List the part's files, or those changed since a commit."""
    rooms = [f"napari_cdse/{room}" for room in part.rooms]
    command = ["ls-files"] if since is None else ["diff", "--name-only", since]
    names = _git(*command, "--", *rooms).split("\n")
    return [name for name in names if name.endswith(".py")]


def _git(*arguments: str) -> str:
    return subprocess.run(
        ("git", *arguments), cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.strip()


def _copy(folder: Path, part: Part, files: list[str]) -> None:
    """Copy the tracked files as they lie there, and name the part to mutmut."""
    for name in _git("ls-files").split("\n"):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes((ROOT / name).read_bytes())
    tests = [f"tests/{name}" for name in part.tests]
    settings = f"""
[tool.mutmut]
source_paths = ["napari_cdse"]
only_mutate = {files}
pytest_add_cli_args_test_selection = {tests}
pytest_add_cli_args = ["-p", "no:cacheprovider", "-n", "0", "--no-xvfb"]
also_copy = ["models", "sample_data", "docs", "README.md"]
"""
    with (folder / "pyproject.toml").open("a", encoding="utf-8") as project:
        project.write(settings)


def _planted(folder: Path, sample: str | None, jobs: int) -> list[Mutant]:
    chosen = [] if sample is None else [f"*__mutmut_{sample}", f"*__mutmut_*{sample}"]
    _mutmut(folder, "run", "--max-children", str(jobs), *chosen)
    lines = _mutmut(folder, "results", "--all", "true", told=False).splitlines()
    pairs = [line.strip().rsplit(": ", 1) for line in lines if "__mutmut_" in line]
    return [
        Mutant(
            name, outcome, _change(folder, name) if outcome in SURVIVORS else ("", "")
        )
        for name, outcome in pairs
        if outcome != "not checked"
    ]


def _change(folder: Path, name: str) -> tuple[str, str]:
    """Give the changed lines as they were and as they are, from mutmut's difference."""
    lines = _mutmut(folder, "show", name, told=False).splitlines()
    lines = [line for line in lines if not line.startswith(("---", "+++"))]
    return tuple(  # type: ignore[return-value]
        " ".join(line[1:].strip() for line in lines if line.startswith(mark))
        for mark in "-+"
    )


def _mutmut(folder: Path, *arguments: str, told: bool = True) -> str:
    # The copy must be imported, never the project that was installed.
    environment = {**os.environ, "PYTHONPATH": ""}
    done = subprocess.run(
        (sys.executable, "-m", "mutmut", *arguments),
        cwd=folder,
        env=environment,
        stdout=None if told else subprocess.PIPE,
        text=True,
        check=not told,
    )
    if done.returncode:
        raise SystemExit(f"mutmut {arguments[0]} ended with {done.returncode}.")
    return done.stdout or ""


def _told(name: str, part: Part, mutants: list[Mutant]) -> int:
    known = {
        (entry["function"], entry["was"], entry["becomes"])
        for entry in tomllib.loads(EQUIVALENT.read_text("utf-8")).get("mutant", [])
    }
    counted = [m for m in mutants if (m.function, *m.change) not in known]
    for mutant in counted:
        if mutant.outcome in SURVIVORS:
            before, after = mutant.change
            print(f"\n{mutant.function} ({mutant.outcome})\n  - {before}\n  + {after}")
    outcomes = Counter(mutant.outcome for mutant in counted)
    noticed = sum(outcomes[outcome] for outcome in NOTICED)
    share = noticed / max(len(counted), 1)
    print(f"\n{name}: {noticed} of {len(counted)} noticed, {share:.1%}", end="; ")
    print(f"wanted {part.wanted:.0%}; {len(mutants) - len(counted)} mean nothing")
    return int(share < part.wanted)


if __name__ == "__main__":
    sys.exit(main())
