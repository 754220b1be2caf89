"""One HTTP request to the loopback interface, never through a proxy."""

__all__ = ["Answer", "request"]

import urllib.error
import urllib.request
from http.client import HTTPException
from typing import NamedTuple

_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Answer(NamedTuple):
    """What came back.

    Attributes:
        status: HTTP status.
        body: Decoded body.
    """

    status: int
    body: str


def request(url: str, *, body: bytes | None = None, timeout_s: float = 10.0) -> Answer | None:
    """Send GET, or POST of a JSON body.

    Returns:
        The answer whatever its status, or None when nothing answered.
    """
    headers = {} if body is None else {"content-type": "application/json"}
    outgoing = urllib.request.Request(url, data=body, headers=headers)  # noqa: S310 - http, from our own code
    try:
        with _OPENER.open(outgoing, timeout=timeout_s) as incoming:
            return Answer(incoming.status, incoming.read().decode(errors="replace"))
    except urllib.error.HTTPError as error:
        with error:
            return Answer(error.code, error.read().decode(errors="replace"))
    except (OSError, HTTPException):
        return None
