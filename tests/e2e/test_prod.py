"""Prod's own template on the emulator: only packaging is overridden, only what it refuses is missing."""

import json
import re
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from issuer import AUDIENCE, new_key, serving_issuer

from function.contract import Contract
from infra.bundle import Bundle
from infra.local.deploy import UNSUPPORTED, adapt, deploy
from infra.local.deployment import synthesise
from infra.local.emulator import ACCOUNT, Emulator, emulator

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

REGION = "eu-central-1"
PACKAGING = ("packaging=zip",)
SLACK = ("slack_workspace_id=T0123", "slack_channel_id=C0123")
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "sts:AssumeRole"}
    ],
}


def _send(url: str, *, body: bytes | None = None, headers: Mapping[str, str]) -> tuple[int, Any]:
    """Return status and document."""
    outgoing = urllib.request.Request(url, data=body, headers=dict(headers))
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(outgoing, timeout=30) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.loads(error.read() or b"null")


def _signed(url: str, body: bytes, keys: Mapping[str, str]) -> dict[str, str]:
    """Return the headers of a request that is signed with Signature Version 4."""
    given = AWSRequest(method="POST", url=url, data=body, headers={"content-type": "application/json"})
    credentials = Credentials(keys["AccessKeyId"], keys["SecretAccessKey"], keys.get("SessionToken"))
    SigV4Auth(credentials, "execute-api", REGION).add_auth(given)
    return dict(given.headers.items())


def _row(contract: Contract) -> bytes:
    return json.dumps({"instances": [dict(contract.golden.rows[0].row)]}).encode()


def _predictions(started: Emulator, outputs: Mapping[str, str]) -> str:
    return f"{started.endpoint}/_aws/execute-api/{outputs['ApiId']}/predictions"


def test_only_packaging_is_overridden_and_only_four_types_are_missing(
    real_bundle: Bundle, tmp_path: Path
) -> None:
    """Prod as zip is prod as image but for the package, and what is taken out is what the one list names."""
    given = ("jwt_issuer=https://id.example", f"jwt_audience={AUDIENCE}", *SLACK)
    templates = {}
    for kind, settings in (("image", ()), ("zip", PACKAGING)):
        folder = tmp_path / kind
        folder.mkdir()
        assembly = synthesise(
            scratch=folder, bundle=real_bundle.path, stage="prod", context=(*given, *settings)
        )
        templates[kind] = json.loads((assembly / "Nightjar-prod.template.json").read_text())
    deployed = adapt(templates["zip"])
    resources = templates["zip"]["Resources"]
    gone = resources.keys() - deployed["Resources"].keys()
    assert {resources[name]["Type"] for name in gone} == set(UNSUPPORTED)
    for name, resource in deployed["Resources"].items():
        assert resource.get("Properties") == resources[name].get("Properties")

    package = {"Code", "Handler", "Runtime", "PackageType"}
    for template in templates.values():
        for resource in template["Resources"].values():
            resource.pop("Metadata", None)
            if resource["Type"] == "AWS::Lambda::Function" and "Architectures" in resource["Properties"]:
                for name in package:
                    resource["Properties"].pop(name, None)
    image, zipped = (
        {_unversioned(json.dumps(t, sort_keys=True)) for t in (templates[kind],)} for kind in templates
    )
    assert image == zipped


def _unversioned(template: str) -> str:
    """Return a template without the hash in the names of version and trigger, which a new package changes."""
    return re.sub(r"(CurrentVersion[0-9A-F]{8})[0-9a-f]{32}", r"\1", template)


def test_with_tokens_only_the_issuers_for_this_app_are_let_through(
    real_bundle: Bundle, contract: Contract, tmp_path: Path
) -> None:
    """The gateway discovers the issuer's keys; missing, expired, foreign and forged tokens are 401."""
    with serving_issuer(tmp_path) as (issuer, certificate):
        context = (*PACKAGING, *SLACK, f"jwt_issuer={issuer.url}", f"jwt_audience={AUDIENCE}")
        assembly = synthesise(scratch=tmp_path, bundle=real_bundle.path, stage="prod", context=context)
        with emulator(scratch=tmp_path, region=REGION, authorities=certificate) as started:
            url = _predictions(started, deploy(assembly=assembly, emulator=started))
            row, now = _row(contract), int(time.time())

            def ask(token: str | None, to: str = url) -> int:
                headers = {} if token is None else {"authorization": f"Bearer {token}"}
                return _send(to, body=row, headers={"content-type": "application/json", **headers})[0]

            refused = {
                "missing": None,
                "no token": "x",
                "expired": issuer.token(exp=now - 1),
                "not yet": issuer.token(nbf=now + 600),
                "wrong audience": issuer.token(aud="other-app"),
                "wrong issuer": issuer.token(iss="https://evil.example"),
                "forged": issuer.token(key=new_key()),
            }
            assert {name: ask(token) for name, token in refused.items()} == dict.fromkeys(refused, 401)
            status, document = _send(
                url,
                body=row,
                headers={"authorization": f"Bearer {issuer.token()}", "content-type": "application/json"},
            )
            assert status == 200
            score = document["predictions"][0]["probability"]
            assert pytest.approx(contract.golden.rows[0].scores[1], abs=1e-6) == score
            assert ask(issuer.token(aud=["other-app", AUDIENCE])) == 200
            for path in ("/openapi.json", "/v2/health/live", "/nowhere"):
                assert ask(None, url.removesuffix("/predictions") + path) == 401
    assert issuer.asked[:2] == ["/.well-known/openid-configuration", "/keys"]


def test_with_iam_only_callers_with_leave_are_let_through(
    real_bundle: Bundle, contract: Contract, tmp_path: Path
) -> None:
    """The emulator verifies signatures and evaluates the callers' policies, the template's own among them.

    AWS also refuses a header of another scheme, such as a bearer's token; the emulator lets it pass here.
    """
    names = ("Phones", "Strangers")
    context = (*PACKAGING, *SLACK, "auth=iam", f"caller_role_arns=arn:aws:iam::{ACCOUNT}:role/{names[0]}")
    assembly = synthesise(scratch=tmp_path, bundle=real_bundle.path, stage="prod", context=context)
    with emulator(scratch=tmp_path, region=REGION, checks_callers=True) as started:
        iam, sts = started.client("iam"), started.client("sts")
        for name in names:
            iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST))
        url = _predictions(started, deploy(assembly=assembly, emulator=started))
        arn = f"arn:aws:iam::{ACCOUNT}:role/"
        ours, theirs = (
            sts.assume_role(RoleArn=arn + name, RoleSessionName="test")["Credentials"] for name in names
        )
        row = _row(contract)

        def ask(headers: Mapping[str, str], *, to: str = url, body: bytes = row) -> int:
            return _send(to, body=body, headers={"content-type": "application/json", **headers})[0]

        good = _signed(url, row, ours)
        assert ask(good) == 200
        wrong_key = {**ours, "SecretAccessKey": "x" * 40}
        refused = {
            "unsigned": ask({}),
            "wrong secret": ask(_signed(url, row, wrong_key)),
            "another body": ask(good, body=row.replace(b"instances", b"Instances")),
            "a role without leave": ask(_signed(url, row, theirs)),
        }
        assert refused == dict.fromkeys(refused, 403)
        base = url.removesuffix("/predictions")
        assert {ask({}, to=base + path) for path in ("/openapi.json", "/v2/health/live", "/no")} == {403}
