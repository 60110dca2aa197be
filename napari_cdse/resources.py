"""Where the shipped forest and the sample micrographs lie.

A wheel carries them inside the package; a checkout and an editable install have them
at the top of the repository.
"""

from __future__ import annotations

from pathlib import Path

from napari_cdse.core.errors import CdseError

_PACKAGE = Path(__file__).resolve().parent


def models_dir() -> Path:
    """Folder of the shipped forest.

    Raises
    ------
    CdseError
        If the installation lacks it.
    """
    return _resource("models")


def sample_data_dir() -> Path:
    """Folder of the sample micrographs, in the origin's layout.

    Raises
    ------
    CdseError
        If the installation lacks it.
    """
    return _resource("sample_data")


def default_model_path() -> Path:
    """File of the shipped forest."""
    return models_dir() / "cdse.skops"


def _resource(name: str) -> Path:
    for folder in (_PACKAGE / f"_{name}", _PACKAGE.parent / name):
        if folder.is_dir():
            return folder
    raise CdseError(
        f"The folder '{name}' is missing from this installation; "
        "install napari-cdse again."
    )
