"""The bundle and its rivals, made ready to start in the same way: own folder, compiled, the same runtime client."""

__all__ = ["Candidate", "bundled", "candidates", "http_event", "request"]

import json
import os
import shutil
import sys
import sysconfig
from dataclasses import dataclass
from importlib.metadata import distribution
from pathlib import Path
from typing import TYPE_CHECKING, Any

from function.contract import MODEL_FILE
from function.settings import Settings
from infra.tree import compile_bytecode, replacing
from loadtests.errors import InputError

if TYPE_CHECKING:
    from function.contract import Contract
    from infra.bundle import Bundle

RIVALS = Path(__file__).with_name("rivals")
CLIENT = ("awslambdaric", "simplejson", "snapshot-restore-py")
BINDING = ("onnxruntime", "numpy")
UNUSED = ("backend", "datasets", "quantization", "tools", "transformers", "tests", "_pyinstaller", "include")
"""Folders of the binding that no inference needs; a lean conventional bundle would leave them out, too."""

TRUSTED = frozenset({"numpy", "scipy", "sklearn"})
"""Packages whose types an estimator's file may hold besides those that skops trusts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A handler to start.

    Attributes:
        name: Short.
        title: For people.
        folder: From which the runtime client imports the handler.
        handler: As Lambda is told.
        env: The whole environment.
    """

    name: str
    title: str
    folder: Path
    handler: str
    env: dict[str, str]

    @property
    def command(self) -> list[str]:
        """Starts the runtime client with this interpreter, outside its virtual environment, as on Lambda."""
        return [str(Path(sys.executable).resolve()), "-P", "-s", "-m", "awslambdaric", self.handler]


def bundled(bundle: "Bundle", *, out: Path) -> Candidate:
    """Prepare the bundle alone.

    Args:
        bundle: Ours.
        out: Folder that keeps what was prepared.
    """
    return Candidate(
        name="nightjar",
        title="Nightjar",
        folder=bundle.path.resolve(),
        handler="function.handler.handler",
        env=_environment(bundle.path, _installed(CLIENT, out))
        | Settings(contract_sha256=bundle.contract_sha256).to_env(),
    )


def candidates(bundle: "Bundle", contract: "Contract", *, estimator: Path, out: Path) -> list[Candidate]:
    """Prepare everything that is measured; ``nightjar`` comes first, ``binding`` is the conventional floor.

    Args:
        bundle: Ours.
        contract: Its contract.
        estimator: The ``.skops`` file that it was converted from.
        out: Folder that keeps what was prepared.

    Raises:
        InputError: The estimator cannot be read.
    """
    client = _installed(CLIENT, out)
    binding = _installed(BINDING, out)
    result = [bundled(bundle, out=out)]
    everything = Path(sysconfig.get_path("purelib"))
    dumped, boosted = _other_models(contract, estimator, out)
    served = bundle.path.resolve() / "model" / MODEL_FILE
    for name, title, path, model in (
        ("empty", "empty handler", None, None),
        ("binding", "(a) Python binding, nothing else", binding, served),
        ("estimator", "(b) scikit-learn and joblib", everything, dumped),
        ("ancestor", "(c) pandas, boto3, xgboost", everything, boosted),
    ):
        folder = out / "rivals" / name
        with replacing(folder) as staged:
            shutil.copyfile(RIVALS / f"{name}.py", staged / f"{name}.py")
            compile_bytecode(staged, root=staged)
        env = _environment(folder, client, *([path] if path else [])) | {"BENCH_MODEL": str(model)}
        result.append(
            Candidate(name=name, title=title, folder=folder.resolve(), handler=f"{name}.handler", env=env)
        )
    return result


def request(contract: "Contract", *, advice: bool) -> dict[str, Any]:
    """Return an API Gateway event with one row, with or without something to advise on."""
    row = dict(contract.golden.rows[0].row)
    nullable = {feature.name for feature in contract.features if feature.nullable}
    for what_if in contract.actionable:
        if not advice:  # neither null nor what is already so can be changed for the better
            row[what_if.feature] = None if what_if.feature in nullable else what_if.to
        elif not what_if.applies_to(row.get(what_if.feature)):
            row[what_if.feature] = what_if.values[0] if what_if.values else what_if.low
    return http_event("/predictions", {"instances": [row]})


def http_event(path: str, document: Any) -> dict[str, Any]:
    """Return the API Gateway event of a POST of JSON."""
    body = json.dumps(document)
    return {
        "version": "2.0",
        "routeKey": f"POST {path}",
        "rawPath": path,
        "headers": {"content-type": "application/json", "content-length": str(len(body))},
        "requestContext": {"http": {"method": "POST", "path": path}, "stage": "$default"},
        "body": body,
        "isBase64Encoded": False,
    }


def _environment(*path: Path) -> dict[str, str]:
    return {
        "PATH": os.defpath,
        "LANG": "C.UTF-8",
        "PYTHONPATH": os.pathsep.join(str(folder.resolve()) for folder in path),
        "AWS_EXECUTION_ENV": "AWS_Lambda_python3.13",
        "AWS_LAMBDA_FUNCTION_NAME": "nightjar",
        "AWS_LAMBDA_FUNCTION_VERSION": "1",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1769",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_FORMAT": "JSON",
        "AWS_REGION": "eu-central-1",
    }


def _installed(names: tuple[str, ...], out: Path) -> Path:
    """Copy distributions of this environment without what is not used, compiled as the bundle is."""
    found = [distribution(name) for name in names]
    label = "-".join(f"{item.name}{item.version}" for item in found)
    target = out / "installed" / label
    if not target.is_dir():
        with replacing(target) as staged:
            for item in found:
                for file in item.files or ():
                    if _is_used(file.parts, file.name):
                        place = staged / file
                        place.parent.mkdir(parents=True, exist_ok=True)
                        shutil.copyfile(Path(str(item.locate_file(file))), place)
            compile_bytecode(staged, root=staged)
    return target


def _is_used(parts: tuple[str, ...], name: str) -> bool:
    if ".." in parts or "__pycache__" in parts or parts[0].endswith(".dist-info"):
        return False
    return not set(parts) & set(UNUSED) and not name.startswith("libonnxruntime.so.")


def _other_models(contract: "Contract", estimator: Path, out: Path) -> tuple[Path, Path]:
    """Write the estimator for joblib, and boosted trees of the usual size that learned the golden rows."""
    import joblib
    import pandas as pd
    import xgboost
    from skops.io import get_untrusted_types, load

    try:
        unknown = get_untrusted_types(file=estimator)
        trusted = [name for name in unknown if name.partition(".")[0] in TRUSTED]
        fitted = load(estimator, trusted=trusted)
    except Exception as error:
        raise InputError(
            f"cannot read {estimator}: {error}; give the converted model with --model"
        ) from error
    dumped, boosted = out / "estimator.joblib", out / "ancestor.ubj"
    joblib.dump(fitted, dumped)
    frame = pd.DataFrame([item.row for item in contract.golden.rows])
    for name in frame.columns:
        if not pd.api.types.is_numeric_dtype(frame[name]):
            frame[name] = pd.Categorical(frame[name]).codes
    half = [at % 2 for at in range(len(frame))]
    trees = xgboost.train({"max_depth": 4}, xgboost.DMatrix(frame.astype(float), half), num_boost_round=100)
    trees.save_model(boosted)
    return dumped.resolve(), boosted.resolve()
