"""The limits that hold the process which reads files of others."""

import subprocess
import sys

import pytest

CODE = """
from napari_cdse.io.images.process_limits import limit_memory
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


WAITING = """
import math, signal, time
from napari_cdse.io.images.process_limits import limit_computing
limit_computing({limit})
signal.signal(signal.SIGALRM, lambda *_: print("waited", flush=True))
signal.setitimer(signal.ITIMER_REAL, 1.2)
signal.pause()
started = time.process_time()
while time.process_time() < started + 2.2:
    pass
print("computed")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows knows no such limit")
@pytest.mark.parametrize(
    ("limit", "told"), [("0.1", "waited"), ("math.inf", "waited computed")]
)
def test_a_process_may_wait_but_not_compute_for_longer(limit, told):
    done = subprocess.run(
        [sys.executable, "-c", WAITING.format(limit=limit)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.split() == told.split()
    assert (done.returncode == 0) == ("computed" in told)
