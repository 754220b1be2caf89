"""What a protected stage wants to see: a signature of AWS, or a token.

Both come from the environment, never from the command line, which other people of the machine can read; and
neither is sent over http to another machine.
"""

__all__ = ["TOKEN_VARIABLE", "Auth", "Authorise", "authoriser", "resolved"]

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

import botocore.session
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import BotoCoreError

from loadtests.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

type Auth = Literal["none", "iam", "bearer"]
type Authorise = Callable[[str, bytes, dict[str, str]], dict[str, str]]
"""Address, body and headers of a POST → its headers, with what authorises it."""

TOKEN_VARIABLE = "NIGHTJAR_TOKEN"  # noqa: S105 - the name of one
"""Environment variable with the bearer token."""

_API_HOST = re.compile(r"[a-z0-9]+\.execute-api\.([a-z0-9-]+)\.amazonaws\.com(\.cn)?")
_LOOPBACK = {"127.0.0.1", "::1", "localhost"}


def resolved(auth: Auth, env: "Mapping[str, str]") -> dict[str, str]:
    """Return environment variables with the AWS credentials that a person has, from wherever botocore finds them.

    The process that sends has another home folder, in which it would find none.

    Raises:
        InputError: There are none.
    """
    if auth != "iam":
        return {}
    session = botocore.session.Session()
    try:
        found = session.get_credentials()
        frozen = None if found is None else found.get_frozen_credentials()
        region = session.get_config_variable("region")
    except BotoCoreError as error:
        raise InputError(f"the AWS credentials cannot be used: {error}") from error
    if frozen is None:
        raise InputError(
            "there are no AWS credentials in the environment; set AWS_PROFILE, or AWS_ACCESS_KEY_ID and "
            "AWS_SECRET_ACCESS_KEY"
        )
    values = {
        "AWS_ACCESS_KEY_ID": frozen.access_key,
        "AWS_SECRET_ACCESS_KEY": frozen.secret_key,
        "AWS_SESSION_TOKEN": frozen.token or "",
        "AWS_REGION": env.get("AWS_REGION") or region or "",
    }
    return {name: value for name, value in values.items() if value}


def authoriser(auth: Auth, *, url: str, env: "Mapping[str, str]") -> Authorise:
    """Return what authorises requests.

    Args:
        auth: How.
        url: Base address of the API.
        env: Holds the token, or AWS credentials as :func:`resolved` gives them.

    Raises:
        InputError: The address is no place for a secret, or the environment lacks it.
    """
    if auth == "none":
        return lambda _url, _body, headers: headers
    parts = urlsplit(url)
    if parts.scheme != "https" and parts.hostname not in _LOOPBACK:
        raise InputError(
            f"the host is {url!r}, wanted https: a {_NAMES[auth]} is not sent readable for everybody"
        )
    if auth == "bearer":
        token = env.get(TOKEN_VARIABLE, "").strip()
        if not re.fullmatch(r"[A-Za-z0-9._~+/=-]+", token):
            state = "is not a bearer token" if token else "is not set"
            raise InputError(f"the environment variable {TOKEN_VARIABLE} {state}; put a token into it")
        return lambda _url, _body, headers: headers | {"authorization": f"Bearer {token}"}
    return _signer(parts.hostname or "", env)


_NAMES = {"iam": "signature", "bearer": "token"}


def _signer(host: str, env: "Mapping[str, str]") -> Authorise:
    matched = _API_HOST.fullmatch(host)
    region = matched[1] if matched else env.get("AWS_REGION") or env.get("AWS_DEFAULT_REGION")
    if not region:
        raise InputError(f"the region of {host} is unknown; set AWS_REGION")
    if not (env.get("AWS_ACCESS_KEY_ID") and env.get("AWS_SECRET_ACCESS_KEY")):
        raise InputError("AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set; set both, or AWS_PROFILE")
    credentials = Credentials(
        env["AWS_ACCESS_KEY_ID"], env["AWS_SECRET_ACCESS_KEY"], env.get("AWS_SESSION_TOKEN")
    )
    signature = SigV4Auth(credentials, "execute-api", region)

    def sign(url: str, body: bytes, headers: dict[str, str]) -> dict[str, str]:
        request = AWSRequest(method="POST", url=url, data=body, headers=dict(headers))
        signature.add_auth(request)
        return dict(request.headers.items())

    return sign
