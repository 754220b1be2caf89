"""Numbers of a command line, refused in one sentence."""

__all__ = ["above_one", "count", "positive", "share"]

import argparse


def count(text: str) -> int:
    """Read a whole number of at least 1."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is below 1")
    return number


def positive(text: str) -> float:
    """Read a finite number above 0."""
    number = float(text)
    if not 0 < number < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is not a finite number above 0")
    return number


def above_one(text: str) -> float:
    """Read a finite number above 1."""
    number = positive(text)
    if number <= 1:
        raise argparse.ArgumentTypeError(f"{text} is not above 1")
    return number


def share(text: str) -> float:
    """Read a number from 0 to 1."""
    number = float(text)
    if not 0 <= number <= 1:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and 1")
    return number
