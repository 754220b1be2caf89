"""Files written whole or not at all: the artefact's folder, and single ones beside it."""

__all__ = ["PAGE_FILE", "REPORT_FILE", "check_destination", "write_artefact", "write_file"]

import tempfile
from pathlib import Path

from function.contract import CONTRACT_FILE, MODEL_FILE
from model_conversion.errors import InputError

REPORT_FILE = "report.json"
PAGE_FILE = "report.html"
FILES = {CONTRACT_FILE, MODEL_FILE, REPORT_FILE, PAGE_FILE}


def check_destination(folder: Path) -> None:
    """Refuse a destination that holds anything but an earlier artefact, before any work is done.

    Raises:
        InputError: It is a file, or a folder with other files in it.
    """
    if folder.exists() and not folder.is_dir():
        raise InputError(
            f"{folder} is a file, wanted a new folder or an earlier artefact's; give another --out"
        )
    foreign = sorted(p.name for p in folder.iterdir() if p.name not in FILES) if folder.exists() else []
    if foreign:
        raise InputError(
            f"{folder} holds {foreign[0]!r}, which is no part of an artefact; give another --out"
        )


def write_artefact(folder: Path, files: dict[str, bytes]) -> None:
    """Write files beside the destination, then move them there in one rename.

    An earlier artefact is replaced; when anything fails before the rename it stays as it was.

    Raises:
        InputError: The destination cannot be written.
    """
    check_destination(folder)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent) as scratch:
            fresh = Path(scratch, "fresh")
            fresh.mkdir()
            for name, content in files.items():
                (fresh / name).write_bytes(content)
            if folder.exists():
                folder.rename(Path(scratch, "old"))
            try:
                fresh.rename(folder)
            except OSError:
                if Path(scratch, "old").exists():
                    Path(scratch, "old").rename(folder)
                raise
    except OSError as error:
        raise InputError(f"cannot write {folder}: {error.strerror or error}; give another --out") from error


def write_file(path: Path, text: str) -> None:
    """Write a text file beside its destination, then move it there.

    Raises:
        InputError: The destination cannot be written.
    """
    try:
        with tempfile.TemporaryDirectory(prefix=f".{path.name}-", dir=path.parent) as scratch:
            fresh = Path(scratch, "fresh")
            fresh.write_text(text, encoding="utf-8")
            fresh.replace(path)
    except OSError as error:
        raise InputError(f"cannot write {path}: {error.strerror or error}; give another --out") from error
