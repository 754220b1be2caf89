"""What differs between the stages, typed, and how CDK context overrides it.

Everything a person may want to change about a deployment is a field here; a construct reads the field and
nothing else. A wrong value stops synthesis with one sentence.
"""

__all__ = [
    "ALIAS",
    "STAGES",
    "ConfigError",
    "Stage",
    "StageConfig",
    "load_config",
    "region_of",
    "stack_name_of",
]

import re
from dataclasses import dataclass, fields
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Literal, get_args, get_type_hints

from infra.values import ConfigError, insist, parse

if TYPE_CHECKING:
    from collections.abc import Mapping

type Stage = Literal["local", "dev", "prod"]
type Packaging = Literal["image", "zip"]
type Architecture = Literal["x86_64", "arm64"]
type Auth = Literal["none", "iam", "jwt"]

_REGION = "eu-central-1"
STAGES: tuple[Stage, ...] = ("local", "dev", "prod")

ALIAS = "live"
"""Of the function: what the API invokes, and what a deployment or a rollback moves."""

RETENTION_DAYS = (
    *(1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731),
    *(1096, 1827, 2192, 2557, 2922, 3288, 3653),
)
"""Retentions that CloudWatch Logs accepts. Source: PutRetentionPolicy, CloudWatch Logs API reference."""

_RANGES: dict[str, tuple[float, float]] = {
    "memory_mb": (128, 10_240),
    "timeout_s": (1, 29),
    "integration_timeout_s": (0.05, 29),
    "throttle_rate_per_s": (1, 10_000),
    "throttle_burst": (1, 5_000),
    "reserved_concurrency": (0, 10_000),
    "latency_alarm_ms": (1, 10_000),
    "init_alarm_ms": (1, 10_000),
    "memory_alarm_share": (0.1, 1),
    "spillover_alarm_count": (1, 1_000_000),
    "probability_band": (0.01, 1),
    "probability_low": (-1, 1),
    "probability_high": (-1, 1),
    "drift_alarm_psi": (0.01, 10),
    "budget_usd": (0, 1_000_000),
}
"""Field → smallest and largest value. Source: Lambda and HTTP API quotas; 29 s keeps below the gateway's 30."""

_ARN = r"arn:aws[a-z-]*:iam::\d{12}:role/[\w+=,.@/-]+"
_PATTERNS = {
    "caller_role_arns": (rf"{_ARN}(,{_ARN})*", "ARNs of roles, parted by commas"),
    "slack_workspace_id": (r"[0-9A-Z]{1,255}", "a workspace id such as T0123ABCD"),
    "slack_channel_id": (r"[A-Za-z0-9]+", "a channel id such as C0123ABCD"),
    "jwt_issuer": (r"https://\S+", "an https address"),
}

_OURS = re.compile(r"[a-z][a-z0-9_]*")
"""CDK's own context keys all carry a colon, a slash, a hyphen or an at sign; ours never do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StageConfig:
    """One stage of the deployment.

    Attributes:
        stage: Which one; part of the stack's name.
        region: AWS region.
        packaging: ``image`` for a container image, ``zip`` for a package; both hold the same bundle.
        architecture: Of the function's processor; the bundle must be built for it.
        memory_mb: The function's memory; its processor share follows. Source of the default:
            docs/decisions.md: at 256 MB a start takes 2.4 times as long, at 1,024 MB half as long for twice the
            price of a second.
        timeout_s: Longest invocation, initialisation not counted.
        integration_timeout_s: Longest wait of the gateway. An on-demand initialisation comes on top of the
            function's own timeout, so the promise of an answer within 10 s is kept here.
        log_retention_days: How long log lines are kept.
        keep_logs: Whether the log group outlives the stack.
        throttle_rate_per_s: Requests per second that the gateway lets through in the long run.
        throttle_burst: Requests that it lets through at once.
        reserved_concurrency: Environments that the function may have at once; 0 sets no limit of its own.
        schedule: File with the peaks; empty for none.
        auth: Who may call: anybody (stage local alone), IAM principals, or holders of a token.
        jwt_issuer: Who signs the tokens, an https address.
        jwt_audience: For whom the tokens must be; several are parted by commas.
        caller_role_arns: IAM roles of this account that may call, parted by commas; empty leaves it to the
            callers' own policies, which prod does not.
        latency_alarm_ms: 99th percentile at the gateway that alarms; it gives up at ``integration_timeout_s``.
        init_alarm_ms: On-demand initialisation that alarms.
        memory_alarm_share: Share of the memory in use that alarms.
        spillover_alarm_count: Requests of five minutes of a peak beyond its capacity that alarm.
        probability_band: How far the mean probability may go from the contract's base rate.
        probability_low: Mean probability that alarms below; -1 takes it from the band.
        probability_high: Mean probability that alarms above; -1 takes it from the band.
        drift_alarm_psi: Population stability index that alarms. Source: the credit-scoring rule of thumb,
            0.1 for a small and 0.25 for a large shift.
        slack_workspace_id: Workspace that was authorised in the console.
        slack_channel_id: Channel of the alarms.
        budget_usd: Monthly budget with notification; 0 for none.
        budget_by_tag: Whether the budget counts this stage alone; its tag must be active for cost allocation.
    """

    stage: Stage
    region: str = _REGION
    packaging: Packaging = "image"
    architecture: Architecture = "x86_64"
    memory_mb: int = 512
    timeout_s: int = 9
    integration_timeout_s: float = 9.5
    log_retention_days: int = 30
    keep_logs: bool = False
    throttle_rate_per_s: int = 100
    throttle_burst: int = 200
    reserved_concurrency: int = 0
    schedule: str = ""
    auth: Auth = "iam"
    jwt_issuer: str = ""
    jwt_audience: str = ""
    caller_role_arns: str = ""
    latency_alarm_ms: int = 8000
    init_alarm_ms: int = 3000
    memory_alarm_share: float = 0.9
    spillover_alarm_count: int = 10
    probability_band: float = 0.15
    probability_low: float = -1
    probability_high: float = -1
    drift_alarm_psi: float = 0.25
    slack_workspace_id: str = ""
    slack_channel_id: str = ""
    budget_usd: int = 0
    budget_by_tag: bool = False

    def __post_init__(self) -> None:
        """Check every value.

        Raises:
            ConfigError: A value is outside its range or not one of its choices.
        """
        for name, hint in _hints().items():
            value = getattr(self, name)
            if choices := _choices(hint):
                insist(name, value, value in choices, "one of " + ", ".join(choices))
        for name, (low, high) in _RANGES.items():
            value = getattr(self, name)
            insist(name, value, low <= value <= high, f"{low:.10g} to {high:.10g}")
        days = self.log_retention_days
        insist("log_retention_days", days, days in RETENTION_DAYS, f"one of {_listed(RETENTION_DAYS)}")
        matched = re.fullmatch(r"[a-z]{2}(-[a-z]+)+-\d", self.region)
        insist("region", self.region, matched is not None, "a region such as eu-central-1")
        self._check_callers()
        for name, pattern in _PATTERNS.items():
            value = getattr(self, name)
            insist(name, value, not value or bool(re.fullmatch(pattern[0], value)), pattern[1])
        both = bool(self.slack_workspace_id) == bool(self.slack_channel_id)
        insist("slack_channel_id", self.slack_channel_id, both, "it and slack_workspace_id, or neither")

    def _check_callers(self) -> None:
        """Refuse an API that is open, or that only looks closed.

        Raises:
            ConfigError: It is.
        """
        stage = self.stage
        insist("auth", self.auth, self.auth != "none" or stage == "local", f"iam or jwt on stage {stage}")
        if self.auth == "jwt":
            https = self.jwt_issuer.startswith("https://")
            insist("jwt_issuer", self.jwt_issuer, https, "an https address (or -c auth=iam)")
            insist("jwt_audience", self.jwt_audience, bool(self.jwt_audience), "the tokens' audience")
        else:
            given = self.jwt_issuer or self.jwt_audience
            insist("auth", self.auth, not given, "jwt, because an issuer or audience is given")
        if self.auth == "iam" and stage == "prod":
            roles = self.caller_role_arns
            insist("caller_role_arns", roles, bool(roles), "roles that may call prod (or -c auth=jwt)")

    @property
    def service(self) -> str:
        """Name in log lines and metric dimensions, one per stage."""
        return f"nightjar-{self.stage}"

    @property
    def stack_name(self) -> str:
        """Name of the CloudFormation stack."""
        return stack_name_of(self.stage)


def load_config(stage: str, context: "Mapping[str, Any] | None" = None) -> StageConfig:
    """Return a stage's configuration with the overrides of CDK context applied.

    Args:
        stage: Name of the stage.
        context: CDK context. A key that CDK owns is ignored; any other must be a field of
            :class:`StageConfig`. Values may be text, as the command line gives them.

    Raises:
        ConfigError: The stage or a key is unknown, or a value is wrong.
    """
    if stage not in _STAGES:
        raise ConfigError(f"stage is {stage!r}, wanted one of {', '.join(STAGES)}")
    hints = _hints()
    overrides: dict[str, Any] = {}
    for key, value in (context or {}).items():
        if key == "stage" or not _OURS.fullmatch(key):
            continue
        if key not in hints:
            close = get_close_matches(key, hints, n=1)
            hint = f"did you mean {close[0]}?" if close else f"wanted one of {', '.join(sorted(hints))}"
            raise ConfigError(f"context key {key!r} is not a setting, {hint}")
        overrides[key] = parse(key, value, hints[key])
    return StageConfig(**{"stage": stage, **_STAGES[stage], **overrides})


def stack_name_of(stage: str) -> str:
    """Return the name of a stage's CloudFormation stack; its context is not needed."""
    return f"Nightjar-{stage}"


def region_of(stage: str) -> str:
    """Return a stage's region, where context does not say another."""
    return str(_STAGES[stage].get("region", _REGION))


def _hints() -> dict[str, Any]:
    """Return field → resolved type."""
    hints = get_type_hints(StageConfig)
    return {
        field.name: getattr(hints[field.name], "__value__", hints[field.name])
        for field in fields(StageConfig)
    }


def _choices(hint: Any) -> tuple[str, ...]:
    """Return the texts that a ``Literal`` allows; nothing for another type."""
    return get_args(hint)


def _listed(values: tuple[int, ...]) -> str:
    return ", ".join(str(value) for value in values)


_STAGES: dict[str, dict[str, Any]] = {
    "local": {"packaging": "zip", "auth": "none", "log_retention_days": 1},
    "dev": {"log_retention_days": 7},
    "prod": {
        "log_retention_days": 90,
        "keep_logs": True,
        "schedule": "infra/schedule.toml",
        "auth": "jwt",
        "budget_usd": 20,
    },
}
