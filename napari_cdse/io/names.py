"""Names for results: short, and no two alike."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

_WAYS: tuple[Callable[[Path], str], ...] = (
    lambda path: path.stem,
    lambda path: path.name,
    lambda path: f"{path.parent.name}_{path.name}",
    lambda path: "_".join(path.absolute().parts[1:]),
)


def distinct_names(paths: Sequence[Path]) -> dict[Path, str]:
    """Name each file by its stem; with suffix and folders where stems are alike.

    Names that differ in capitals only count as alike, because on many disks they are.
    """
    names: dict[Path, str] = {}
    for describe in _WAYS:
        alike = defaultdict(list)
        for path in paths:
            alike[describe(path).casefold()].append(path)
        taken = {name.casefold() for name in names.values()}
        for name, same in alike.items():
            if len(same) == 1 and same[0] not in names and name not in taken:
                names[same[0]] = describe(same[0])
    return names
