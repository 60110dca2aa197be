"""Write simulated micrographs as labelled data, with truth files beside them.

::

    DIR/images/STEM.png        8 bit, no pixel size
    DIR/tiff/STEM.tif          32 bit, calibrated in nm as ImageJ does
    DIR/text_files/STEM.txt    listed particles only
    DIR/masks/STEM.png         numbers of the dots
    DIR/truth/STEM.json        written last: a micrograph that has it is complete
"""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

import tifffile
from PIL import Image

from napari_cdse.core.errors import CdseError
from napari_cdse.io.files import MALFORMED, make_folder, read_file, write_file
from napari_cdse.io.labels.label_file import write_label_file
from napari_cdse.simulate.truth import circle_of

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_cdse.simulate.micrograph import Simulated
    from napari_cdse.simulate.params import Preset

FOLDERS = ("images", "tiff", "text_files", "masks", "truth")
_LIMIT_BYTES = 2**24
"""Largest truth file that is read. Chosen."""


def make_folders(out: Path) -> None:
    """Create the folders of a series.

    Raises
    ------
    CdseError
        If they cannot be created.
    """
    for name in FOLDERS:
        make_folder(out / name, CdseError)


def write_micrograph(out: Path, simulated: Simulated) -> None:
    """Write the files of one micrograph, each atomically, the truth last.

    Parameters
    ----------
    out : Path
        Folder of the series.
    simulated : Simulated
        The micrograph.

    Raises
    ------
    CdseError, LabelFileError
        If a file cannot be written.
    """
    record = simulated.record
    stem, shape = record["name"], simulated.gray.shape
    write_file(out / f"images/{stem}.png", _png(simulated.gray), CdseError)
    write_file(out / f"masks/{stem}.png", _png(simulated.mask), CdseError)
    data = _tiff(simulated.contrast, record["pixel_size_nm"])
    write_file(out / f"tiff/{stem}.tif", data, CdseError)
    listed = [dot for dot in record["dots"] if dot["listed"]]
    write_label_file(
        out / f"text_files/{stem}.txt",
        [circle_of(dot) for dot in listed],
        [dot["label"] for dot in listed],
        (shape[0], shape[1]),
    )
    text = json.dumps(record, indent=1, allow_nan=False)
    write_file(out / f"truth/{stem}.json", text.encode(), CdseError)


def is_finished(out: Path, stem: str, preset: Preset) -> bool:
    """Whether a micrograph exists, simulated with the same parameters.

    Parameters
    ----------
    out : Path
        Folder of the series.
    stem : str
        Name of the micrograph.
    preset : Preset
        The parameters.

    Raises
    ------
    CdseError
        If it exists with other parameters, or its truth file is damaged.
    """
    path = out / "truth" / f"{stem}.json"
    if not path.exists():
        return False
    try:
        record = json.loads(read_file(path, _LIMIT_BYTES, CdseError))
        parameters = record["parameters"]
    except MALFORMED as problem:
        raise CdseError(
            f"truth/{path.name} is damaged; remove it, and it is made again."
        ) from problem
    if parameters != _as_json(preset):
        raise CdseError(
            f"{stem} was made with other parameters; choose another folder or "
            "another name for the preset."
        )
    return True


def _as_json(preset: Preset) -> Any:
    """Return parameters as they are read from JSON, with lists instead of tuples."""
    return json.loads(json.dumps(preset.as_dict()))


def _png(image: NDArray[Any]) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def _tiff(image: NDArray[Any], pixel_size_nm: float) -> bytes:
    buffer = io.BytesIO()
    per_nm = 1 / pixel_size_nm
    tifffile.imwrite(
        buffer,
        image,
        imagej=True,
        resolution=(per_nm, per_nm),
        metadata={"unit": "nm", "axes": "YX"},
    )
    return buffer.getvalue()
