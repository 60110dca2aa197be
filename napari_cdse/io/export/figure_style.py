"""Style of figures for print and for napari's themes, and how they are saved.

matplotlib is imported when the first figure is drawn: it takes half a second, and most
of what the program does needs none. Nothing here knows pyplot or a window.

Its settings are one dictionary for the whole process, and threads draw at the same
time, so a figure is built and saved under one lock.
"""

from __future__ import annotations

import io
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

from napari_cdse.core.errors import CdseError
from napari_cdse.io.files import name_of, write_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from matplotlib.figure import Figure

    from napari_cdse.core.records import Label

    Draw = Callable[[Figure, "Palette"], object]
    """Draws on an empty figure, in some colours."""

Format = Literal["svg", "png", "pdf"]
FORMATS: tuple[Format, ...] = ("svg", "png", "pdf")
"""SVG for drawing programs and pages, PNG for slides, PDF for manuscripts."""

MEANINGS: Mapping[Label, str] = {
    "yes": "visible defect",
    "no": "no visible defect",
    "null": "not resolved",
    "empty": "no particle",
}


@dataclass(frozen=True, slots=True)
class Palette:
    """Colours of a figure, as ``#rrggbb``.

    Attributes
    ----------
    ink, paper, rule : str
        Of words and axes, of the page, of lines that only guide the eye.
    classes : mapping of str to str
        They stay apart for protanopes, deuteranopes and tritanopes; each class has its
        letter beside it all the same.
    """

    ink: str
    paper: str
    rule: str
    classes: Mapping[Label, str]


PRINT = Palette(
    ink="#222222",
    paper="#ffffff",
    rule="#d0d0d0",
    classes={
        "yes": "#c4128d",
        "no": "#29b6d8",
        "null": "#ef8a00",
        "empty": "#a3a8ad",
    },
)
"""Magenta, cyan, orange and grey as in the window, darker, for a white page."""

DARK = Palette(
    ink="#f0f1f2",
    paper="#262930",
    rule="#5a626c",
    classes={
        "yes": "#f020d8",
        "no": "#66ffff",
        "null": "#ffa81a",
        "empty": "#b4b8bb",
    },
)
"""For napari's dark theme."""

WIDTH_IN = 5.1
"""Inches of a figure: one and a half columns of a journal (130 mm)."""

_PNG_DPI = 300
"""What journals ask of figures with lines and grey values."""

_SALT = "napari-cdse"
"""In place of chance, from which matplotlib makes the ids in an SVG."""

_METADATA: Mapping[Format, Mapping[str, str | None]] = {
    "svg": {"Date": None, "Creator": "napari-cdse"},
    "png": {"Software": "napari-cdse"},
    "pdf": {"CreationDate": None, "Creator": "napari-cdse", "Producer": None},
}
"""Without dates and versions: the same data give the same bytes."""

_FONT = b"font-family: 'DejaVu Sans'"
_FONTS = _FONT + b", Verdana, Arial, sans-serif"

LOCK = threading.RLock()


def settings(palette: Palette) -> dict[str, Any]:
    """Return matplotlib's settings for our figures."""
    return {
        "axes.edgecolor": palette.ink,
        "axes.facecolor": palette.paper,
        "axes.labelcolor": palette.ink,
        "axes.labelsize": 8,
        "axes.spines.right": False,
        "axes.spines.top": False,
        "axes.titlecolor": palette.ink,
        "axes.titlelocation": "left",
        "axes.titlesize": 8.5,
        "figure.constrained_layout.use": True,
        "figure.facecolor": palette.paper,
        "font.family": ["DejaVu Sans"],
        "font.size": 8,
        "hatch.color": palette.ink,
        "hatch.linewidth": 0.5,
        "legend.fontsize": 7.5,
        "legend.frameon": False,
        "legend.labelcolor": palette.ink,
        "lines.linewidth": 1.4,
        "pdf.fonttype": 42,
        "savefig.facecolor": palette.paper,
        "svg.fonttype": "none",
        "svg.hashsalt": _SALT,
        "text.color": palette.ink,
        # A dollar in a file's name is a dollar.
        "text.parse_math": False,
        "xtick.color": palette.ink,
        "xtick.labelsize": 7.5,
        "ytick.color": palette.ink,
        "ytick.labelsize": 7.5,
    }


@contextmanager
def drawing(palette: Palette = PRINT) -> Iterator[None]:
    """Build or save figures inside: no other thread does, and no settings leak.

    Parameters
    ----------
    palette : Palette, optional
        For print without it.
    """
    import matplotlib as mpl

    with LOCK:
        # The way to the screen is napari's choice.
        ours: dict[str, Any] = {
            name: value
            for name, value in mpl.rcParamsDefault.items()
            if name != "backend"
        }
        with mpl.rc_context():
            settings_now: dict[Any, Any] = ours | settings(palette)
            mpl.rcParams.update(settings_now)
            yield


def new_figure(height_in: float, width_in: float = WIDTH_IN) -> Figure:
    """Return an empty figure of a size in inches."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width_in, height_in))


def drawn(
    draw: Callable[[Figure], object], height_in: float, palette: Palette = PRINT
) -> Figure:
    """Build a figure.

    Parameters
    ----------
    draw : callable
        Puts the contents on it.
    height_in : float
        In inches.
    palette : Palette, optional
        For print without it.
    """
    with drawing(palette):
        figure = new_figure(height_in)
        draw(figure)
        # Laid out once, and not anew for each of its files.
        figure.draw_without_rendering()
        figure.set_layout_engine("none")
        return figure


def figure_bytes(figure: Figure, kind: Format, palette: Palette = PRINT) -> bytes:
    """Return a figure as the contents of a file, the same bytes every time."""
    target = io.BytesIO()
    with drawing(palette):
        figure.savefig(
            target, format=kind, dpi=_PNG_DPI, metadata=dict(_METADATA[kind])
        )
    if kind == "svg":
        # Where the font is missing, one without serifs stands in.
        return target.getvalue().replace(_FONT, _FONTS)
    return target.getvalue()


def write_figure(figure: Figure, folder: Path, name: str) -> tuple[Path, ...]:
    """Write a figure as SVG, PNG and PDF.

    Returns
    -------
    tuple of Path

    Raises
    ------
    CdseError
        A file cannot be written.
    """
    paths = tuple(folder / f"{name}.{kind}" for kind in FORMATS)
    for path, kind in zip(paths, FORMATS, strict=True):
        write_file(path, figure_bytes(figure, kind), CdseError)
    return paths


def save_figure(draw: Draw, path: Path, height_in: float) -> None:
    """Draw a figure for print and write it as the kind of file that its name says.

    Parameters
    ----------
    draw : callable
        Puts the contents on it, in the colours that it gets.
    path : Path
        Ends in ``.png``, ``.svg`` or ``.pdf``.
    height_in : float
        In inches.

    Raises
    ------
    CdseError
        Another ending, or the file cannot be written.
    """
    kind = path.suffix.lower().removeprefix(".")
    kinds: dict[str, Format] = {each: each for each in get_args(Format)}
    if kind not in kinds:
        raise CdseError(
            f"{name_of(path)} is no figure's name; let it end in .png, .svg or .pdf."
        )
    figure = drawn(lambda empty: draw(empty, PRINT), height_in)
    write_file(path, figure_bytes(figure, kinds[kind]), CdseError)
