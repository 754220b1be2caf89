"""Configuration: what the stages are, what overrides them, and how a wrong value is refused."""

import re

import pytest

from infra.config import RETENTION_DAYS, STAGES, ConfigError, StageConfig, load_config, region_of

TOKENS = {"jwt_issuer": "https://id.example", "jwt_audience": "app"}
ROLE = "arn:aws:iam::123456789012:role/phone/app"
CALLERS: dict[str, dict[str, str]] = {"local": {}, "dev": {}, "prod": TOKENS}


def test_every_stage_is_valid_and_named_after_itself() -> None:
    """Each stage has a configuration of its own name."""
    assert list(STAGES) == [load_config(stage, CALLERS[stage]).stage for stage in STAGES]


def test_the_local_stage_is_packaged_without_docker() -> None:
    """The emulator runs zip packages; AWS gets the image."""
    assert {s: load_config(s, CALLERS[s]).packaging for s in STAGES} == {
        "local": "zip",
        "dev": "image",
        "prod": "image",
    }


def test_the_gateway_gives_up_before_ten_seconds_on_every_stage() -> None:
    """The promise of 10 s is kept at the gateway, whatever initialisation takes."""
    assert [9.5] * len(STAGES) == [
        load_config(stage, CALLERS[stage]).integration_timeout_s for stage in STAGES
    ]


def test_text_from_the_command_line_becomes_the_type_of_its_setting() -> None:
    """``-c`` gives text; the settings are numbers, booleans and choices."""
    context = {
        "memory_mb": "1024",
        "integration_timeout_s": "9",
        "keep_logs": "True",
        "architecture": "arm64",
        "log_retention_days": 14,
    }
    config = load_config("dev", context)
    assert config == StageConfig(
        stage="dev",
        memory_mb=1024,
        integration_timeout_s=9.0,
        keep_logs=True,
        architecture="arm64",
        log_retention_days=14,
    )


def test_the_context_of_the_cdk_is_not_ours() -> None:
    """The CDK's own keys pass; so does the stage, which is read before."""
    context = {
        "aws:cdk:version-reporting": True,
        "@aws-cdk/core:x": True,
        "cli-telemetry": False,
        "stage": "dev",
    }
    assert load_config("dev", context) == load_config("dev")


@pytest.mark.parametrize(
    ("context", "sentence"),
    [
        ({"memory_mb": "64"}, "memory_mb is 64, wanted 128 to 10240"),
        ({"memory_mb": "half"}, "memory_mb is 'half', wanted a whole number"),
        ({"memory_mb": "512.5"}, "memory_mb is '512.5', wanted a whole number"),
        ({"memory_mb": True}, "memory_mb is True, wanted a whole number"),
        ({"integration_timeout_s": "nan"}, "integration_timeout_s is nan, wanted 0.05 to 29"),
        ({"timeout_s": "900"}, "timeout_s is 900, wanted 1 to 29"),
        ({"keep_logs": "perhaps"}, "keep_logs is 'perhaps', wanted true or false"),
        ({"architecture": "riscv"}, "architecture is 'riscv', wanted one of x86_64, arm64"),
        ({"packaging": ""}, "packaging is '', wanted one of image, zip"),
        ({"region": "Frankfurt"}, "region is 'Frankfurt', wanted a region such as eu-central-1"),
        ({"auth": "none"}, "auth is 'none', wanted iam or jwt on stage dev"),
        ({"auth": "jwt"}, "jwt_issuer is '', wanted an https address (or -c auth=iam)"),
        ({"auth": "jwt", **TOKENS, "jwt_audience": ""}, "jwt_audience is '', wanted the tokens' audience"),
        (TOKENS, "auth is 'iam', wanted jwt, because an issuer or audience is given"),
        (
            {"auth": "jwt", **TOKENS, "jwt_issuer": "http://id"},
            "jwt_issuer is 'http://id', wanted an https address (or -c auth=iam)",
        ),
        ({"caller_role_arns": "app"}, "caller_role_arns is 'app', wanted ARNs of roles, parted by commas"),
        (
            {"slack_channel_id": "C1"},
            "slack_channel_id is 'C1', wanted it and slack_workspace_id, or neither",
        ),
        ({"memory_alarm_share": "2"}, "memory_alarm_share is 2.0, wanted 0.1 to 1"),
        ({"budget_usd": "-1"}, "budget_usd is -1, wanted 0 to 1000000"),
        ({"memroy_mb": "512"}, "context key 'memroy_mb' is not a setting, did you mean memory_mb?"),
    ],
)
def test_a_wrong_value_is_refused_in_one_sentence(context: dict[str, object], sentence: str) -> None:
    """The sentence has the value seen and the value wanted."""
    with pytest.raises(ConfigError, match=f"^{re.escape(sentence)}$"):
        load_config("dev", context)


def test_a_retention_that_cloudwatch_does_not_offer_is_refused() -> None:
    """CloudWatch Logs has a list of retentions."""
    with pytest.raises(ConfigError, match=r"^log_retention_days is 10, wanted one of 1, 3, 5, .* 3653$"):
        load_config("dev", {"log_retention_days": 10})
    assert all(load_config("dev", {"log_retention_days": days}) for days in RETENTION_DAYS)


def test_an_unknown_stage_is_refused() -> None:
    """The stages are named."""
    with pytest.raises(ConfigError, match=r"^stage is 'test', wanted one of local, dev, prod$"):
        load_config("test")


def test_prod_is_called_with_tokens_or_by_named_roles() -> None:
    """One of the two is needed; a role's ARN may have a path, and there may be several."""
    assert load_config("prod", TOKENS).auth == "jwt"
    assert load_config("prod", {"auth": "iam", "caller_role_arns": f"{ROLE},{ROLE}2"}).caller_role_arns
    with pytest.raises(ConfigError, match=r"^caller_role_arns is '', wanted roles that may call prod"):
        load_config("prod", {"auth": "iam"})


def test_a_stages_region_is_known_without_its_context() -> None:
    """For commands that only look for the stack."""
    assert [load_config(s, CALLERS[s]).region for s in STAGES] == [region_of(s) for s in STAGES]
