"""The parts of the program, their own tests, and how much those must notice."""

from __future__ import annotations

from dataclasses import dataclass


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
    count : int
        Mistakes drawn where none are told: a share of 0.9 of 60 is known to 0.08
        (95 %, normal), which separates what holds from what doesn't.
    """

    rooms: tuple[str, ...]
    tests: tuple[str, ...]
    wanted: float = 0.9
    count: int = 40


PARTS = {
    "statistics": Part(("core/statistics",), ("core/statistics",), count=60),
    "evaluation": Part(
        ("core/evaluation", "core/matching.py"),
        ("core/evaluation", "core/test_matching.py"),
        count=60,
    ),
    "review": Part(("core/review",), ("core/review",)),
    "classifier": Part(("core/classifier",), ("core/classifier",), count=60),
    "features": Part(("core/features",), ("core/features",), count=60),
    "pipeline": Part(("pipeline",), ("pipeline",)),
    "store": Part(("io/store",), ("io/store", "project")),
    "models": Part(("io/models",), ("io/models",), count=60),
    "labels": Part(("io/labels",), ("io/labels",)),
    "project": Part(("project",), ("project",)),
    "detection": Part(("core/detection",), ("core/detection",), wanted=0.8),
    "crystal": Part(("core/crystal",), ("core/crystal",), wanted=0.8),
    "gui": Part(("gui",), ("gui",), wanted=0.8, count=30),
}
