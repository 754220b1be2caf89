"""Folders whose bytes follow from their contents: compiled, stamped, digested, zipped, put in place whole.

Image and zip builders rewrite dates. Bytecode that trusts dates would then be stale and compiled again at
every cold start, so it is compiled to be trusted as it is (PEP 552, ``unchecked-hash``), under the paths that
it has on Lambda.
"""

__all__ = ["BundleError", "compile_bytecode", "digest", "files", "replacing", "stamp", "write_zip"]

import errno
import hashlib
import os
import subprocess
import sys
import zipfile
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from function.errors import NightjarError

if TYPE_CHECKING:
    from collections.abc import Iterator

TASK_ROOT = "/var/task"
"""Where Lambda unpacks a bundle. Source: Lambda Developer Guide, ``LAMBDA_TASK_ROOT``."""

_EPOCH_S = 315_532_800
"""1980-01-01, the first date that a zip can hold."""
_ZIP_DATE = (1980, 1, 1, 0, 0, 0)
_FILE_MODE = 0o644
_FOLDER_MODE = 0o755


class BundleError(NightjarError):
    """The bundle cannot be built or is not one."""


def files(tree: Path) -> list[Path]:
    """Return every file of a tree, in the order of its path within it."""
    found = [path for path in tree.rglob("*") if path.is_file()]
    return sorted(found, key=lambda path: path.relative_to(tree).as_posix())


def compile_bytecode(folder: Path, *, root: Path) -> None:
    """Compile every module of a folder for the interpreter that runs this.

    A process of its own, because bytecode also depends on what its compiler has seen before.

    Args:
        folder: What to compile, in or at ``root``.
        root: What becomes ``/var/task``.

    Raises:
        BundleError: A module does not compile.
    """
    env = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    command = [sys.executable, "-P", "-s", "-S", "-m", "compileall", "-q", "-f"]
    command += ["--invalidation-mode", "unchecked-hash", "-s", str(root), "-p", TASK_ROOT, str(folder)]
    done = subprocess.run(command, env={**env, "PYTHONHASHSEED": "0"}, capture_output=True, text=True)
    if done.returncode:
        output = [line.strip() for line in (done.stdout + done.stderr).splitlines() if line.strip()]
        raise BundleError(f"a module does not compile: {' '.join(output)}")


def stamp(tree: Path) -> None:
    """Give every file and folder the same date and the same permissions on every machine."""
    for folder, _, names in tree.walk(top_down=False):
        for name in names:
            (folder / name).chmod(_FILE_MODE)
            os.utime(folder / name, (_EPOCH_S, _EPOCH_S))
        folder.chmod(_FOLDER_MODE)
        os.utime(folder, (_EPOCH_S, _EPOCH_S))


def digest(tree: Path) -> str:
    """Return the SHA-256, lower-case hex, over every file's path and contents."""
    result = hashlib.sha256()
    for path in files(tree):
        with path.open("rb") as file:
            contents = hashlib.file_digest(file, "sha256").hexdigest()
        result.update(f"{path.relative_to(tree).as_posix()}\0{contents}\n".encode())
    return result.hexdigest()


def write_zip(tree: Path, path: Path) -> None:
    """Write a tree as a zip, whole or not at all; the same tree gives the same bytes with the same zlib.

    Raises:
        BundleError: The tree is missing or empty.
    """
    members = files(tree)
    if not members:
        raise BundleError(f"{tree} holds no file, wanted a bundle; run `make bundle`")
    path.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=f".{path.name}-", dir=path.parent) as scratch:
        unfinished = Path(scratch) / path.name
        with zipfile.ZipFile(unfinished, "w") as archive:
            for member in members:
                entry = zipfile.ZipInfo(member.relative_to(tree).as_posix(), _ZIP_DATE)
                entry.compress_type = zipfile.ZIP_DEFLATED
                entry.create_system = 3  # Unix: the permissions count
                entry.external_attr = (0o100000 | _FILE_MODE) << 16
                archive.writestr(entry, member.read_bytes())
        unfinished.replace(path)


@contextmanager
def replacing(target: Path) -> "Iterator[Path]":
    """Give an empty folder that takes the target's place if the block ends well.

    Otherwise the target stays as it was. Either way nothing else is left behind.

    Args:
        target: A folder to replace, or a free name.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=f".{target.name}-", dir=target.parent) as scratch:
        staged = Path(scratch) / "new"
        staged.mkdir()
        yield staged
        for attempt in count():
            try:
                _exchange(staged, target, retired=Path(scratch) / f"old-{attempt}")
            except OSError as error:
                # Somebody else put theirs there in between; the last one wins.
                if error.errno not in {errno.ENOTEMPTY, errno.EEXIST}:
                    raise
            else:
                break


def _exchange(staged: Path, target: Path, *, retired: Path) -> None:
    with suppress(FileNotFoundError):
        target.rename(retired)
    try:
        staged.rename(target)
    except BaseException:
        with suppress(OSError):
            retired.rename(target)
        raise
