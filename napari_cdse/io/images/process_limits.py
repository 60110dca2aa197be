"""Limit the memory and computing time of the current process.

Used by `napari_cdse.io.images.rosetta_helper`, which reads untrusted files with a
library that may loop or fill the memory on damaged ones.
"""

from __future__ import annotations

import ctypes
import math
import sys
from pathlib import Path

_OWN_BYTES = 2**30
"""Memory of the process with its libraries, where the system does not report it.
Chosen."""


def limit_memory(more_bytes: int) -> None:
    """Limit the memory that this process may allocate from now on.

    Further allocations raise `MemoryError`. Files mapped for reading do not count.
    macOS has no such limit; there nothing happens.

    Parameters
    ----------
    more_bytes : int
        Beyond what is allocated now.
    """
    if sys.platform == "win32":
        _limit_job(_OWN_BYTES + more_bytes)
    elif sys.platform == "linux":
        import resource

        ceiling = resource.getrlimit(resource.RLIMIT_DATA)[1]
        limits = (_data_bytes() + more_bytes, ceiling)
        resource.setrlimit(resource.RLIMIT_DATA, limits)


def limit_computing(more_seconds: float) -> None:
    """Limit the processor time of this process; it is ended when that is used up.

    Time spent waiting, for a disk or for other processes, does not count. On Windows
    nothing happens.

    Parameters
    ----------
    more_seconds : float
        Beyond the time used so far; infinity lifts the limit.
    """
    if sys.platform == "win32":
        return
    import resource

    ceiling = resource.getrlimit(resource.RLIMIT_CPU)[1]
    limit = ceiling
    if math.isfinite(more_seconds):
        used = resource.getrusage(resource.RUSAGE_SELF)
        limit = math.ceil(used.ru_utime + used.ru_stime + more_seconds)
        if ceiling != resource.RLIM_INFINITY:
            limit = min(limit, ceiling)
    # The signal of this limit would otherwise write the whole memory to a core file.
    core = resource.getrlimit(resource.RLIMIT_CORE)[1]
    resource.setrlimit(resource.RLIMIT_CORE, (0, core))
    resource.setrlimit(resource.RLIMIT_CPU, (limit, ceiling))


def _data_bytes() -> int:
    """Return the writable memory of this process in bytes, as RLIMIT_DATA counts it."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmData:"):
            return int(line.split()[1]) * 1024
    return _OWN_BYTES


class _BasicLimits(ctypes.Structure):
    """JOBOBJECT_BASIC_LIMIT_INFORMATION of Windows."""

    _fields_ = (
        ("process_time", ctypes.c_int64),
        ("job_time", ctypes.c_int64),
        ("flags", ctypes.c_uint32),
        ("least_working_set", ctypes.c_size_t),
        ("most_working_set", ctypes.c_size_t),
        ("processes", ctypes.c_uint32),
        ("affinity", ctypes.c_size_t),
        ("priority", ctypes.c_uint32),
        ("scheduling", ctypes.c_uint32),
    )


class _ExtendedLimits(ctypes.Structure):
    """JOBOBJECT_EXTENDED_LIMIT_INFORMATION of Windows."""

    _fields_ = (
        ("basic", _BasicLimits),
        ("io_counters", ctypes.c_uint64 * 6),
        ("process_memory", ctypes.c_size_t),
        ("job_memory", ctypes.c_size_t),
        ("peak_process_memory", ctypes.c_size_t),
        ("peak_job_memory", ctypes.c_size_t),
    )


_PROCESS_MEMORY = 0x100  # JOB_OBJECT_LIMIT_PROCESS_MEMORY
_EXTENDED = 9  # JobObjectExtendedLimitInformation
_jobs: list[int] = []
"""Handle of the job object that this process was put in, or nothing."""


def _limit_job(most_bytes: int) -> None:
    """Put this process in a job object of its own, once, and set the job's limit."""
    if sys.platform != "win32":
        return
    kernel = ctypes.WinDLL("kernel32", use_last_error=True)
    kernel.CreateJobObjectW.restype = ctypes.c_void_p
    kernel.GetCurrentProcess.restype = ctypes.c_void_p
    if not _jobs:
        job = kernel.CreateJobObjectW(None, None)
        own = ctypes.c_void_p(kernel.GetCurrentProcess())
        if not job or not kernel.AssignProcessToJobObject(ctypes.c_void_p(job), own):
            return
        _jobs.append(job)
    limits = _ExtendedLimits()
    limits.basic.flags = _PROCESS_MEMORY
    limits.process_memory = most_bytes
    kernel.SetInformationJobObject(
        ctypes.c_void_p(_jobs[0]),
        _EXTENDED,
        ctypes.byref(limits),
        ctypes.sizeof(limits),
    )
