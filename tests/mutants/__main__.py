"""``python -m tests.mutants PART``: plant mistakes, count those that tests notice."""

from __future__ import annotations

import argparse
import ast
import json
import os
import random
import subprocess
import sys
import tempfile
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from queue import SimpleQueue

from tests.mutants.mistakes import Mistake, definitions, mistakes
from tests.mutants.parts import PARTS, Part
from tests.mutants.recording import SHARED

ROOT = Path(__file__).parents[2]
EQUIVALENT = Path(__file__).parent / "equivalent.toml"
_LEAST_S, _TIMES = 20, 4
"""Time of the processor in s that a trial may always take, and that it may take in what
its tests take without a mistake: beyond it hangs."""
SURVIVED = ("survived", "no tests")


@dataclass(frozen=True)
class Reached:
    """What the part's tests reach, and what each of them takes."""

    lines: dict[str, dict[str, list[str]]]
    seconds: dict[str, float]
    by_file: dict[str, list[str]] = field(default_factory=dict)
    by_function: dict[str, list[str]] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> Reached:
        """Read what was recorded, and tell which tests fail without any mistake."""
        found = json.loads(path.read_text("utf-8"))
        for name in found["failed"]:
            print(f"Left out, since it does not pass as things are: {name}")
        by_file: dict[str, list[str]] = {}
        by_function: dict[str, list[str]] = {}
        for name in found["seconds"]:
            by_file.setdefault(name.partition("::")[0], []).append(name)
            by_function.setdefault(name.partition("[")[0], []).append(name)
        return cls(found["reached"], found["seconds"], by_file, by_function)

    def tests(self, lines: dict[str, set[int]]) -> set[str]:
        """Name the tests that reach any of some lines."""
        named: set[str] = set()
        for file, numbers in lines.items():
            at = self.lines.get(file, {})
            named.update(*(at.get(str(number), ()) for number in numbers))
        return self.each_of(named)

    def each_of(self, named: set[str]) -> set[str]:
        """Name each test of functions, and of files whose tests share what ran."""
        every = set(named)
        for name in named:
            every.update(self.by_function.get(name, ()))
            if name.endswith(SHARED):
                every.update(self.by_file.get(name.partition("::")[0], ()))
        return every & self.seconds.keys()

    def in_order(self, tests: set[str], file: str) -> list[str]:
        """Put first who is likeliest to notice a mistake in a file.

        Test files lie as the program's do: those that share most of its path come
        first, the quickest of them before others, the quickest tests of each first.
        """
        files: dict[str, list[str]] = {}
        for name in sorted(tests, key=lambda name: self.seconds[name]):
            files.setdefault(name.partition("::")[0], []).append(name)

        def far(tested: str) -> tuple[int, float]:
            mean = sum(self.seconds[name] for name in files[tested])
            return -_shared_path(file, tested), mean / len(files[tested])

        return [name for tested in sorted(files, key=far) for name in files[tested]]


def _shared_path(file: str, tested: str) -> int:
    """Count the folders and words of its name that a test file has from a file."""
    rooms, name = _below_top(file)
    tested_rooms, tested_name = _below_top(tested)
    shared = 0
    while shared < min(len(rooms), len(tested_rooms)) and (
        rooms[shared] == tested_rooms[shared]
    ):
        shared += 1
    words = set(name.split("_")) & set(tested_name.removeprefix("test_").split("_"))
    return shared + len(words)


def _below_top(file: str) -> tuple[tuple[str, ...], str]:
    path = PurePosixPath(file)
    return path.parts[1:-1], path.stem


class Tree:
    """The project's text as it lies there: what can be planted, and who uses a name.

    Parameters
    ----------
    root : Path
        Folder of the project.
    files, tests : sequence of str
        The program's files, and those of its tests.
    """

    def __init__(
        self, root: Path, files: Sequence[str], tests: Sequence[str] = ()
    ) -> None:
        self.tested: dict[str, set[str]] = defaultdict(set)
        for file in tests:
            for node in ast.parse((root / file).read_text("utf-8")).body:
                self._note_tested(file, node)
        self.sources = {file: (root / file).read_text("utf-8") for file in files}
        self.uses: dict[str, set[tuple[str, int]]] = defaultdict(set)
        self.defines: dict[tuple[str, int], set[str]] = defaultdict(set)
        self.bodies: dict[str, set[tuple[str, int]]] = defaultdict(set)
        self.within: dict[tuple[str, int], set[str]] = defaultdict(set)
        for file, source in self.sources.items():
            tree = ast.parse(source)
            for node in ast.walk(tree):
                name = getattr(node, "id", getattr(node, "attr", None))
                if isinstance(name, str):
                    self.uses[name].add((file, node.lineno))
                if isinstance(node, ast.FunctionDef):
                    for line in range(node.body[0].lineno, (node.end_lineno or 0) + 1):
                        self.bodies[node.name].add((file, line))
                        self.within[file, line].add(node.name)
            for line, name in definitions(tree.body):
                self.defines[file, line].add(name)

    def _note_tested(self, file: str, node: ast.stmt) -> None:
        """Note which names a test uses, or what all tests of a file may share."""
        is_test = isinstance(node, ast.FunctionDef) and node.name.startswith("test")
        who = f"{file}::{node.name if is_test else SHARED}"
        for part in ast.walk(node):
            name = getattr(part, "id", getattr(part, "attr", None))
            if isinstance(name, str):
                self.tested[name].add(who)

    def tests(self, mistake: Mistake) -> set[str]:
        """Name the tests that use themselves what a mistake changes on import.

        No line of the program tells: what is defined outside of every function is run
        before any test.
        """
        if not mistake.names:
            return set()
        _, names = self._reached(mistake)
        return set().union(*(self.tested.get(name, set()) for name in names))

    def lines(self, mistake: Mistake) -> dict[str, set[int]]:
        """Give the lines that a test must reach to notice a mistake.

        What is defined outside of every function is run on import, by no test. There
        it is where the names are used, or those that are defined by them, and within
        the functions that bear one. So it is for a function that is called on import.
        """
        lines: dict[str, set[int]] = defaultdict(set)
        for file, line in self._reached(mistake)[0]:
            lines[file].add(line)
        return lines

    def _reached(self, mistake: Mistake) -> tuple[set[tuple[str, int]], set[str]]:
        """Give the lines, and the names that hang on a mistake."""
        first, last = mistake.lines
        reached = {(mistake.file, line) for line in range(first, last + 1)}
        callers = {
            at
            for line in reached
            for name in self.within[line]
            for at in self.uses[name]
        }
        todo = set(mistake.names).union(*(self.defines[at] for at in callers))
        done: set[str] = set()
        while todo:
            name = todo.pop()
            done.add(name)
            reached |= self.uses[name] | self.bodies[name]
            todo.update(*(self.defines[at] for at in self.uses[name]))
            todo -= done
        return reached, done


def main() -> int:
    """Plant the mistakes, print the counts and the survivors, 1 if too many survive."""
    arguments = _parser().parse_args()
    part = PARTS[arguments.part]
    wanted = _files(part, arguments.since)
    if not wanted:
        print(f"Nothing in {arguments.part} was changed since {arguments.since}.")
        return 0
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        copies = [Path(folder) / str(job) for job in range(arguments.jobs)]
        for copy in copies:
            _copy(copy)
        tests = _git("ls-files", "--", "tests/**/test_*.py").split("\n")
        tree = Tree(copies[0], _files(Part(("",), ())), tests)
        drawn = _drawn(tree, wanted, arguments.count or part.count, arguments.seed)
        record = arguments.reached or copies[0] / "reached.json"
        if not record.exists():
            _record(copies[0], part, record.resolve())
        reached = Reached.read(record)
        outcomes = _outcomes(
            copies, record.resolve(), tree, reached, drawn, arguments.nearest
        )
        return _told(arguments, part, tree, outcomes)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.mutants")
    parser.add_argument("part", choices=PARTS)
    parser.add_argument("--count", type=int, help="mistakes drawn by lot")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--since", metavar="REF", help="only in files changed since")
    parser.add_argument(
        "--reached", type=Path, metavar="FILE", help="reads, or else writes, the record"
    )
    parser.add_argument(
        "--nearest",
        type=int,
        metavar="N",
        help="try no more than the N tests that lie nearest to a mistake; what those "
        "let pass counts as survived, so that the share is a lower bound",
    )
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    return parser


def _files(part: Part, since: str | None = None) -> list[str]:
    """List the part's files, or those changed since a commit."""
    rooms = [f"napari_cdse/{room}" for room in part.rooms]
    command = ["ls-files"] if since is None else ["diff", "--name-only", since]
    names = _git(*command, "--", *rooms).split("\n")
    return [name for name in names if name.endswith(".py") and (ROOT / name).is_file()]


def _git(*arguments: str) -> str:
    return subprocess.run(
        ("git", *arguments), cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.strip()


def _copy(folder: Path) -> None:
    """Copy the tracked files as they lie there."""
    for name in _git("ls-files").split("\n"):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes((ROOT / name).read_bytes())


def _drawn(tree: Tree, files: list[str], count: int, seed: int) -> list[Mistake]:
    """Draw mistakes by lot from all that can be planted in some files."""
    every = [
        made for file in sorted(files) for made in mistakes(file, tree.sources[file])
    ]
    drawn = random.Random(seed).sample(every, min(count, len(every)))
    print(f"{len(drawn)} of {len(every)} mistakes drawn.", flush=True)
    return drawn


def _record(folder: Path, part: Part, target: Path) -> None:
    tests = [f"tests/{name}" for name in part.tests]
    command = [sys.executable, "-m", "tests.mutants.recording", str(target), *tests]
    subprocess.run(
        command, cwd=folder, env=_environment(folder), check=True, capture_output=True
    )


def _environment(folder: Path) -> dict[str, str]:
    # The copy must be imported, never the project that was installed.
    return {**os.environ, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": ""}


def _outcomes(
    copies: list[Path],
    record: Path,
    tree: Tree,
    reached: Reached,
    drawn: list[Mistake],
    nearest: int | None,
) -> list[tuple[Mistake, str]]:
    free: SimpleQueue[subprocess.Popen[str]] = SimpleQueue()
    servers = [
        subprocess.Popen(
            (sys.executable, "-m", "tests.mutants.trial", str(record)),
            cwd=copy,
            env=_environment(copy),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for copy in copies
    ]
    for server in servers:
        free.put(server)

    def tried(mistake: Mistake) -> tuple[Mistake, str]:
        server = free.get()
        try:
            return mistake, _outcome(server, tree, reached, mistake, nearest)
        finally:
            free.put(server)

    with ThreadPoolExecutor(len(servers)) as pool:
        outcomes = []
        for mistake, outcome in pool.map(tried, drawn):
            print(f"{outcome:9} {mistake.file}:{mistake.lines[0]}", flush=True)
            outcomes.append((mistake, outcome))
    for server in servers:
        server.communicate()
    return outcomes


def _outcome(
    server: subprocess.Popen[str],
    tree: Tree,
    reached: Reached,
    mistake: Mistake,
    nearest: int | None,
) -> str:
    """Try the tests that reach a mistake, then all others of their files.

    The others may rely on what an earlier test left behind when it was recorded.
    """
    left = nearest
    outcome = "no tests"
    before = tree.sources[mistake.file]
    named = reached.each_of(tree.tests(mistake))
    others = reached.tests(tree.lines(mistake)) - named
    for first, tests in _rounds(reached, named, others):
        tried = [
            *reached.in_order(first, mistake.file),
            *reached.in_order(tests, mistake.file),
        ][:left]
        if outcome in SURVIVED and tried:
            outcome = _asked(
                server,
                file=mistake.file,
                text=mistake.applied(before),
                tests=tried,
                limit_s=_LEAST_S
                + _TIMES * sum(reached.seconds[name] for name in tried),
            )
        left = None if left is None else left - len(tried)
    return outcome


def _rounds(
    reached: Reached, named: set[str], others: set[str]
) -> Iterator[tuple[set[str], set[str]]]:
    yield named, others
    tests = named | others
    files = {name.partition("::")[0] for name in tests}
    yield set(), {name for file in files for name in reached.by_file[file]} - tests


def _asked(server: subprocess.Popen[str], **trial: object) -> str:
    assert server.stdin is not None
    assert server.stdout is not None
    server.stdin.write(json.dumps(trial) + "\n")
    server.stdin.flush()
    return str(json.loads(server.stdout.readline()))


def _told(
    arguments: argparse.Namespace,
    part: Part,
    tree: Tree,
    outcomes: list[tuple[Mistake, str]],
) -> int:
    known = {
        (entry["file"], entry["was"], entry["becomes"])
        for entry in tomllib.loads(EQUIVALENT.read_text("utf-8")).get("mistake", [])
    }
    changes = [(m, o, m.change(tree.sources[m.file])) for m, o in outcomes]
    counted = [
        (m, o, c)
        for m, o, c in changes
        if o not in SURVIVED or (m.file, *c) not in known
    ]
    for mistake, outcome, (before, after) in counted:
        if outcome in SURVIVED:
            print(f"\n{mistake.file}:{mistake.lines[0]} ({outcome})")
            print(f"  - {before}\n  + {after}")
    print(f"\n{dict(Counter(outcome for _, outcome, _ in counted))}")
    noticed = sum(outcome not in SURVIVED for _, outcome, _ in counted)
    share = noticed / max(len(counted), 1)
    print(
        f"{arguments.part}, seed {arguments.seed}: {len(outcomes)} planted, "
        f"{noticed} noticed, {len(outcomes) - len(counted)} mean nothing: "
        f"{'at least ' * bool(arguments.nearest)}{share:.1%}, wanted {part.wanted:.0%}"
    )
    return int(share < part.wanted)


if __name__ == "__main__":
    sys.exit(main())
