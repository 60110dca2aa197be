"""Names of the formats in which circles and classes can be exported."""

from typing import Literal, get_args

FormatName = Literal["coco", "yolo", "imagej", "napari"]
"""What else than label files and tables can be written."""
FORMATS: tuple[FormatName, ...] = get_args(FormatName)
FORMAT_TITLES: dict[FormatName, str] = {
    "coco": "COCO JSON",
    "yolo": "YOLO labels",
    "imagej": "ImageJ regions",
    "napari": "napari layers",
}
SUFFIXES = (".csv", ".json", ".roi", ".txt", ".zip")
"""Of files that may hold annotations."""
LABELS_FOLDER = "labels"
"""Of label files, ours and those of YOLO."""
