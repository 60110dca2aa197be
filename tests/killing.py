"""A session of edits that is killed, and what must be in the project afterwards.

The script of a session and the picture after each of its steps are worked out by a
naive model that knows no store: full copies of the picture, and two stacks for undo
and redo. ``python -m tests.killing PROJECT SCRIPT`` works the script off and says the
number of each step when the project has acknowledged it.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import time
import uuid
from dataclasses import dataclass
from pathlib import Path

from napari_cdse.core.records import CLASSES, Circle
from napari_cdse.project import Drawing, EditRequest, Project
from tests.project_tools import hand_over, put_circles, small_model, write_folder

N_MICROGRAPHS = 3
CANDIDATES = [Circle(12.0 + 22 * (n // 6), 12.0 + 22 * (n % 6), 8.0) for n in range(18)]
_DRAWN_ROW_PX = 82.0


@dataclass(frozen=True)
class Session:
    """A script and what must be seen after each of its steps.

    Attributes
    ----------
    steps : list of list
        Name of the step and its arguments, as JSON holds them.
    pasts, pictures, futures : list of list
        What undo gives back, what is there, and what redo gives back, first before
        any step, then after each.
    """

    steps: list[list]
    pasts: list[list[dict]]
    pictures: list[dict]
    futures: list[list[dict]]


@dataclass(frozen=True)
class Aftermath:
    """What a kill left behind.

    Attributes
    ----------
    acknowledged : int
        Steps whose end the process had told.
    in_force : int or None
        Steps that are in the file; None if it is in no state that ever was.
    in_commit : bool
        The kill fell into a commit, which the next opening rolled back.
    undone : int
        Steps taken back and made again.
    faults : list of str
        What is wrong; empty is what one hopes for.
    """

    acknowledged: int
    in_force: int | None
    in_commit: bool
    undone: int
    faults: list[str]


def prepare(folder: Path) -> Path:
    """Make a project with candidates and predictions; return its file."""
    write_folder(folder, [f"m{n}.png" for n in range(N_MICROGRAPHS)])
    project = Project.create_or_open(folder)
    # Whether a prediction can be accepted must not hang on a lot.
    project.audits.share = 0
    model = small_model()
    project.models.add(model)
    project.models.keep(model.card.id)
    for index in range(N_MICROGRAPHS):
        hand_over(project, index)
        put_circles(project, CANDIDATES, model.card.id)
    project.close()
    return project.path


def seen(project: Project) -> dict:
    """Everything that a person sees of the particles, by id."""
    return {
        each.id: (index, _numbers(each.circle), each.label, each.by_person)
        for index in range(N_MICROGRAPHS)
        for each in project.particles.of(index)
    }


def write_script(first: dict, n_steps: int, seed: int) -> Session:
    """Invent a session: keyed edits, gestures, detections, undo and redo."""
    chance = random.Random(seed)
    session = Session([], [[]], [first], [[]])
    while len(session.steps) < n_steps:
        past, now, future = (
            list(session.pasts[-1]),
            session.pictures[-1],
            list(session.futures[-1]),
        )
        name = chance.choice(_KINDS)
        if name == "undo" and past:
            step, after = ["undo"], past.pop()
            future.append(now)
        elif name == "redo" and future:
            step, after = ["redo"], future.pop()
            past.append(now)
        elif name == "detect":
            step, after = ["detect", chance.randrange(N_MICROGRAPHS)], now
        elif name in _EDITS:
            step, after = _EDITS[name](now, chance)
            if after != now:
                past.append(now)
                future = []
        else:
            continue
        session.steps.append(step)
        session.pasts.append(past)
        session.pictures.append(after)
        session.futures.append(future)
    return session


def _label(now: dict, chance: random.Random) -> tuple[list, dict]:
    particle_id = chance.choice(sorted(now))
    # A class told again is no step, and the model need not know whose it was.
    label = chance.choice([one for one in CLASSES if one != now[particle_id][2]])
    return ["label", particle_id, label], _changed(now, particle_id, label=label)


def _accept(now: dict, chance: random.Random) -> tuple[list, dict]:
    waiting = [one for one in sorted(now) if not now[one][3] and now[one][2]]
    if not waiting:
        return _label(now, chance)
    particle_id = chance.choice(waiting)
    label = now[particle_id][2]
    return ["accept", particle_id], _changed(now, particle_id, label=label)


def _gesture(now: dict, chance: random.Random) -> tuple[list, dict]:
    index, after = chance.randrange(N_MICROGRAPHS), dict(now)
    here = [one for one in sorted(now) if now[one][0] == index]
    parts = chance.choice(["draw", "move", "remove", "draw and move"])
    drawn, moved, removed = {}, {}, []
    if "move" in parts and here:
        for one in chance.sample(here, min(len(here), 2)):
            row, col, radius = now[one][1]
            moved[one] = [row + chance.uniform(0.1, 0.3), col, radius]
            after[one] = (index, tuple(moved[one]), *_after_move(now[one]))
    if "remove" in parts and len(here) > len(CANDIDATES) // 2:
        removed = chance.sample(here, 1)
        for one in removed:
            del after[one]
    if "draw" in parts or not (moved or removed):
        one = str(uuid.UUID(int=chance.getrandbits(128), version=4))
        label = chance.choice([None, *CLASSES])
        drawn[one] = [[_DRAWN_ROW_PX, chance.uniform(5, 130), 2.5], label]
        after[one] = (index, tuple(drawn[one][0]), label, label is not None)
    return ["gesture", index, drawn, moved, removed], after


_EDITS = {"label": _label, "accept": _accept, "gesture": _gesture}
_KINDS = [*_EDITS] * 2 + ["label", "undo", "undo", "redo", "detect"]


def _after_move(entry: tuple) -> tuple:
    """Take a forest's word away: it was about the circle before the move."""
    _index, _circle, label, by_person = entry
    return (label if by_person else None), by_person


def _changed(now: dict, particle_id: str, label: str) -> dict:
    index, circle, *_ = now[particle_id]
    return {**now, particle_id: (index, circle, label, True)}


def perform(project: Project, step: list) -> None:
    """Make one step of a script, as keys and the mouse make it."""
    name, *rest = step
    if name == "undo":
        project.history.undo()
    elif name == "redo":
        project.history.redo()
    elif name == "detect":
        put_circles(project, CANDIDATES, project.models.active_id, rest[0])
    elif name == "label":
        project.edits.label([rest[0]], rest[1], selected_by="queue")
    elif name == "accept":
        project.edits.accept([rest[0]], selected_by="queue")
    else:
        index, drawn, moved, removed = rest
        project.selection.open(index)
        project.edits.apply(
            EditRequest(
                drawn=[
                    Drawing(Circle(*circle), label, one)
                    for one, (circle, label) in drawn.items()
                ],
                reshaped={one: Circle(*circle) for one, circle in moved.items()},
                removed=removed,
            )
        )


def kill_once(path: Path, session: Session, acknowledged: int, later_s: float) -> int:
    """Work the script off in another process and kill that one.

    Returns
    -------
    int
        How many steps it had acknowledged when it died.
    """
    script = path.with_suffix(".json")
    script.write_text(json.dumps(session.steps))
    command = [sys.executable, "-m", "tests.killing", str(path), str(script)]
    root = Path(__file__).parents[1]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, cwd=root
    ) as process:
        told = [process.stdout.readline() for _ in range(acknowledged)]
        time.sleep(later_s)
        os.kill(process.pid, signal.SIGKILL)
        told += [line for line in process.stdout if line.endswith("\n")]
    numbers = [int(line) for line in told if line.strip()]
    if numbers != list(range(1, len(numbers) + 1)) or len(numbers) < acknowledged:
        raise AssertionError(f"the session failed by itself after {numbers[-1:]}")
    return len(numbers)


def examine(path: Path, session: Session, acknowledged: int) -> Aftermath:
    """Open what a kill left, walk its whole history, and go on working."""
    in_commit = _is_hot(path.with_name(f"{path.name}-journal"))
    project = Project.create_or_open(path)
    faults = [f"unsound file: {each}" for each in project._store.integrity_problems()]
    found, undone = seen(project), 0
    # One more step may be in the file, whose line the kill swallowed.
    maybe = range(acknowledged, min(acknowledged + 2, len(session.pictures)))
    at = next((each for each in maybe if session.pictures[each] == found), None)
    if at is None:
        faults.append(f"step {acknowledged} was acknowledged and is not there")
    else:
        undone = len(session.pasts[at])
        faults += _walk(project, session, at)
    project.selection.open(0)
    project.edits.draw(Circle(_DRAWN_ROW_PX, 70.0, 2.5), "yes")
    project.close()
    return Aftermath(acknowledged, at, in_commit, undone, faults)


def _walk(project: Project, session: Session, at: int) -> list[str]:
    """Take everything back to the start, and make all of it again."""
    past, now, future = session.pasts[at], session.pictures[at], session.futures[at]
    for number, expected in enumerate(reversed(past), start=1):
        if project.history.undo() is None or seen(project) != expected:
            return [f"undo {number} of {len(past)} gives another picture"]
    if project.history.undo() is not None:
        return ["undo goes on behind the start"]
    forward = [*[*past, now][1:], *reversed(future)]
    for number, expected in enumerate(forward, start=1):
        if project.history.redo() is None or seen(project) != expected:
            return [f"redo {number} of {len(forward)} gives another picture"]
    return [] if project.history.redo() is None else ["redo goes on behind the end"]


def _is_hot(journal: Path) -> bool:
    """Whether a journal still holds what must be rolled back."""
    with contextlib.suppress(FileNotFoundError):
        with journal.open("rb") as file:
            return any(file.read(8))
    return False


def _numbers(circle: Circle) -> tuple[float, float, float]:
    return circle.row_px, circle.col_px, circle.radius_px


def main(path: str, script: str) -> None:
    project = Project.create_or_open(path)
    for number, step in enumerate(json.loads(Path(script).read_text()), start=1):
        perform(project, step)
        sys.stdout.write(f"{number}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
