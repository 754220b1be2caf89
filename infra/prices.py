"""List prices of a region, from one dated file, for whatever shows or plans a cost."""

__all__ = ["PRICE_LISTS", "PriceError", "Prices", "load_prices", "nearest_prices"]

import tomllib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, get_type_hints

from function.errors import NightjarError

PRICE_LISTS = Path(__file__).with_name("price_lists")
_EXAMPLE = "eu-central-1"


class PriceError(NightjarError):
    """A price list cannot be used; the message is one sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LambdaPrices:
    """Lambda; prices by architecture are USD per GB-second."""

    source: str
    seen: str
    request: float
    gb_s: dict[str, float]
    provisioned_gb_s: dict[str, float]
    provisioned_duration_gb_s: dict[str, float]
    provisioned_step_s: int
    free_requests: int
    free_gb_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpApiPrices:
    """API Gateway's HTTP API: USD per request of up to ``step_kb`` KB."""

    source: str
    seen: str
    request: float
    step_kb: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferPrices:
    """Bytes to the internet: USD per GB."""

    source: str
    seen: str
    gb: float
    free_gb: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LogsPrices:
    """CloudWatch Logs, standard class: USD per GB, storage per month of compressed bytes."""

    source: str
    seen: str
    ingested_gb: float
    stored_gb: float
    scanned_gb: float
    compressed_share: float
    free_gb: float


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricsPrices:
    """CloudWatch metrics, alarms and dashboards: USD per month."""

    source: str
    seen: str
    metric: float
    insights_metrics: int
    alarm: float
    dashboard: float
    free_metrics: int
    free_alarms: int
    free_dashboards: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistryPrices:
    """ECR: USD per GB and month."""

    source: str
    seen: str
    gb: float
    free_gb: float


@dataclass(frozen=True, slots=True, kw_only=True)
class FilesPrices:
    """S3, standard storage: USD per GB and month."""

    source: str
    seen: str
    gb: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicPrices:
    """SNS: USD per published message; deliveries to Amazon Q in chat applications are free."""

    source: str
    seen: str
    request: float
    free_requests: int


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyPrices:
    """KMS: USD per customer key and month, and per request."""

    source: str
    seen: str
    key: float
    request: float
    free_requests: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """All list prices of a region, USD without tax. Each group names its source and how it was seen."""

    region: str
    currency: str
    date: str
    functions: LambdaPrices
    http_api: HttpApiPrices
    transfer: TransferPrices
    logs: LogsPrices
    metrics: MetricsPrices
    registry: RegistryPrices
    files: FilesPrices
    topic: TopicPrices
    key: KeyPrices


def load_prices(region: str) -> Prices:
    """Read a region's price list.

    Raises:
        PriceError: There is none, or it is malformed.
    """
    path = PRICE_LISTS / f"{region}.toml"
    if not path.is_file():
        known = ", ".join(sorted(file.stem for file in PRICE_LISTS.glob("*.toml")))
        raise PriceError(
            f"there is no price list for region {region!r}, wanted one of {known}; "
            f"copy one of them to infra/price_lists/{region}.toml and change its prices"
        )
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
        raw["functions"] = raw.pop("lambda")
        return _table(Prices, raw)
    except (KeyError, TypeError, ValueError) as error:
        raise PriceError(f"{path} is malformed: {error}") from error


def nearest_prices(region: str) -> Prices:
    """Return a region's list, or the example's where it has none: for an estimate that names its region."""
    return load_prices(region if (PRICE_LISTS / f"{region}.toml").is_file() else _EXAMPLE)


def _table[T](owner: type[T], raw: dict[str, Any]) -> T:
    """Build a group, every number of which is at least 0.

    Raises:
        TypeError: A value is unknown, missing or of another type.
        ValueError: A price is below 0.
    """
    hints = get_type_hints(owner)
    values: dict[str, Any] = {}
    for field in fields(owner):  # type: ignore[arg-type]
        hint, value = hints[field.name], raw[field.name]
        if hint in {int, float} or hint == dict[str, float]:
            for number in value.values() if isinstance(value, dict) else [value]:
                if isinstance(number, bool) or not isinstance(number, int | float):
                    raise TypeError(f"{field.name} is {number!r}, wanted a number")
                if not 0 <= number < float("inf"):
                    raise ValueError(f"{field.name} is {number!r}, wanted at least 0")
        elif hint is not str:
            value = _table(hint, value)
        values[field.name] = value
    if unknown := sorted(raw.keys() - values.keys()):
        raise TypeError(f"{', '.join(unknown)}: unknown")
    return owner(**values)
