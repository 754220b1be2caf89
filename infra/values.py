"""Text from a command line to the type of a setting, and the one sentence for what does not fit."""

__all__ = ["ConfigError", "insist", "parse"]

from typing import Any

from function.errors import NightjarError


class ConfigError(NightjarError):
    """A setting has a value that it cannot have; the message is one sentence."""


def insist(name: str, value: Any, holds: bool, wanted: str) -> None:
    """Refuse a value in one sentence.

    Raises:
        ConfigError: It does not hold.
    """
    if not holds:
        raise ConfigError(f"{name} is {value!r}, wanted {wanted}")


def parse(key: str, value: Any, hint: Any) -> Any:
    """Return a value of CDK context as the type of its setting.

    Raises:
        ConfigError: It has no such form.
    """
    text = str(value).strip()
    if hint is bool:
        insist(key, value, text.lower() in {"true", "false"}, "true or false")
        return text.lower() == "true"
    if hint is int or hint is float:
        wanted = "a whole number" if hint is int else "a number"
        insist(key, value, not isinstance(value, bool), wanted)
        try:
            return hint(text)
        except ValueError:
            raise ConfigError(f"{key} is {value!r}, wanted {wanted}") from None
    return text
