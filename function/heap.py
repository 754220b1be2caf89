"""The process's heap, made ready for what loading a model does to it.

onnxruntime builds a model's trees in lists that grow by being copied, and frees most of them again: 20,000 pages for
a forest of 1 MB, and half of the time to load it is the kernel handing them out one by one.
"""

__all__ = ["prepare_heap"]

from contextlib import suppress
from ctypes import CDLL, c_ssize_t, c_void_p
from functools import cache

_HEAP_BYTES = 128 << 20
"""Addresses, not memory: what is not used is never touched."""

_SETTINGS = {-1: 512 << 20, -2: _HEAP_BYTES, -3: 32 << 20}
"""M_TRIM_THRESHOLD, M_TOP_PAD and M_MMAP_THRESHOLD, bytes: what is freed is used again instead of given back.
Source: mallopt(3); glibc takes no larger M_MMAP_THRESHOLD."""

_HUGEPAGE = 14
"""MADV_HUGEPAGE. Source: madvise(2); a kernel that knows none refuses, and nothing is lost."""

_PAGE_BYTES = 4096


@cache
def prepare_heap() -> None:
    """Let the heap keep what is freed, grow in one step, and take pages of 2 MB where the kernel has them.

    Once is enough. Nothing happens with another C library than glibc.
    """
    with suppress(AttributeError):
        c = CDLL(None)
        for parameter, size in _SETTINGS.items():
            c.mallopt(parameter, size)
        c.malloc.restype = c.sbrk.restype = c_void_p
        c.sbrk.argtypes, c.free.argtypes = (c_ssize_t,), (c_void_p,)
        c.madvise.argtypes = (c_void_p, c_void_p, c_ssize_t)
        start = -(-c.sbrk(0) // _PAGE_BYTES) * _PAGE_BYTES
        c.free(c.malloc(_HEAP_BYTES // 16))  # less than M_MMAP_THRESHOLD, so the heap grows
        c.madvise(start, c.sbrk(0) - start, _HUGEPAGE)
