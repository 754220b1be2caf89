"""What every test may use: the example model, converted once."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

from function.contract import Contract, load_contract
from function.predictor import Predictor
from model_conversion.convert import convert_model
from model_conversion.library import locked_library
from model_conversion.material import Request

# The binding, which tests compare with, reports to its vendor unless told not to before its import.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
settings.register_profile("tests", deadline=None)  # a busy machine is no failure
settings.load_profile("tests")

# What was given to the make that runs the tests is not meant for those that tests run.
for name in ("MAKEFLAGS", "MAKEOVERRIDES", "MFLAGS", "MAKELEVEL", "ARGS"):
    os.environ.pop(name, None)

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def root() -> Path:
    """Folder of the repository."""
    return ROOT


@pytest.fixture(scope="session")
def artefact(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with the example's model.onnx, contract.json and reports; not to be changed."""
    folder = tmp_path_factory.mktemp("artefact") / "model"
    convert_model(
        Request(
            model=ROOT / "model/sleep.skops",
            data=ROOT / "model/data/yrbss.csv",
            schema=ROOT / "model/schema.toml",
            evidence=ROOT / "model/evidence.toml",
            out=folder,
        )
    )
    return folder


@pytest.fixture(scope="session")
def contract(artefact: Path) -> Contract:
    """The example's contract."""
    return load_contract(artefact)


@pytest.fixture(scope="session")
def library() -> Path:
    """Folder of onnxruntime's C library."""
    return locked_library().parent


@pytest.fixture(scope="session")
def predictor(artefact: Path, contract: Contract, library: Path) -> Predictor:
    """The example's model, loaded."""
    return Predictor.load(artefact, contract, library=library)
