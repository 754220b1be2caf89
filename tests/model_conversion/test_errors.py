"""What a library raises is repeated to the user in one short line."""

import pytest

from model_conversion.errors import SHOWN, brief, first_line


@pytest.mark.parametrize(
    ("error", "line", "named"),
    [
        (ValueError("a\nb"), "a", "ValueError: a"),
        (ValueError(), "ValueError", "ValueError"),
        (ValueError(""), "ValueError", "ValueError"),
        (ValueError("\nb"), "ValueError", "ValueError"),
        (KeyError("x" * 999), "'" + "x" * (SHOWN - 1), "KeyError: '" + "x" * (SHOWN - 1)),
    ],
    ids=["two lines", "nothing", "empty", "empty first line", "long"],
)
def test_a_message_is_its_first_line_cut_short(error: Exception, line: str, named: str) -> None:
    """One that says nothing is called by its class."""
    assert (first_line(error), brief(error)) == (line, named)
