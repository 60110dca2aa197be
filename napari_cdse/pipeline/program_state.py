"""Digest of program and libraries, so that only the same ones share results."""

from __future__ import annotations

import hashlib
import platform
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import napari_cdse

_LIBRARIES = (
    "numpy",
    "scipy",
    "scikit-image",
    "pillow",
    "tifffile",
    "imagecodecs",
    "rosettasciio",
    "h5py",
    "onnxruntime",
)
"""What reads pixels and computes with them."""
_FOLDERS = ("core", "io", "pipeline")
"""Of the package: what lies between a file and its particles."""


@cache
def program_state() -> str:
    """Digest of version, code, network and libraries, the same in a run's processes.

    The code itself counts, not its version alone: whoever changes it gets what the
    changed one finds.
    """
    digest = hashlib.sha256(napari_cdse.__version__.encode())
    digest.update(platform.python_version().encode())
    for library in _LIBRARIES:
        try:
            digest.update(f"{library} {version(library)};".encode())
        except PackageNotFoundError:
            digest.update(f"no {library};".encode())
    package = Path(napari_cdse.__file__).parent
    for folder in _FOLDERS:
        for path in sorted((package / folder).rglob("*.py")):
            digest.update(path.relative_to(package).as_posix().encode())
            digest.update(path.read_bytes())
    for models in (package / "_models", package.parent / "models"):
        for path in sorted(models.glob("*.onnx")):
            digest.update(path.read_bytes())
    return digest.hexdigest()
