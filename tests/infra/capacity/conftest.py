"""Prod's template, synthesised once, and times of a function that is easy to reckon with."""

import json
from pathlib import Path

import pytest

from function.contract import Contract
from infra.app import synthesise
from infra.bundle import Bundle
from infra.capacity.measurements import Measurements, Times
from infra.config import load_config
from infra.schedule import load

JWT = {"jwt_issuer": "https://issuer.example", "jwt_audience": "nightjar"}


@pytest.fixture(scope="session")
def template_file(
    bundle: Bundle, contract: Contract, root: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Prod's template; not to be changed."""
    config = load_config("prod", JWT)
    return synthesise(
        config=config,
        bundle=bundle,
        contract=contract,
        out=tmp_path_factory.mktemp("prod"),
        context=json.loads((root / "cdk.json").read_text())["context"],
        schedule=load(root / config.schedule),
    )


@pytest.fixture(scope="session")
def measurements() -> Measurements:
    """Twice the memory starts in half the time."""
    return Measurements(
        origin="a test",
        model="sleep 0",
        by_memory={
            size: Times(init_ms=(200_000 / size,), first_ms=(5_000 / size,), warm_ms=(1.5, 2.5))
            for size in (256, 512)
        },
    )
