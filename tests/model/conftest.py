"""The survey, the schema and the committed results, read once."""

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
import skops.io

from model.survey import Survey, load_survey

MODEL = Path(__file__).parents[2] / "model"


@pytest.fixture(scope="session")
def survey() -> Survey:
    """Everyone with a target."""
    return load_survey()


@pytest.fixture(scope="session")
def schema() -> dict[str, Any]:
    """schema.toml, parsed."""
    return tomllib.loads((MODEL / "schema.toml").read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def evidence() -> dict[str, Any]:
    """evidence.toml, parsed."""
    return tomllib.loads((MODEL / "evidence.toml").read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def metrics() -> dict[str, Any]:
    """metrics.json, parsed."""
    return json.loads((MODEL / "metrics.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def comparison() -> dict[str, Any]:
    """comparison.json, parsed."""
    return json.loads((MODEL / "comparison.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def card() -> str:
    """The model card's text."""
    return (MODEL / "README.md").read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def committed() -> Any:
    """The pipeline in version control."""
    return skops.io.load(MODEL / "sleep.skops", trusted=["numpy.dtype"])
