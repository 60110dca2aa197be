"""Limit BLAS to one thread, for the small matrix products of an analysis.

BLAS divides each product among its threads, which then wait for each other. That never
pays for the products of one particle, with some thousand numbers each; on a machine
busy with other work, waiting made a micrograph take five times as long. Micrographs
and particles are processed in parallel instead.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from threadpoolctl import ThreadpoolController

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def single_blas_thread() -> Iterator[None]:
    """Limit BLAS to one thread; a context manager that also decorates functions.

    The limit holds for the whole process. Where several Python threads are in here at
    once, threadpoolctl lets only the first of them set and restore it.
    """
    # The libraries are searched for each time, which takes some ms, since SciPy loads a
    # BLAS of its own when it is first imported.
    with ThreadpoolController().limit(limits=1, user_api="blas"):
        yield
