"""The truth that the simulator leaves beside a micrograph, as far as labels need it.

Detection never reads it: see `napari_cdse.simulate` for what else is in there.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from napari_cdse.core.errors import LabelFileError
from napari_cdse.core.records import Circle
from napari_cdse.io.files import read_file

if TYPE_CHECKING:
    from pathlib import Path

_LIMIT_BYTES = 2**24


def unlisted_particles(image: Path) -> tuple[Circle, ...]:
    """Read which particles are in a micrograph but too faint to be in its label file.

    A circle on one of them is no example of ``empty``, and of nothing else.

    Parameters
    ----------
    image : Path
        ``images/STEM.png`` or the like; the truth is ``truth/STEM.json``.

    Returns
    -------
    tuple of Circle
        None of them where no simulator left its truth.

    Raises
    ------
    LabelFileError
        For a damaged file.
    """
    path = image.parent.parent / "truth" / f"{image.stem}.json"
    if not path.is_file():
        return ()
    try:
        record: Any = json.loads(read_file(path, _LIMIT_BYTES, LabelFileError))
        dots = record.get("dots", ())
        return tuple(
            Circle(float(dot["y"]), float(dot["x"]), float(dot["radius_px"]))
            for dot in dots
            if not dot["listed"]
        )
    except (ValueError, TypeError, KeyError, AttributeError) as problem:
        raise LabelFileError(
            f"truth/{path.name} is damaged; remove it, or simulate {image.stem} anew."
        ) from problem
