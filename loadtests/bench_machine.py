"""The machine that measures: what it is, a share of a core as Lambda gives it, and an empty page cache."""

__all__ = ["CORE_MB", "Quota", "describe", "drop_page_cache", "quota"]

import os
import platform
import sysconfig
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from loadtests.bench_results import Machine

if TYPE_CHECKING:
    from collections.abc import Iterator

CORE_MB = 1769
"""Lambda memory that comes with one core. Source: "Configure Lambda function memory", Lambda Developer Guide."""

PERIOD_US = 20_000
"""How often the share is dealt out; Lambda's own period is not documented."""

CGROUP = Path("/sys/fs/cgroup")
DROP = Path("/proc/sys/vm/drop_caches")


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """A control group with a limit.

    Attributes:
        procs: File that takes the id of a process to limit.
    """

    procs: Path

    def wrap(self, command: list[str]) -> list[str]:
        """Return a command that enters the group and then becomes the given one."""
        return ["/bin/sh", "-c", 'echo $$ > "$0" && exec "$@"', str(self.procs), *command]


@contextmanager
def quota(memory_mb: int, *, root: Path = CGROUP) -> "Iterator[Quota]":
    """Make a control group with memory/1769 of a core, and remove it.

    Args:
        memory_mb: Lambda memory.
        root: Where control groups are mounted.

    Raises:
        OSError: There is no such controller, or it is not ours to use; the message says why.
    """
    limit_us = PERIOD_US * memory_mb // CORE_MB
    if "cpu" in _text(root / "cgroup.controllers").split():  # version 2
        group = root / f"nightjar-bench-{os.getpid()}"
        files = {"cpu.max": f"{limit_us} {PERIOD_US}"}
        with suppress(OSError):
            (root / "cgroup.subtree_control").write_text("+cpu")
    elif (root / "cpu/cpu.cfs_quota_us").is_file():  # version 1: the same scheduler's limit
        group = root / f"cpu/nightjar-bench-{os.getpid()}"
        files = {"cpu.cfs_period_us": str(PERIOD_US), "cpu.cfs_quota_us": str(limit_us)}
    else:
        raise OSError(f"{root} has no cpu controller")
    group.mkdir()
    try:
        for name, content in files.items():
            (group / name).write_text(content)
        yield Quota(procs=group / "cgroup.procs")
    finally:
        group.rmdir()


def drop_page_cache() -> None:
    """Make the next reads come from the disk.

    Raises:
        OSError: Not permitted here.
    """
    os.sync()  # only clean pages can go
    DROP.write_text("1")


def describe() -> Machine:
    """Return what this machine is."""
    options = sysconfig.get_config_var("CONFIG_ARGS") or ""
    built = "profile-guided" if "--enable-optimizations" in options else "not profile-guided"
    return Machine(
        cpu=_cpu(),
        cores=os.process_cpu_count() or 1,
        kernel=platform.release(),
        python=f"{platform.python_version()}, {built}",
    )


def _cpu() -> str:
    for line in _text(Path("/proc/cpuinfo")).splitlines():
        name, _, value = line.partition(":")
        if name.strip() == "model name":
            return value.strip()
    return platform.processor() or platform.machine()


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""
