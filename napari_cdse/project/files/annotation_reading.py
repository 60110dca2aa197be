"""Match annotation files of other programs with a project's micrographs.

Nothing is stored here, and no project is needed: a worker may do it, see
`napari_cdse.project.components.imports` for what comes of it.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from napari_cdse.core.errors import CdseError, LabelFileError
from napari_cdse.core.records import CLASSES
from napari_cdse.io.annotations.formats import find_annotations, read_annotations
from napari_cdse.io.annotations.shapes import MOST_IN_ONE, problem_on
from napari_cdse.io.files import shown
from napari_cdse.io.images.micrograph_file import read_micrograph
from napari_cdse.io.paths import alike, portable_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from napari_cdse.core.progress import Progress
    from napari_cdse.core.records import Circle, Label
    from napari_cdse.io.annotations.shapes import AnnotationFile, Shape
    from napari_cdse.io.images.frame import FrameChoice

_NAMED = 20
"""Places that one sentence names; it says how many more there are."""
_NO_NAME = re.compile(r"\d+(-\d+)*")
"""What ImageJ calls a region that nobody named: its place."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A micrograph that files may speak of.

    Attributes
    ----------
    key : int
        In the project.
    name : str
        What the project's results call it; no two alike.
    path : Path
    frame : int or str
    shape : tuple of int or None
        Rows and columns, where they are known.
    """

    key: int
    name: str
    path: Path
    frame: FrameChoice = 0
    shape: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Placed:
    """A circle of a file that can be taken in.

    Attributes
    ----------
    key : int
        Of its micrograph.
    circle : Circle
    label : {"yes", "no", "null", "empty"} or None
        None where the file gives no class, or one that is not known.
    source : str
        Name of the file.
    note : str
    """

    key: int
    circle: Circle
    label: Label | None
    source: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """What files hold for a project.

    Attributes
    ----------
    placed : tuple of Placed
        What can be taken in.
    left_out : tuple of str
        What cannot, by file and place, one sentence each.
    notices : tuple of str
        What was taken for something else than it is.
    """

    placed: tuple[Placed, ...] = ()
    left_out: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()


class Pictures:
    """Finds a micrograph by what a file calls it.

    The name of the results counts first, then the file's name, then its stem: a picture
    is often annotated as a copy in another format.

    Parameters
    ----------
    pictures : iterable of Picture
        All of the project.
    only : Picture, optional
        Where everything lies, whatever files call it.
    fallback : Picture, optional
        Where what names no micrograph lies.
    """

    def __init__(
        self,
        pictures: Iterable[Picture],
        only: Picture | None = None,
        fallback: Picture | None = None,
    ) -> None:
        pictures = list(pictures)
        self._only = only
        alone = pictures[0] if len(pictures) == 1 else None
        self._fallback = fallback or alone
        self._shapes: dict[int, tuple[int, int] | None] = {}
        self._names: tuple[dict[str, list[Picture]], ...] = (
            defaultdict(list),
            defaultdict(list),
            defaultdict(list),
        )
        for each in pictures:
            names = (each.name, each.path.name, each.path.stem)
            for known, name in zip(self._names, names, strict=True):
                known[alike(portable_name(name))].append(each)

    def find(self, name: str) -> Picture | str:
        """Find a micrograph; a sentence's end says why there is none."""
        if self._only is not None:
            return self._only
        name = PurePosixPath(name.replace("\\", "/")).name
        if not name or _NO_NAME.fullmatch(name):
            found = self._by_name(name)
            if isinstance(found, Picture):
                return found
            return self._fallback or (
                "it names no micrograph; name the file like the micrograph, or say "
                "which one it belongs to"
            )
        return self._by_name(name)

    def _by_name(self, name: str) -> Picture | str:
        stem = PurePosixPath(name).stem
        for known, wanted in zip(self._names, (name, name, stem), strict=True):
            found = known.get(alike(portable_name(wanted)), [])
            if len(found) == 1:
                return found[0]
            if found:
                return f"{len(found)} micrographs are called {shown(wanted)}"
        # The results' name has no suffix, where the file's has one.
        found = self._names[0].get(alike(portable_name(stem)), [])
        if found:
            return found[0]
        return f"there is no micrograph {shown(name)} in the project"

    def shape_of(self, name: str) -> tuple[int, int] | None:
        """Return rows and columns; read from the file where nobody knows them yet."""
        found = self.find(name)
        return None if isinstance(found, str) else self.shape(found)

    def shape(self, picture: Picture) -> tuple[int, int] | None:
        """Return rows and columns of a micrograph; None if it cannot be read."""
        if picture.key not in self._shapes:
            self._shapes[picture.key] = picture.shape or _read_shape(picture)
        return self._shapes[picture.key]


def read_for_project(
    paths: Sequence[Path],
    pictures: Pictures,
    classes: Mapping[str, Label] | None = None,
    report: Progress | None = None,
) -> Reading:
    """Read files of annotations, and find where each circle belongs.

    Parameters
    ----------
    paths : sequence of Path
        Files and folders.
    pictures : Pictures
        The micrographs that they may speak of.
    classes : mapping of str to label, optional
        What other names of classes mean here, besides yes, no, null and empty; capitals
        are nothing.
    report : callable, optional
        Is told the share that is done.

    Returns
    -------
    Reading
        A file that is damaged gives one sentence and nothing else.
    """
    known: dict[str, Label] = {name: name for name in CLASSES}
    known |= {alike(name.strip()): label for name, label in (classes or {}).items()}
    found = find_annotations(paths)
    sorting = _Sorting(pictures, known, left_out=list(found.problems))
    for done, path in enumerate(found.files):
        if report is not None:
            report(done / len(found.files))
        try:
            sorting.take(read_annotations(path, pictures.shape_of))
        except LabelFileError as error:
            sorting.left_out.append(str(error))
    return Reading(
        tuple(sorting.placed), tuple(sorting.left_out), tuple(sorting.notices)
    )


@dataclass(slots=True)
class _Sorting:
    """Tells what can be taken in from what cannot, file by file."""

    pictures: Pictures
    classes: Mapping[str, Label]
    placed: list[Placed] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)

    def take(self, file: AnnotationFile) -> None:
        """Sort the shapes of one file."""
        problems: dict[str, list[str]] = defaultdict(list)
        unknown: dict[str, list[str]] = defaultdict(list)
        stretched: list[str] = []
        here: list[Placed] = []
        for shape in file.shapes:
            found = self._place(file.name, shape)
            if isinstance(found, str):
                problems[found].append(shape.place)
                continue
            here.append(found)
            if shape.name is not None and found.label is None:
                unknown[shape.name].append(shape.place)
            if shape.stretched:
                stretched.append(shape.place)
        here, crowded = _without_crowds(here, file.name)
        self.left_out += crowded
        self.placed += here
        for problem, places in problems.items():
            self.left_out.append(f"{file.name}, {_listed(places)}: {problem}.")
        for name, places in unknown.items():
            self.notices.append(
                f'{file.name}: the class "{shown(name)}" of {_listed(places)} is none '
                f"of {', '.join(CLASSES)}, so the circles are there without a class."
            )
        if stretched:
            self.notices.append(
                f"{file.name}: {_listed(stretched)} is longer than broad and became a "
                "circle of the same area."
            )

    def _place(self, source: str, shape: Shape) -> Placed | str:
        """Find the place of one shape, or say why it has none."""
        if shape.problem:
            return shape.problem
        picture = self.pictures.find(shape.picture)
        if isinstance(picture, str):
            return picture
        size = self.pictures.shape(picture)
        if size is None or shape.circle is None:
            return f"{shown(picture.path.name)} cannot be read, so nothing fits in it"
        problem = problem_on(shape.circle, size)
        if problem:
            return problem
        name = "" if shape.name is None else alike(shape.name.strip())
        note = " ".join(shape.note.split())
        return Placed(
            picture.key, shape.circle, self.classes.get(name), source, shown_note(note)
        )


def shown_note(note: str) -> str:
    """Take what can be stored of a note: letters, no halves of them."""
    return note.encode("utf-8", "replace").decode("utf-8")


def _without_crowds(
    placed: list[Placed], source: str
) -> tuple[list[Placed], list[str]]:
    """Leave out micrographs with more circles than one can hold."""
    number: dict[int, int] = defaultdict(int)
    for each in placed:
        number[each.key] += 1
    crowded = {key for key, many in number.items() if many > MOST_IN_ONE}
    kept = [each for each in placed if each.key not in crowded]
    sentences = [
        f"{source} has {number[key]} circles in one micrograph, more than the "
        f"{MOST_IN_ONE} that one is taken to hold; check that it is the right file."
        for key in sorted(crowded)
    ]
    return kept, sentences


def _listed(places: Sequence[str]) -> str:
    """Name places, the first of many."""
    named = ", ".join(places[:_NAMED])
    more = len(places) - _NAMED
    return f"{named} and {more} more" if more > 0 else named


def _read_shape(picture: Picture) -> tuple[int, int] | None:
    try:
        return read_micrograph(picture.path, frame=picture.frame).shape
    except CdseError:
        return None


def only_there(pictures: Sequence[Picture], name: str) -> Picture:
    """Return the micrograph that a user names.

    Raises
    ------
    LabelFileError
        If there is none of that name, or more than one.
    """
    found = Pictures(pictures).find(name) if name else "no micrograph is named"
    if isinstance(found, str):
        raise LabelFileError(f"{found[0].upper()}{found[1:]}; check the name.")
    return found
