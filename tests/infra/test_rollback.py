"""Rolling back: to the version before, proved first, on an emulator with two real versions."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from function.contract import Contract
from infra import rollback
from infra.app import synthesise
from infra.bundle import read
from infra.config import load_config
from infra.local.deploy import deploy
from infra.local.emulator import ACCOUNT, emulator
from infra.rollback import RollbackError, previous, roll_back

HANDLER = """\
import os

def handler(event, context):
    if os.environ.get("AWS_LAMBDA_FUNCTION_VERSION") == event.get("fail"):
        raise RuntimeError("differs")
    return {"answer": ANSWER}
"""


@pytest.mark.parametrize(
    ("versions", "current", "wanted"),
    [(["$LATEST", "1", "2", "10"], "10", "2"), (["1", "3"], "3", "1"), (["1", "2", "3"], "2", "1")],
)
def test_the_version_before_is_the_newest_older_one(versions: list[str], current: str, wanted: str) -> None:
    """By number, not by text; versions may be missing."""
    assert wanted == previous(versions, current)


def test_there_is_nothing_before_the_first_version() -> None:
    """One sentence."""
    with pytest.raises(RollbackError, match=r"^version 1 is the oldest, wanted one to go back to$"):
        previous(["$LATEST", "1"], "1")


class _Client:
    """A function with two versions, of which the first fails its self-test."""

    def __init__(self) -> None:
        self.moved = False

    def get_alias(self, **_: Any) -> dict[str, str]:
        return {"FunctionVersion": "2", "RevisionId": "r"}

    def get_paginator(self, _: str) -> "_Client":
        return self

    def paginate(self, **_: Any) -> list[dict[str, Any]]:
        return [{"Versions": [{"Version": "$LATEST"}, {"Version": "1"}]}, {"Versions": [{"Version": "2"}]}]

    def invoke(self, **_: Any) -> dict[str, Any]:
        from io import BytesIO

        return {"FunctionError": "Unhandled", "Payload": BytesIO(b"golden row 3 differs")}

    def update_alias(self, **_: Any) -> None:
        self.moved = True


@pytest.mark.parametrize(
    ("to", "reason"),
    [
        (None, "version 1 fails its self-test: golden row 3 differs"),
        ("7", "no version 7, wanted one of 1, 2$"),
    ],
)
def test_a_version_that_does_not_prove_itself_is_not_gone_back_to(to: str | None, reason: str) -> None:
    """The alias stays where it is."""
    client = _Client()
    with pytest.raises(RollbackError, match=reason):
        roll_back(client, function="f", to=to)
    assert not client.moved


def test_all_traffic_goes_to_the_version_that_was_chosen() -> None:
    """By AWS's own model of the request: no weights are left on another version, and nobody else moved the alias."""
    client = boto3.client(
        "lambda", region_name="eu-central-1", aws_access_key_id="x", aws_secret_access_key="x"
    )
    named = {"FunctionName": "f", "Name": "live"}
    with Stubber(client) as stub:
        stub.add_response("get_alias", {"FunctionVersion": "3", "RevisionId": "r"}, named)
        versions = [{"Version": version} for version in ("$LATEST", "2", "3")]
        stub.add_response("list_versions_by_function", {"Versions": versions}, {"FunctionName": "f"})
        asked = {"FunctionName": "f", "Qualifier": "2", "Payload": b"{}"}
        stub.add_response("invoke", {"StatusCode": 200}, asked)
        moved = {"FunctionVersion": "2", "RevisionId": "r", "RoutingConfig": {"AdditionalVersionWeights": {}}}
        stub.add_response("update_alias", {}, named | moved)
        assert roll_back(client, function="f") == ("3", "2")
        stub.assert_no_pending_responses()


def test_the_command_goes_back_to_the_model_before(
    make_bundle: Callable[..., Path],
    contract: Contract,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Two deployments, one command, the first answer again; a third deployment moves on."""
    folder = make_bundle(handler=HANDLER.replace("ANSWER", "'old'"))
    with emulator(scratch=tmp_path, region=rollback.region_of("local")) as started:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            monkeypatch.setenv(name, ACCOUNT)
        monkeypatch.setenv("AWS_ENDPOINT_URL", started.endpoint)
        client = started.client("lambda")
        answers = []

        def ask(function: str) -> None:
            answer = client.invoke(FunctionName=function, Qualifier="live", Payload=b"{}")
            answers.append(json.load(answer["Payload"])["answer"])

        for at, word in enumerate(("old", "new")):
            version = tmp_path / word
            shutil.copytree(folder, version)
            (version / "function/handler.py").write_text(HANDLER.replace("ANSWER", repr(word)))
            out = tmp_path / f"assembly-{word}"
            synthesise(
                config=load_config("local"),
                bundle=read(version),
                contract=replace(contract, model=replace(contract.model, version=f"{at:012}")),
                out=out,
                context={},
            )
            function = deploy(assembly=out, emulator=started)["FunctionName"]
            ask(function)
        assert rollback.main(["--stage", "local"]) == 0
        ask(function)
        assert answers == ["old", "new", "old"]
        assert "went from version 2 to 1" in capsys.readouterr().out
        assert rollback.main(["--stage", "local"]) == 2
        assert capsys.readouterr().err == ("error: version 1 is the oldest, wanted one to go back to\n")
