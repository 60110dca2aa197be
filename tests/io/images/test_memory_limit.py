"""The limit that holds the process which reads files of others."""

import subprocess
import sys

import pytest

CODE = """
from napari_cdse.io.images.memory_limit import limit_memory
limit_memory(2**26)
held = bytearray(2**25)
try:
    bytearray(2**28)
except MemoryError:
    print("held back")
limit_memory(2**29)
bytearray(2**28)
print("let go")
"""


@pytest.mark.skipif(sys.platform == "darwin", reason="a Mac knows no such limit")
def test_what_goes_beyond_the_limit_is_held_back_and_the_limit_can_be_raised():
    done = subprocess.run(
        [sys.executable, "-c", CODE], capture_output=True, text=True, check=True
    )
    assert done.stdout.split("\n")[:2] == ["held back", "let go"]
