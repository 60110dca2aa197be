"""One thread for the small products of an analysis, whatever the machine offers.

BLAS shares each product out among its threads, which then wait for each other. For the
products of one particle, some thousand numbers each, that never pays; on a machine
that others keep busy every wait lasts until the scheduler comes round, and a micrograph
took five times as long. Parallelism lies over micrographs and particles instead.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from threadpoolctl import ThreadpoolController

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def single_blas_thread() -> Iterator[None]:
    """Hold BLAS to one thread meanwhile; decorates a function too.

    The threads belong to the whole process. Of several Python threads that come here
    at once threadpoolctl lets the first one rule and put them back.
    """
    # Looked for each time, some ms: SciPy brings a BLAS of its own when first imported.
    with ThreadpoolController().limit(limits=1, user_api="blas"):
        yield
