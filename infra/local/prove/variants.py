"""Bundles and assemblies that differ from a good one in a single thing: what a bad day may deploy."""

__all__ = ["corrupted", "crashing", "renamed", "wrong"]

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from function.contract import CONTRACT_FILE, MODEL_FILE
from infra import bundle as bundles

if TYPE_CHECKING:
    from collections.abc import Callable

CRASH = "raise RuntimeError('this handler cannot start')\n"


def renamed(bundle: Path, *, scratch: Path, version: str) -> Path:
    """Return the bundle of the same graph under a new version, as a new conversion would have one."""

    def change(contract: dict[str, Any]) -> None:
        contract["model"]["version"] = version

    return _rebuilt(bundle, scratch / "renamed", change=change)


def wrong(bundle: Path, *, scratch: Path) -> Path:
    """Return a bundle whose graph does not answer a golden row as scikit-learn did."""

    def change(contract: dict[str, Any]) -> None:
        contract["model"]["version"] = "wrong"
        scores = contract["golden"]["rows"][0]["scores"]
        scores[0] += 0.01

    return _rebuilt(bundle, scratch / "wrong", change=change)


def crashing(bundle: Path, *, scratch: Path) -> Path:
    """Return a bundle whose handler raises as it is imported."""
    function = shutil.copytree(
        bundles.FUNCTION, scratch / "crashing-function", ignore=shutil.ignore_patterns("__pycache__")
    )
    handler = function / "handler.py"
    handler.write_text(CRASH + handler.read_text())
    return _rebuilt(bundle, scratch / "crashing", function=function)


def corrupted(assembly: Path) -> Path:
    """Flip one bit of the model in a synthesised assembly, as a damaged upload would, and return the assembly.

    Synthesis itself refuses a bundle that is damaged before.
    """
    (model,) = assembly.glob(f"asset.*/model/{MODEL_FILE}")
    raw = bytearray(model.read_bytes())
    raw[len(raw) // 2] ^= 1
    model.write_bytes(raw)
    return assembly


def _rebuilt(
    bundle: Path,
    folder: Path,
    *,
    change: "Callable[[dict[str, Any]], None] | None" = None,
    function: Path = bundles.FUNCTION,
) -> Path:
    model = folder / "model"
    shutil.copytree(bundle / "model", model)
    if change is not None:
        path = model / CONTRACT_FILE
        contract = json.loads(path.read_text())
        change(contract)
        path.write_text(json.dumps(contract))
    out = folder / "bundle"
    given = bundles.read(bundle)
    bundles.build(model, out, cache=Path("build/cache"), architecture=given.architecture, function=function)
    return out
