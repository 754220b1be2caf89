"""The test message: on the emulator, through the encrypted topic to a subscriber."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from function.contract import Contract
from infra import slack_test
from infra.app import synthesise
from infra.bundle import read
from infra.config import load_config
from infra.local.deploy import deploy
from infra.local.emulator import ACCOUNT, emulator
from infra.slack_test import message


@pytest.mark.e2e
def test_the_message_reaches_who_listens_to_the_topic(
    make_bundle: Callable[..., Path],
    contract: Contract,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """In Slack's schema; a stage that is not deployed is refused in one sentence."""
    out = tmp_path / "assembly"
    bundle = read(make_bundle())
    synthesise(config=load_config("local"), bundle=bundle, contract=contract, out=out, context={})
    with emulator(scratch=tmp_path, region=load_config("local").region) as started:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            monkeypatch.setenv(name, ACCOUNT)
        monkeypatch.setenv("AWS_ENDPOINT_URL", started.endpoint)
        topic = deploy(assembly=out, emulator=started)["TopicArn"]
        queues = started.client("sqs")
        queue = queues.create_queue(QueueName="listener")["QueueUrl"]
        arn = queues.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"][
            "QueueArn"
        ]
        started.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
        assert slack_test.main(["--stage", "local"]) == 0
        assert f"published to {topic}" in capsys.readouterr().out
        (message,) = queues.receive_message(QueueUrl=queue, WaitTimeSeconds=5)["Messages"]
        sent = json.loads(json.loads(message["Body"])["Message"])
        assert sent["source"] == "custom"
        assert sent["content"]["title"] == "Nightjar local: test message"
        assert slack_test.main(["--stage", "dev"]) == 2
        error = capsys.readouterr().err
        assert error.startswith("error: ")
        assert "Nightjar-dev" in error
        assert error.count("\n") == 1


def test_the_message_to_slack_has_the_schema_that_slack_shows() -> None:
    """Plain text would be dropped without a word."""
    sent = json.loads(message("dev"))
    assert (sent["version"], sent["source"], sent["content"]["textType"]) == (
        "1.0",
        "custom",
        "client-markdown",
    )
    assert "dev" in sent["content"]["title"]
