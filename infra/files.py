"""Files that are written whole or not at all: beside their place, and then renamed."""

__all__ = ["write_whole"]

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def write_whole(path: "Path", content: str | bytes) -> "Path":
    """Write a file, and its folder if there is none; return its path.

    Args:
        path: An older file there is replaced, or stays as it was when this fails.
        content: A text is written as UTF-8.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    staged = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        staged.write_bytes(content.encode() if isinstance(content, str) else content)
        return staged.replace(path)
    finally:
        staged.unlink(missing_ok=True)
