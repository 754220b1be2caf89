"""What differs between the stages, typed, and how CDK context overrides it.

Everything a person may want to change about a deployment is a field here; a construct reads the field and
nothing else. A wrong value stops synthesis with one sentence.
"""

__all__ = ["STAGES", "ConfigError", "Stage", "StageConfig", "load_config"]

import re
from dataclasses import dataclass, fields, replace
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Literal, get_args, get_type_hints

from function.errors import NightjarError

if TYPE_CHECKING:
    from collections.abc import Mapping

type Stage = Literal["local", "dev", "prod"]
type Packaging = Literal["image", "zip"]
type Architecture = Literal["x86_64", "arm64"]

STAGES: tuple[Stage, ...] = ("local", "dev", "prod")

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
}
"""Field → smallest and largest value. Source: Lambda and HTTP API quotas; 29 s keeps below the gateway's 30."""

_OURS = re.compile(r"[a-z][a-z0-9_]*")
"""CDK's own context keys all carry a colon, a slash, a hyphen or an at sign; ours never do."""


class ConfigError(NightjarError):
    """A setting has a value that it cannot have; the message is one sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StageConfig:
    """One stage of the deployment.

    Attributes:
        stage: Which one; part of the stack's name.
        region: AWS region.
        packaging: ``image`` for a container image, ``zip`` for a package; both hold the same bundle.
        architecture: Of the function's processor; the bundle must be built for it.
        memory_mb: The function's memory; its processor share follows.
        timeout_s: Longest invocation, initialisation not counted.
        integration_timeout_s: Longest wait of the gateway. An on-demand initialisation comes on top of the
            function's own timeout, so the promise of an answer within 10 s is kept here.
        log_retention_days: How long log lines are kept.
        keep_logs: Whether the log group outlives the stack.
        throttle_rate_per_s: Requests per second that the gateway lets through in the long run.
        throttle_burst: Requests that it lets through at once.
    """

    stage: Stage
    region: str = "eu-central-1"
    packaging: Packaging = "image"
    architecture: Architecture = "x86_64"
    memory_mb: int = 512
    timeout_s: int = 9
    integration_timeout_s: float = 9.5
    log_retention_days: int = 30
    keep_logs: bool = False
    throttle_rate_per_s: int = 100
    throttle_burst: int = 200

    def __post_init__(self) -> None:
        """Check every value.

        Raises:
            ConfigError: A value is outside its range or not one of its choices.
        """
        for name, hint in _hints().items():
            value = getattr(self, name)
            if choices := _choices(hint):
                _insist(name, value, value in choices, "one of " + ", ".join(choices))
        for name, (low, high) in _RANGES.items():
            value = getattr(self, name)
            _insist(name, value, low <= value <= high, f"{low:g} to {high:g}")
        days = self.log_retention_days
        _insist("log_retention_days", days, days in RETENTION_DAYS, f"one of {_listed(RETENTION_DAYS)}")
        matched = re.fullmatch(r"[a-z]{2}(-[a-z]+)+-\d", self.region)
        _insist("region", self.region, matched is not None, "a region such as eu-central-1")

    @property
    def service(self) -> str:
        """Name in log lines and metric dimensions, one per stage."""
        return f"nightjar-{self.stage}"

    @property
    def stack_name(self) -> str:
        """Name of the CloudFormation stack."""
        return f"Nightjar-{self.stage}"


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
        overrides[key] = _parse(key, value, hints[key])
    return replace(_STAGES[stage], **overrides)


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


def _parse(key: str, value: Any, hint: Any) -> Any:
    text = str(value).strip()
    if hint is bool:
        _insist(key, value, text.lower() in {"true", "false"}, "true or false")
        return text.lower() == "true"
    if hint is int or hint is float:
        wanted = "a whole number" if hint is int else "a number"
        _insist(key, value, not isinstance(value, bool), wanted)
        try:
            return hint(text)
        except ValueError:
            raise ConfigError(f"{key} is {value!r}, wanted {wanted}") from None
    return text


def _insist(name: str, value: Any, holds: bool, wanted: str) -> None:
    if not holds:
        raise ConfigError(f"{name} is {value!r}, wanted {wanted}")


def _listed(values: tuple[int, ...]) -> str:
    return ", ".join(str(value) for value in values)


_STAGES: dict[str, StageConfig] = {
    "local": StageConfig(stage="local", packaging="zip", log_retention_days=1),
    "dev": StageConfig(stage="dev", log_retention_days=7),
    "prod": StageConfig(stage="prod", log_retention_days=90, keep_logs=True),
}
