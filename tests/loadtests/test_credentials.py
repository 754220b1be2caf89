"""Signatures and tokens: right, from the environment alone, and never readable on the way."""

import re
from pathlib import Path

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given
from hypothesis import strategies as st

from loadtests.credentials import TOKEN_VARIABLE, authoriser, resolved
from loadtests.errors import InputError

API = "https://ab12.execute-api.eu-west-1.amazonaws.com"
KEYS = {
    "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "not-a-secret",
    "AWS_SESSION_TOKEN": "session",
}
JSON = {"content-type": "application/json"}


@pytest.fixture
def no_aws(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """An environment in which botocore finds no credentials and asks no other machine."""
    for name in (*KEYS, "AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    return monkeypatch


def test_without_authorisation_headers_stay_as_they_are() -> None:
    """Over http, too."""
    assert authoriser("none", url="http://example.com", env={})("http://example.com/x", b"", JSON) == JSON


@pytest.mark.parametrize(
    ("url", "region"), [(API, "eu-west-1"), ("https://api.example.com/v1", "eu-central-1")]
)
def test_a_signature_covers_address_body_and_headers(url: str, region: str) -> None:
    """Recomputed from the signed moment; the region is the address's own, or the environment's."""
    body = b'{"instances":[]}'
    headers = authoriser("iam", url=url, env=KEYS | {"AWS_REGION": "eu-central-1"})(
        f"{url}/predictions", body, JSON
    )
    assert headers["X-Amz-Security-Token"] == "session"
    assert f"/{region}/execute-api/aws4_request" in headers["Authorization"]
    assert "SignedHeaders=content-type;host;x-amz-date;x-amz-security-token" in headers["Authorization"]
    signer = SigV4Auth(Credentials(*KEYS.values()), "execute-api", region)

    def signature(body: bytes) -> str:
        request = AWSRequest("POST", f"{url}/predictions", data=body, headers=JSON)
        request.headers["X-Amz-Security-Token"] = "session"
        request.headers["X-Amz-Date"] = headers["X-Amz-Date"]
        request.context["timestamp"] = headers["X-Amz-Date"]
        return str(
            signer.signature(signer.string_to_sign(request, signer.canonical_request(request)), request)
        )

    (seen,) = re.findall(r"Signature=([0-9a-f]{64})", headers["Authorization"])
    assert seen == signature(body)
    assert seen != signature(body + b" ")


def test_a_token_comes_from_the_environment() -> None:
    """A line break that a shell left is none of it."""
    ask = authoriser("bearer", url=API, env={TOKEN_VARIABLE: "abc.def-_~+/=\n"})
    assert ask(f"{API}/predictions", b"", JSON) == JSON | {"authorization": "Bearer abc.def-_~+/="}


@given(st.text().filter(lambda text: not re.fullmatch(r"[A-Za-z0-9._~+/=-]+", text.strip())))
def test_nothing_but_a_token_is_sent_as_one(text: str) -> None:
    """No second header slips in; the message does not repeat what may be a secret."""
    with pytest.raises(InputError, match=TOKEN_VARIABLE) as caught:
        authoriser("bearer", url=API, env={TOKEN_VARIABLE: text})
    assert text.strip() in ("", *str(caught.value)) or text.strip() not in str(caught.value)


@pytest.mark.parametrize("auth", ["iam", "bearer"])
def test_no_secret_goes_over_http_to_another_machine(auth: str) -> None:
    """To this machine it does, where the emulator is."""
    env = KEYS | {TOKEN_VARIABLE: "abc", "AWS_REGION": "eu-central-1"}
    with pytest.raises(InputError, match="wanted https"):
        authoriser(auth, url="http://api.example.com", env=env)  # type: ignore[arg-type]
    assert authoriser(auth, url="http://127.0.0.1:1/x", env=env)("http://127.0.0.1:1/x/y", b"", {})  # type: ignore[arg-type]


def test_what_is_missing_is_named() -> None:
    """Keys and region."""
    with pytest.raises(InputError, match="set AWS_REGION"):
        authoriser("iam", url="https://api.example.com", env=KEYS)
    with pytest.raises(InputError, match="AWS_ACCESS_KEY_ID"):
        authoriser("iam", url=API, env={})


def test_credentials_are_found_where_every_aws_tool_finds_them(
    no_aws: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Variables or a profile's file; without any there is one sentence."""
    assert resolved("none", {}) == resolved("bearer", {}) == {}
    with pytest.raises(InputError, match="no AWS credentials"):
        resolved("iam", {})
    (tmp_path / "credentials").write_text(
        "[default]\naws_access_key_id = one\naws_secret_access_key = two\nregion = eu-north-1\n"
    )
    assert resolved("iam", {}) == {
        "AWS_ACCESS_KEY_ID": "one",
        "AWS_SECRET_ACCESS_KEY": "two",
        "AWS_REGION": "eu-north-1",
    }
    for name, value in KEYS.items():
        no_aws.setenv(name, value)
    assert resolved("iam", {"AWS_REGION": "eu-west-3"}) == KEYS | {"AWS_REGION": "eu-west-3"}
