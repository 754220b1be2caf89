"""The stages, synthesised once; properties are asserted, never logical ids."""

from collections.abc import Callable
from typing import Any

import pytest

from function.contract import Contract
from infra.app import synthesise
from infra.bundle import Bundle
from infra.config import load_config

type Synthesise = Callable[..., Any]


@pytest.fixture(scope="session")
def synthesised(bundle: Bundle, contract: Contract, tmp_path_factory: pytest.TempPathFactory) -> Synthesise:
    """Return a function from a stage, overrides and a contract to the template's assertions."""

    def run(stage: str, context: dict[str, Any] | None = None, *, of: Contract = contract) -> Any:
        from aws_cdk.assertions import Template

        out = tmp_path_factory.mktemp("assembly")
        config = load_config(stage, context or {})
        template = synthesise(config=config, bundle=bundle, contract=of, out=out, context={})
        return Template.from_string(template.read_text())

    return run


@pytest.fixture(scope="session")
def prod(synthesised: Synthesise) -> Any:
    """The template of stage ``prod``."""
    return synthesised("prod")


@pytest.fixture(scope="session")
def local(synthesised: Synthesise) -> Any:
    """The template of stage ``local``."""
    return synthesised("local")


@pytest.fixture(scope="session")
def properties() -> Callable[[Any, str], list[dict[str, Any]]]:
    """Return a function from a template and a resource type to the properties of its resources."""

    def find(template: Any, type_: str) -> list[dict[str, Any]]:
        return [item.get("Properties", {}) for item in template.find_resources(type_).values()]

    return find
