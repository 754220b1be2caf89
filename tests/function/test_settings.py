"""What the stack writes is what the function reads."""

import pytest

from function.errors import ArtefactError
from function.settings import Settings


def test_settings_survive_the_round_trip_through_the_environment() -> None:
    """Every field has its variable."""
    settings = Settings(
        contract_sha256="ab",
        service="s",
        log_level="DEBUG",
        max_instances=7,
        max_body_bytes=8,
        model_folder="m",
        library_folder="l",
    )
    assert Settings.from_env(settings.to_env()) == settings


def test_absent_variables_leave_the_defaults() -> None:
    """Only the hash has no default."""
    assert Settings.from_env({"NIGHTJAR_CONTRACT_SHA256": "ab"}) == Settings(contract_sha256="ab")


def test_a_missing_hash_is_refused() -> None:
    """A function that cannot verify its model does not start."""
    with pytest.raises(ArtefactError, match="NIGHTJAR_CONTRACT_SHA256 is not set"):
        Settings.from_env({})


def test_a_number_that_is_none_is_refused_by_name() -> None:
    """The message has the variable and its value."""
    with pytest.raises(ArtefactError, match="NIGHTJAR_MAX_INSTANCES is 'many'"):
        Settings.from_env({"NIGHTJAR_CONTRACT_SHA256": "ab", "NIGHTJAR_MAX_INSTANCES": "many"})


def test_telemetry_of_the_runtime_library_is_off() -> None:
    """Linux wheels of onnxruntime send usage data to the vendor unless told not to."""
    assert Settings(contract_sha256="ab").to_env()["ORT_DISABLE_TELEMETRY"] == "1"
