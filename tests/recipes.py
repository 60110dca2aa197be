"""The code that CONTRIBUTING.md shows, by the file that it belongs to."""

import re
import sys
from pathlib import Path
from types import ModuleType

CONTRIBUTING = Path(__file__).parents[1] / "CONTRIBUTING.md"
_BLOCK = re.compile(r"`(napari_cdse/[\w/.]+)`[^`]*?:\n\n```(\w+)\n(.*?)```", re.DOTALL)


def recipe(path: str, language: str = "python") -> str:
    """Return the code that is shown for a file."""
    text = CONTRIBUTING.read_text("utf-8")
    (code,) = (
        code
        for where, spoken, code in _BLOCK.findall(text)
        if (where, spoken) == (path, language)
    )
    return code


def module_of(path: str, monkeypatch) -> ModuleType:
    """Make the module of a recipe, importable until the test ends."""
    name = path.removesuffix(".py").replace("/", ".")
    module = ModuleType(name)
    exec(compile(recipe(path), path, "exec"), module.__dict__)
    monkeypatch.setitem(sys.modules, name, module)
    return module
