"""What a command imports before its first pixel, against a bare ``import numpy``."""

import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator

from tests.benchmarks.measuring import Row, keeps_compiled

TITLE = "start (processor time over that of `import numpy`)"
_ROUNDS = 7
_BARE = "import numpy"
_STARTS = {
    "napari-cdse --help": ("import napari_cdse.cli as c; c.build_parser(())", 3.0),
    "predict": (
        "import napari_cdse.cli.predict, napari_cdse.pipeline.analysis, "
        "napari_cdse.io.models.model_file",
        8.0,
    ),
}
"""What to import, and how many times a bare numpy it may take."""


def rows(quick: bool) -> Iterator[Row]:
    """Start each in turn with the bare one."""
    rounds = 3 if quick else _ROUNDS
    with tempfile.TemporaryDirectory() as compiled:
        for name, (code, limit) in _STARTS.items():
            # The first of each compiles, and brings the files into memory.
            for each in (code, _BARE):
                _processor_s(each, compiled)
            pairs = [
                (_processor_s(code, compiled), _processor_s(_BARE, compiled))
                for _ in range(rounds)
            ]
            yield Row(
                name,
                seconds=statistics.median(ours for ours, _ in pairs),
                value=statistics.median(ours / bare for ours, bare in pairs),
                limit=limit,
            )


def _processor_s(code: str, compiled: str) -> float:
    before = os.times()
    command = [sys.executable, "-c", code]
    subprocess.run(command, check=True, env=keeps_compiled(compiled))
    after = os.times()
    return (
        after.children_user
        + after.children_system
        - before.children_user
        - before.children_system
    )
