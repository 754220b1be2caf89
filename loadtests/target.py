"""The address under test: that it is one, and that the model behind it is the one whose answers are known."""

__all__ = ["base_url", "probe"]

import json
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from loadtests.credentials import TOKEN_VARIABLE
from loadtests.errors import InputError

if TYPE_CHECKING:
    from loadtests.credentials import Authorise
    from loadtests.known import KnownAnswers


def base_url(text: str) -> str:
    """Return an address that ``/predictions`` can be put after.

    Raises:
        InputError: It is not an http or https address, or holds more than a host and a path.
    """
    try:
        parts = urlsplit(text)
        usable = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        usable = False
    if not usable or parts.query or parts.fragment or parts.username:
        raise InputError(
            f"the host is {text!r}, wanted a base URL like http://127.0.0.1:8080, as make serve prints"
        )
    return text.rstrip("/")


def probe(url: str, known: "KnownAnswers", *, timeout_s: float, authorise: "Authorise | None" = None) -> None:
    """Ask for one prediction, to learn in time that no test is possible.

    A server error is no reason: whether the service holds is what the test is to find out.

    Args:
        url: Base address; nothing else is contacted, no redirect followed and no proxy used.
        known: The row to send and the version to find.
        timeout_s: How long to wait.
        authorise: Adds what the API wants to see; None adds nothing.

    Raises:
        InputError: Nothing answers, refuses whoever asks, or does not serve this version of this model.
    """
    parts = urlsplit(url)
    connect = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    connection = connect(parts.hostname or "", parts.port, timeout=timeout_s)
    body = json.dumps({"instances": [known.cases[0].row]}).encode()
    headers = {"content-type": "application/json"}
    if authorise is not None:
        headers = authorise(f"{url}/predictions", body, headers)
    try:
        connection.request("POST", f"{parts.path}/predictions", body=body, headers=headers)
        response = connection.getresponse()
        status, answer = response.status, response.read()
    except (OSError, HTTPException, ValueError) as error:
        raise InputError(
            f"nothing answers at {url} ({error or type(error).__name__}); start it with make serve, or give the "
            "address that it prints"
        ) from error
    finally:
        connection.close()
    if status >= 500:
        return
    if status in {401, 403}:
        raise InputError(
            f"{url} refuses with status {status}, wanted 200; "
            "AUTH=iam signs with the environment's AWS credentials, AUTH=bearer sends the token in "
            f"{TOKEN_VARIABLE}"
        )
    if status != 200:
        raise InputError(
            f"POST {url}/predictions answers with status {status}, wanted 200; give the base URL of a deployment of "
            f"the model {known.model}"
        )
    try:
        version = json.loads(answer)["model"]["version"]
    except (ValueError, LookupError, TypeError) as error:
        raise InputError(
            f"what {url}/predictions answers names no model version; give the base URL of a deployment"
        ) from error
    if version != known.version:
        raise InputError(
            f"{url} serves model version {version}, the artefact is version {known.version}; "
            "deploy the artefact, or give the one that is deployed"
        )
