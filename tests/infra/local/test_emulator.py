"""The emulator starts, answers, and leaves nothing behind."""

import socket
import tempfile
from pathlib import Path

import pytest

from infra.local.emulator import ACCOUNT, EmulatorError, emulator, scratch_folder
from infra.local.http import request
from infra.local.process import group_exists

REGION = "eu-central-1"


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make every temporary file land where it can be counted."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def test_it_answers_and_then_nothing_is_left(temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its process group and its files are gone; a person's AWS settings and proxy were not asked."""
    for name, value in {
        "AWS_PROFILE": "nobody",
        "AWS_ACCESS_KEY_ID": "AKIAPERSONAL",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
        "HTTP_PROXY": "http://127.0.0.1:9",
        "http_proxy": "http://127.0.0.1:9",
    }.items():
        monkeypatch.setenv(name, value)
    with scratch_folder() as scratch, emulator(scratch=scratch, region=REGION) as started:
        assert started.client("sts").get_caller_identity()["Account"] == ACCOUNT
        environment = Path(f"/proc/{started.process.pid}/environ")
        if environment.exists():
            assert b"AKIAPERSONAL" not in environment.read_bytes()
    assert not group_exists(started.process.pid)
    assert list(temporary.iterdir()) == []
    assert request(f"{started.endpoint}/_ministack/ready", timeout_s=1) is None


def test_two_run_side_by_side() -> None:
    """Each has its own port and state."""
    with (
        scratch_folder() as scratch,
        scratch_folder() as other,
        emulator(scratch=scratch, region=REGION) as first,
        emulator(scratch=other, region=REGION) as second,
    ):
        location = {"LocationConstraint": REGION}
        first.client("s3").create_bucket(Bucket="mine", CreateBucketConfiguration=location)
        assert [bucket["Name"] for bucket in first.client("s3").list_buckets()["Buckets"]] == ["mine"]
        assert second.client("s3").list_buckets()["Buckets"] == []


def test_a_taken_port_is_refused_by_number(temporary: Path) -> None:
    """Whoever has the port, even another emulator, is not mistaken for ours."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        with (
            pytest.raises(EmulatorError, match=f"^port {port} is taken; choose another one"),
            scratch_folder() as scratch,
            emulator(scratch=scratch, region=REGION, port=port),
        ):
            pytest.fail("started")
    assert list(temporary.iterdir()) == []
