"""Assemble the bundle: what image, zip, local deployment, benchmarks and tests all run, byte for byte.

Exit codes: 0 built; 2 refused, with one sentence on standard error; 130 interrupted.

Example:
    python -m infra.bundle --artefact build/model --out build/bundle
"""

__all__ = ["Bundle", "BundleError", "build", "main", "parser", "read"]

import argparse
import hashlib
import json
import os
import shutil
import signal
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from function.contract import CONTRACT_FILE, MODEL_FILE, load_contract, read_model
from function.errors import ArtefactError
from function.ort import LIBRARY_NAME, LIBRARY_VERSION
from function.routes import DESCRIPTION_FILE
from infra.commandline import parser_of, refuse
from infra.dependencies import ARCHITECTURES, PYTHON, ROOT, prepare
from infra.openapi import render
from infra.tree import BundleError, compile_bytecode, digest, files, replacing, stamp

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MANIFEST_FILE = "bundle.json"
FUNCTION = ROOT / "function"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """What is deployed.

    Attributes:
        path: Its folder: the task root, and the context of the image's build.
        digest: SHA-256 over the paths and contents of its files, lower-case hex.
        size_bytes: Of its files.
        contract_sha256: Of ``model/contract.json``, lower-case hex; the function is told to want it.
        architecture: Of the processor it runs on, by Lambda's name.
        onnxruntime_version: Of its C library.
    """

    path: Path
    digest: str
    size_bytes: int
    contract_sha256: str
    architecture: str
    onnxruntime_version: str


def build(
    model: Path,
    out: Path,
    *,
    cache: Path,
    architecture: str = "x86_64",
    function: Path = FUNCTION,
    env: "Mapping[str, str]" = os.environ,
    progress: bool = False,
) -> Bundle:
    """Write a bundle, whole or not at all.

    Args:
        model: Folder with the artefact.
        out: Folder to write; an older bundle there is replaced.
        cache: Folder that keeps the dependencies for the next build.
        architecture: Of the processor it will run on, by Lambda's name.
        function: The function's source.
        env: The environment; ``UV`` and ``PATH`` say where uv is.
        progress: Whether uv may draw on standard error.

    Raises:
        ArtefactError: The artefact is missing or damaged.
        BundleError: This is another Python, there is no uv, ``out`` is something else, a module does not
            compile, or the lock does not hold what is to be shipped.
    """
    _require_python(sys.implementation.name, sys.version_info[:2])
    if architecture not in ARCHITECTURES:
        raise BundleError(f"architecture is {architecture!r}, wanted one of {', '.join(ARCHITECTURES)}")
    contract, graph = _read_artefact(model)
    target = out.resolve()
    _require_replaceable(target)
    dependencies = prepare(architecture=architecture, cache=cache, env=env, progress=progress)
    manifest = {
        "architecture": architecture,
        "python": ".".join(map(str, PYTHON)),
        "dependencies": dependencies.versions,
    }
    with replacing(target) as staged:
        shutil.copytree(dependencies.path, staged, copy_function=shutil.copyfile, dirs_exist_ok=True)
        _copy_function(function, staged / "function")
        compile_bytecode(staged / "function", root=staged)
        (staged / "model").mkdir()
        (staged / "model" / CONTRACT_FILE).write_bytes(contract)
        (staged / "model" / MODEL_FILE).write_bytes(graph)
        description = render(load_contract(staged / "model"))
        (staged / DESCRIPTION_FILE).write_text(description, encoding="utf-8")
        (staged / MANIFEST_FILE).write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
        stamp(staged)
    return read(out)


def read(path: Path) -> Bundle:
    """Describe a bundle that was built before.

    Raises:
        ArtefactError: Its artefact is missing or damaged.
        BundleError: It is missing, is not one, or was built for another onnxruntime than the function calls.
    """
    try:
        manifest = json.loads((path / MANIFEST_FILE).read_bytes())
        architecture, version = manifest["architecture"], manifest["dependencies"]["onnxruntime"]
    except FileNotFoundError:
        raise BundleError(f"there is no bundle in {path}; run `make bundle`") from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BundleError(
            f"{path / MANIFEST_FILE} is not what infra.bundle writes ({type(error).__name__}: {error}); run "
            "`make bundle`"
        ) from error
    if not (path / "lib" / LIBRARY_NAME).is_file():
        raise BundleError(
            f"{path} lacks lib/{LIBRARY_NAME}, which the function calls; it has onnxruntime {version}, wanted "
            f"{LIBRARY_VERSION}; run `make bundle`"
        )
    contract, _ = _read_artefact(path / "model")
    return Bundle(
        path=path,
        digest=digest(path),
        size_bytes=sum(file.stat().st_size for file in files(path)),
        contract_sha256=hashlib.sha256(contract).hexdigest(),
        architecture=architecture,
        onnxruntime_version=version,
    )


def parser() -> argparse.ArgumentParser:
    """Return the command line's parser."""
    result = parser_of("infra.bundle", __doc__)
    result.add_argument(
        "--artefact",
        type=Path,
        default=Path("build/model"),
        help="the converted model (default: %(default)s)",
    )
    result.add_argument(
        "--out", type=Path, default=Path("build/bundle"), help="folder to write (default: %(default)s)"
    )
    result.add_argument(
        "--cache",
        type=Path,
        default=Path("build/cache"),
        help="folder that keeps the dependencies for the next build (default: %(default)s)",
    )
    result.add_argument(
        "--architecture",
        choices=ARCHITECTURES,
        default="x86_64",
        help="of the processor it will run on (default: %(default)s)",
    )
    result.add_argument("--json", action="store_true", help="print what was built as JSON")
    return result


def main(argv: "Sequence[str] | None" = None) -> int:
    """Build as the command line says; see the module for exit codes."""
    options = parser().parse_args(argv)
    try:
        bundle = build(
            options.artefact,
            options.out,
            cache=options.cache,
            architecture=options.architecture,
            progress=sys.stderr.isatty(),
        )
    except (ArtefactError, BundleError, OSError) as error:
        refuse(error)
        return 2
    except KeyboardInterrupt:
        return 130
    if options.json:
        print(json.dumps({**asdict(bundle), "path": str(bundle.path)}))
    else:
        print(
            f"{bundle.path}  {bundle.size_bytes / 1e6:.1f} MB for {bundle.architecture}, "
            f"onnxruntime {bundle.onnxruntime_version}\n"
            f"  contract {bundle.contract_sha256}\n"
            f"  bundle   {bundle.digest}"
        )
    return 0


def _require_python(implementation: str, version: tuple[int, int]) -> None:
    if (implementation, version) != ("cpython", PYTHON):
        raise BundleError(
            f"this is {implementation} {version[0]}.{version[1]}, wanted CPython {PYTHON[0]}.{PYTHON[1]}, as on "
            "Lambda, because bytecode is compiled for it; run with .venv/bin/python"
        )


def _require_replaceable(target: Path) -> None:
    if not target.exists() or (target / MANIFEST_FILE).is_file():
        return
    if not target.is_dir() or any(target.iterdir()):
        raise BundleError(
            f"{target} is there and is not a bundle, wanted a bundle or a free name; choose another --out"
        )


def _read_artefact(folder: Path) -> tuple[bytes, bytes]:
    """Return the contract's bytes and the model's, checked."""
    load_contract(folder)  # says what is wrong when it cannot be read
    contract = (folder / CONTRACT_FILE).read_bytes()
    # The model is checked against these very bytes, although a conversion may replace the folder meanwhile.
    parsed = load_contract(folder, sha256=hashlib.sha256(contract).hexdigest())
    return contract, read_model(folder, parsed)


def _copy_function(source: Path, target: Path) -> None:
    for path in [*source.rglob("*.py"), source / "Dockerfile"]:
        (target / path.relative_to(source)).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target / path.relative_to(source))


if __name__ == "__main__":
    signal.signal(
        signal.SIGTERM, signal.default_int_handler
    )  # an ended build clears up as an interrupted one
    sys.exit(main())
