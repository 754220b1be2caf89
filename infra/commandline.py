"""How every command line here introduces itself, reads numbers and refuses: the module's docstring is its help.

A docstring says what the command does, has a paragraph that begins with ``Exit codes:``, and ends with
``Example:`` and a command that can be copied.
"""

__all__ = ["parser_of", "positive", "refuse", "share", "whole_number"]

import argparse
import sys
from collections.abc import Callable
from textwrap import fill, indent

WIDTH = 78
"""Characters of a line of help: a terminal's 80, less the two that argparse keeps free."""


def parser_of(module: str, document: str | None) -> argparse.ArgumentParser:
    """Return a parser without options.

    Args:
        module: What stands behind ``python -m``.
        document: The module's docstring.
    """
    text, _, example = (document or "").replace("``", "").partition("Example:\n")
    paragraphs = [" ".join(paragraph.split()) for paragraph in text.strip().split("\n\n")]
    codes = [item for item in paragraphs if item.startswith("Exit codes:")]
    about = [item for item in paragraphs if item not in codes]
    lines = [line.strip() for line in example.strip().splitlines()]
    return argparse.ArgumentParser(
        prog=f"python -m {module}",
        description="\n\n".join(fill(item, WIDTH) for item in about),
        epilog="\n\n".join(
            [
                "example:\n" + indent("\n".join(lines), "  "),
                *(fill(item.replace("Exit codes:", "exit codes:"), WIDTH) for item in codes),
            ]
        ),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,  # a script that says --out must mean --out when there are two such options
    )


def refuse(error: object) -> None:
    """Say on standard error why nothing was done, in the words of every command."""
    print(f"error: {error}", file=sys.stderr)


def whole_number(lowest: int, highest: int | None = None) -> Callable[[str], int]:
    """Return a reader of an option's whole number, for argparse's ``type``.

    Args:
        lowest: Smallest number that is taken.
        highest: Largest; None: any.
    """

    def read(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            number = lowest - 1
        if number < lowest or (highest is not None and number > highest):
            wanted = f"from {lowest} to {highest}" if highest is not None else f"of at least {lowest}"
            raise argparse.ArgumentTypeError(f"{text!r} is no whole number {wanted}")
        return number

    return read


def positive(text: str) -> float:
    """Read an option's finite number above 0, for argparse's ``type``."""
    number = _number(text)
    if not 0 < number < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r}, wanted a number above 0")
    return number


def share(text: str) -> float:
    """Read an option's number from 0 to 1, for argparse's ``type``."""
    number = _number(text)
    if not 0 <= number <= 1:
        raise argparse.ArgumentTypeError(f"{text!r}, wanted a share from 0 to 1")
    return number


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r}, wanted a number") from None
