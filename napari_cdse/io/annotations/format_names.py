"""Names of the formats in which circles and classes can be exported."""

from typing import Literal, get_args

FormatName = Literal["coco", "yolo", "imagej", "napari"]
"""Formats that can be written besides label files and tables."""
FORMATS: tuple[FormatName, ...] = get_args(FormatName)
FORMAT_TITLES: dict[FormatName, str] = {
    "coco": "COCO JSON",
    "yolo": "YOLO labels",
    "imagej": "ImageJ regions",
    "napari": "napari layers",
}
SUFFIXES = (".csv", ".json", ".roi", ".txt", ".zip")
"""Suffixes of files that may hold annotations."""
LABELS_FOLDER = "labels"
"""Name of a folder of label files, of this program's and of YOLO's."""
