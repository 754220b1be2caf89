"""What a person sees while a load test runs, and the files that remain of it."""

__all__ = ["say", "show", "write"]

import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def say(text: str) -> None:
    """Print a line beside the results."""
    print(text, file=sys.stderr, flush=True)


def show(state: str) -> None:
    """Replace the last line of a terminal."""
    if sys.stderr.isatty():
        print(f"\r{state}\x1b[K", end="", file=sys.stderr, flush=True)


def write(path: "Path", text: str) -> None:
    """Write a file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    staged = path.with_name(f".{path.name}.{os.getpid()}")
    staged.write_text(text, encoding="utf-8")
    staged.replace(path)
