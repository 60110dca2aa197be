"""The feature table and the groups it is made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from napari_cdse.core.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from napari_cdse.core.progress import Progress
    from napari_cdse.core.records import Circle, Micrograph

    GroupFunction = Callable[
        [Micrograph, Sequence[Circle], float, Progress | None], NDArray[np.float32]
    ]


Item = TypeVar("Item")


@dataclass(frozen=True, eq=False)
class FeatureTable:
    """Named features of some circles.

    Attributes
    ----------
    names : tuple of str
        One name per column.
    values : ndarray of float32, shape (n_circles, n_names)
    schema : str
        Groups and their versions, in the order of the columns, as
        ``"bragg/1+origin/1"``. Two tables go together when their schemas agree.
    """

    names: tuple[str, ...]
    values: NDArray[np.float32]
    schema: str

    def __post_init__(self) -> None:
        """Refuse a table whose columns and names differ in number.

        Raises
        ------
        ModelError
            If they do.
        """
        if self.values.ndim != 2 or self.values.shape[1] != len(self.names):
            raise ModelError(
                f"A feature table of shape {self.values.shape} cannot have "
                f"{len(self.names)} feature names; compute the features anew."
            )

    def __len__(self) -> int:
        """Return the number of circles."""
        return len(self.values)

    def rows(self, index: NDArray[np.intp] | NDArray[np.bool_]) -> FeatureTable:
        """Choose rows by number or by mask."""
        return FeatureTable(self.names, self.values[index], self.schema)


@dataclass(frozen=True)
class FeatureGroup:
    """Features that are computed together.

    Attributes
    ----------
    name : str
    version : int
        Raised whenever a feature's meaning changes, so that a model trained on the
        older meaning is refused instead of fed with the newer.
    names : tuple of str
    description : str
    function : callable
        ``(micrograph, circles, pixel_size_nm, progress) -> float32 array (n_circles,
        n_names)``.
    invariant : bool
        Turning or mirroring the micrograph leaves the features as they are, so that
        turned copies would teach nothing.
    """

    name: str
    version: int
    names: tuple[str, ...]
    description: str
    function: GroupFunction
    invariant: bool

    @property
    def schema(self) -> str:
        """Name and version."""
        return f"{self.name}/{self.version}"


def with_progress(items: Sequence[Item], progress: Progress | None) -> Iterator[Item]:
    """Go through circles and tell the share done before each; that may cancel."""
    for done, item in enumerate(items):
        if progress is not None:
            progress(done / len(items))
        yield item
