"""Put the built guide into each wheel, so that the window can open it offline."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from subprocess import run
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

EXTRA = "docs"
"""The extra of the program that builds the guide, and the folder of its sources."""
IN_CHECKOUT = "_build"
IN_WHEEL = "napari_cdse/_guide"


class GuideHook(BuildHookInterface[Any]):
    """Builds the guide: into the wheel, or into the checkout of an editable install."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """Name what builds the guide."""
        return list(self.metadata.core.optional_dependencies[EXTRA])

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the guide before the files are gathered."""
        sources = Path(self.root, EXTRA)
        if version == "editable":
            _build(sources, sources / IN_CHECKOUT)
            return
        self._made = tempfile.TemporaryDirectory()
        guide = Path(self._made.name, "guide")
        _build(sources, guide)
        for file in guide.rglob("*"):
            if file.is_file():
                inside = file.relative_to(guide).as_posix()
                build_data["force_include"][str(file)] = f"{IN_WHEEL}/{inside}"

    def finalize(self, *_ignored: object) -> None:
        """Remove what was built for the wheel."""
        if hasattr(self, "_made"):
            self._made.cleanup()


def _build(sources: Path, guide: Path) -> None:
    with tempfile.TemporaryDirectory() as trees:
        words = ["-q", "-b", "html", "-d", trees]
        run([sys.executable, "-m", "sphinx", *words, sources, guide], check=True)
    # What Sphinx keeps for its own next time.
    for name in (".buildinfo", "objects.inv"):
        (guide / name).unlink(missing_ok=True)
