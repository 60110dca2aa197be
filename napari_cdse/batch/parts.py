"""Progress of a part of the work, told as progress of the whole."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from napari_cdse.core.detection import Progress


@dataclass(frozen=True, slots=True)
class Part:
    """Takes the share done of a part, passes on the share done of all.

    Attributes
    ----------
    whole : callable
        Takes the share done of all.
    start, end : float
        Shares of all at which the part begins and ends.
    """

    whole: Progress
    start: float
    end: float

    def __call__(self, share: float) -> None:
        """Tell how much of the part is done, 0 to 1."""
        self.whole(self.start + share * (self.end - self.start))
