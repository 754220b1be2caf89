"""What a person sees while a load test runs."""

__all__ = ["say", "show"]

import sys


def say(text: str) -> None:
    """Print a line beside the results."""
    print(text, file=sys.stderr, flush=True)


def show(state: str) -> None:
    """Replace the last line of a terminal."""
    if sys.stderr.isatty():
        print(f"\r{state}\x1b[K", end="", file=sys.stderr, flush=True)
