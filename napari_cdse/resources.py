"""Where the shipped forest, the sample micrographs and the guide lie.

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
    """Folder of the sample micrographs, in the layout of labelled data.

    Raises
    ------
    CdseError
        If the installation lacks it.
    """
    return _resource("sample_data")


def default_model_path() -> Path:
    """File of the shipped forest."""
    return models_dir() / "cdse.skops"


def network_path() -> Path:
    """File of the shipped U-Net."""
    return models_dir() / "unet.onnx"


def guide_page(name: str = "index") -> Path:
    """File of a page of the guide, to be opened in a browser.

    Parameters
    ----------
    name : str
        Of the page's source in ``docs``, without its ending.

    Raises
    ------
    CdseError
        If it was not built in this checkout, or the installation lacks it.
    """
    for folder in (_PACKAGE / "_guide", _PACKAGE.parent / "docs" / "_build"):
        page = folder / f"{name}.html"
        if page.is_file():
            return page
    raise CdseError(
        "The guide has not been built here; `make docs` builds it, and its pages can "
        "be read in the folder docs as they are."
    )


def _resource(name: str) -> Path:
    for folder in (_PACKAGE / f"_{name}", _PACKAGE.parent / name):
        if folder.is_dir():
            return folder
    raise CdseError(
        f"The folder '{name}' is missing from this installation; "
        "install napari-cdse again."
    )
