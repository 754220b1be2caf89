"""Who may call: the documentation's own commands, against prod and dev on the emulator."""

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from function.contract import Contract
from infra.app import synthesise
from infra.bundle import Bundle, read
from infra.config import load_config
from infra.local.deploy import deploy
from infra.local.emulator import Emulator, emulator

pytestmark = pytest.mark.e2e
REGION = "eu-central-1"
SETTINGS = {"packaging": "zip"}


class _User(NamedTuple):
    """A person with an account at an identity provider, signed in to one app."""

    issuer: str
    audience: str
    token: str


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """An emulator, which also plays the identity provider."""
    with emulator(scratch=tmp_path_factory.mktemp("clients"), region=REGION) as started:
        yield started


@pytest.fixture(scope="module")
def users(running: Emulator) -> tuple[_User, _User]:
    """The same person in two apps of one user pool."""
    provider = running.client("cognito-idp")
    pool = provider.create_user_pool(PoolName="people")["UserPool"]["Id"]
    provider.admin_create_user(UserPoolId=pool, Username="ada", MessageAction="SUPPRESS")
    provider.admin_set_user_password(UserPoolId=pool, Username="ada", Password="Analytical1!", Permanent=True)

    def sign_in(app: str) -> _User:
        made = provider.create_user_pool_client(
            UserPoolId=pool, ClientName=app, ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"]
        )
        audience = made["UserPoolClient"]["ClientId"]
        answer = provider.initiate_auth(
            ClientId=audience,
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": "ada", "PASSWORD": "Analytical1!"},
        )
        issuer = f"https://cognito-idp.{REGION}.amazonaws.com/{pool}"
        return _User(issuer, audience, answer["AuthenticationResult"]["IdToken"])

    return sign_in("sleep"), sign_in("other")


@pytest.fixture(scope="module")
def deployed(
    running: Emulator, bundle: Bundle, contract: Contract, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str, dict[str, str]], str]:
    """Return a function from a stage and its context to the API's address."""

    def run(stage: str, context: dict[str, str]) -> str:
        out = tmp_path_factory.mktemp("assembly")
        config = load_config(stage, SETTINGS | context)
        synthesise(config=config, bundle=read(bundle.path), contract=contract, out=out, context={})
        outputs = deploy(assembly=out, emulator=running)
        return f"{running.endpoint}/_aws/execute-api/{outputs['ApiId']}/$default/"

    return run


def _documented(root: Path, word: str) -> str:
    """Return the one curl command of the documentation that has a word."""
    blocks = re.findall(r"```sh\n(curl .*?)```", (root / "docs/operations.md").read_text(), re.DOTALL)
    (found,) = [block for block in blocks if word in block]
    return found


def _run(command: str, **env: str) -> str:
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    done = subprocess.run(
        ["sh", "-c", command],
        env={"PATH": os.environ["PATH"], "no_proxy": "127.0.0.1", **env},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def test_prod_answers_holders_of_a_token_for_this_app_and_nobody_else(
    root: Path, users: tuple[_User, _User], deployed: Callable[[str, dict[str, str]], str]
) -> None:
    """Health too; a token of another app, a forged one and none are refused alike."""
    own, foreign = users
    url = deployed("prod", {"jwt_issuer": own.issuer, "jwt_audience": own.audience})
    command = _documented(root, "Bearer")
    assert '"path": "/v2/health/ready"' in _run(command, API_URL=url, TOKEN=own.token)
    head, _, signature = own.token.rpartition(".")
    forged = f"{head}.{signature[::-1]}"
    for token in (foreign.token, forged, ""):
        assert _run(command, API_URL=url, TOKEN=token) == '{"message": "Unauthorized"}'
    for path in ("openapi.json", "v2/health/live", "predictions", "nowhere"):
        assert _run(f'curl "{url.replace("$", "\\$")}{path}"') == '{"message": "Unauthorized"}'


def test_dev_answers_signed_requests_and_no_others(
    root: Path, deployed: Callable[[str, dict[str, Any]], str]
) -> None:
    """Here the emulator sees that there is a signature; tests/e2e/test_prod.py has it verified."""
    url = deployed("dev", {})
    keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_SESSION_TOKEN": "t"}
    command = _documented(root, "sigv4")
    assert '"path": "/v2/health/ready"' in _run(command, API_URL=url, **keys)
    for path in ("openapi.json", "v2/health/live", "predictions", "nowhere"):
        assert _run(f'curl "{url.replace("$", "\\$")}{path}"') == '{"message": "Forbidden"}'
