"""Only a base URL is one."""

import pytest

from loadtests.errors import InputError
from loadtests.target import base_url


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        (
            "http://127.0.0.1:8080/_aws/execute-api/ab/$default/",
            "http://127.0.0.1:8080/_aws/execute-api/ab/$default",
        ),
        (
            "https://ab.execute-api.eu-central-1.amazonaws.com",
            "https://ab.execute-api.eu-central-1.amazonaws.com",
        ),
    ],
)
def test_a_base_url_is_taken_as_it_is(text: str, url: str) -> None:
    """But for a slash at its end."""
    assert base_url(text) == url


@pytest.mark.parametrize(
    "text",
    [
        "",
        "my-machine",
        "127.0.0.1:8080",
        "ftp://a",
        "http://",
        "http://a:x",
        "http://a?b=c",
        "http://a#b",
        "http://u:p@a",
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    """The host's name that some shells export as HOST, too."""
    with pytest.raises(InputError, match="wanted a base URL"):
        base_url(text)
