"""What the application holds, by name; `tests/test_bundle_contents.py` checks it.

PyInstaller follows the imports it reads in the code. What is loaded by its name while
the program runs, and what is no code, stands here.
"""

from __future__ import annotations

NAME = "napari-cdse"

BY_NAME = (
    # Our commands, docks and widgets.
    "napari_cdse",
    # napari's layers, panels and its own plugins.
    "napari",
    "napari_builtins",
    "napari_svg",
    "napari_console",
    "vispy.app.backends",
    "vispy.visuals",
    # Formats of microscopes, codecs of TIFF.
    "rsciio",
    "imagecodecs",
    # Its processes of the pool are started by the name of a module.
    "joblib.externals.loky",
    # The widgets of forms, by type.
    "magicgui",
    "magicgui.backends",
    "superqt",
)
"""Packages of which every module is taken, but for tests."""

FIGURES = ("pdf", "ps", "svg")
"""Kinds of figure; Matplotlib loads what writes each by its name."""

DATA = (
    "napari_cdse",
    "napari",
    "napari_builtins",
    "napari_svg",
    "napari_console",
    "napari_resources",
    "vispy",
    "rsciio",
    "superqt",
    "app_model",
    "npe2",
)
"""Packages whose files beside the code are taken: manifests, icons, shaders."""

LEFT_OUT = (
    "IPython.testing",
    "PyInstaller",
    # `napari-cdse simulate` asks for Python.
    "abtem",
    "ase",
    # Of Sphinx, of fsspec and of pandas, for what the program never asks of them.
    "aiohttp",
    "babel",
    "sqlalchemy",
    "hypothesis",
    "mypy",
    # napari does without; with it come 200 MB.
    "numba",
    "llvmlite",
    "pycocotools",
    "pytest",
    "sphinx",
    "tkinter",
    "torch",
)
"""Packages that are not taken though something names them."""

RESOURCES = {
    "models/cdse.json": "_models",
    "models/cdse.skops": "_models",
    "models/unet.json": "_models",
    "models/unet.onnx": "_models",
    "sample_data/sample.cdse": "_sample_data",
    "sample_data/images": "_sample_data/images",
    "sample_data/text_files": "_sample_data/text_files",
    "docs/_build": "_guide",
}
"""Files and folders of the repository, and where in the package they lie."""


def is_wanted(module: str) -> bool:
    """Whether a module is for users: no tests."""
    return not {"tests", "_tests", "conftest", "_testsupport"} & set(module.split("."))
