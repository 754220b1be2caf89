"""The locked distributions for Lambda's platform: fetched with their hashes, trimmed, compiled once and kept.

The lock's group ``function`` decides the versions, :mod:`infra.shipped` the files.
"""

__all__ = ["ARCHITECTURES", "PYTHON", "Dependencies", "Requirement", "find_uv", "prepare", "select"]

import hashlib
import os
import re
import shutil
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from function.ort import LIBRARY_VERSION
from infra import shipped, tree
from infra.caches import uv_cache
from infra.shipped import LEFT_OUT, SHIPPED
from infra.tree import BundleError, compile_bytecode

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ROOT = Path(__file__).resolve().parent.parent

PYTHON = (3, 13)
"""Lambda's Python; bytecode is compiled by the same one."""

ARCHITECTURES = {"x86_64": "x86_64-manylinux_2_28", "arm64": "aarch64-manylinux_2_28"}
"""Lambda's name of a processor → uv's name of the platform; the runtime's glibc is 2.34."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """One locked distribution.

    Attributes:
        name: Normalised, ``typing-extensions``.
        version: The locked one.
        text: Its lines of a requirements file, with every hash.
    """

    name: str
    version: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Dependencies:
    """The shipped files of every distribution, compiled.

    Attributes:
        path: Their tree. It belongs to the cache and must not be changed.
        versions: Distribution → version.
    """

    path: Path
    versions: dict[str, str]


def prepare(*, architecture: str, cache: Path, env: "Mapping[str, str]", progress: bool) -> Dependencies:
    """Return the dependencies; fetch them when the cache lacks them.

    Args:
        architecture: A key of :data:`ARCHITECTURES`.
        cache: Folder that keeps such trees, one for every lock, processor, interpreter and table.
        env: The environment; ``UV`` and ``PATH`` say where uv is.
        progress: Whether uv may draw on standard error.

    Raises:
        BundleError: There is no uv, or the lock or a wheel does not hold what is to be shipped.
    """
    uv = find_uv(env)
    export = ["export", "--frozen", "--only-group", "function", "--no-emit-project", "--no-header"]
    requirements = select(_run(uv, [*export, "--no-annotate", "--python", sys.executable]))
    versions = {requirement.name: requirement.version for requirement in requirements}
    lines = "".join(requirement.text for requirement in requirements)
    cached = cache / f"dependencies-{_key(lines, architecture)}"
    if not cached.is_dir():
        cache.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(prefix=f".{cached.name}-", dir=cache) as scratch:
            installed, kept = Path(scratch) / "installed", Path(scratch) / "kept"
            _install(uv, lines, installed, architecture=architecture, progress=progress)
            _keep(installed, kept)
            compile_bytecode(kept, root=kept)
            with suppress(OSError):  # another build was quicker; its tree is the same
                kept.rename(cached)
        if not cached.is_dir():
            raise BundleError(f"{cached} cannot be written; delete {cache} and bundle again")
    return Dependencies(path=cached, versions=versions)


def find_uv(env: "Mapping[str, str]", *, kept: Path = ROOT / ".tools/uv") -> Path:
    """Return a uv that runs: ``UV``, then those on ``PATH``, then the one that ``make`` keeps.

    Being found is not enough: a version manager's shim may be there and answer 127.

    Args:
        env: The environment.
        kept: The one that ``make`` keeps.

    Raises:
        BundleError: None runs.
    """
    candidates = [Path(env["UV"])] if env.get("UV") else []
    candidates += [Path(folder, "uv") for folder in env.get("PATH", "").split(os.pathsep) if folder]
    candidates.append(kept)
    for candidate in map(Path.absolute, candidates):
        with suppress(OSError):
            if subprocess.run([candidate, "--version"], capture_output=True).returncode == 0:
                return candidate
    raise BundleError(
        "no uv that runs in UV or on PATH, wanted one to fetch the locked dependencies; run `make bundle`, or "
        "install uv (https://docs.astral.sh/uv/)"
    )


def select(export: str) -> list[Requirement]:
    """Pick what is shipped from the lock's group.

    Args:
        export: The group as a requirements file, every distribution pinned and hashed.

    Raises:
        BundleError: A distribution is unknown or missing, or onnxruntime is not the version that the function
            calls.
    """
    found = {}
    for text in re.findall(r"^[A-Za-z0-9].*\n(?:[ \t]+.*\n)*", export.strip() + "\n", flags=re.MULTILINE):
        name, _, version = text.split(maxsplit=1)[0].partition("==")
        found[name] = Requirement(name=name, version=version, text=text)
    if unknown := sorted(found.keys() - SHIPPED.keys() - LEFT_OUT):
        raise BundleError(
            f"the lock's group function holds {', '.join(unknown)}, which infra/shipped.py does not know; add "
            "it to SHIPPED or LEFT_OUT there"
        )
    if missing := sorted(SHIPPED.keys() - found.keys()):
        raise BundleError(
            f"the lock's group function lacks {', '.join(missing)}, which the bundle ships; add it to the group in "
            "pyproject.toml and lock again, or delete it from SHIPPED in infra/shipped.py"
        )
    if (version := found["onnxruntime"].version) != LIBRARY_VERSION:
        raise BundleError(
            f"the lock has onnxruntime {version}, function/ort.py calls {LIBRARY_VERSION}; lock that one, or check "
            "the table in function/ort.py against the new one"
        )
    return [found[name] for name in sorted(SHIPPED)]


def _key(lines: str, architecture: str) -> str:
    made_of = [lines, architecture, sys.version]
    made_of += [
        Path(module).read_text(encoding="utf-8") for module in (__file__, shipped.__file__, tree.__file__)
    ]
    return hashlib.sha256("\0".join(made_of).encode()).hexdigest()[:16]


def _install(uv: Path, lines: str, target: Path, *, architecture: str, progress: bool) -> None:
    file = target.with_name("requirements.txt")
    file.write_text(lines, encoding="utf-8")
    command = ["pip", "install", "--python", sys.executable, "--python-version", ".".join(map(str, PYTHON))]
    command += ["--python-platform", ARCHITECTURES[architecture], "--only-binary", ":all:", "--no-deps"]
    command += ["--require-hashes", "--target", str(target), "--requirements", str(file)]
    _run(uv, command, progress=progress)


def _run(uv: Path, arguments: "Sequence[str]", *, progress: bool = False) -> str:
    done = subprocess.run(
        [uv, *arguments, *([] if progress else ["--quiet"])],
        cwd=ROOT,
        env={**os.environ, **uv_cache(uv)},
        stdout=subprocess.PIPE,
        stderr=None if progress else subprocess.PIPE,
        text=True,
    )
    if done.returncode:
        reason = " ".join((done.stderr or "see above").split())
        raise BundleError(f"uv {arguments[0]} ended with status {done.returncode}: {reason}")
    return done.stdout


def _keep(installed: Path, kept: Path) -> None:
    # Copied, never moved: what uv installs may be hard links into its cache.
    for name, entry in SHIPPED.items():
        for path in _match(installed, name, entry.keep):
            _copy(path, kept / (Path(entry.into, path.name) if entry.into else path.relative_to(installed)))
        for path in _match(installed, name, entry.licences):
            _copy(path, kept / "LICENSES" / name / path.name)


def _match(installed: Path, name: str, patterns: tuple[str, ...]) -> list[Path]:
    matched = []
    for pattern in patterns:
        paths = sorted(path for path in installed.glob(pattern) if path.is_file())
        if not paths:
            raise BundleError(
                f"{name} has no {pattern}, which the bundle ships; correct SHIPPED in infra/shipped.py"
            )
        matched += paths
    return matched


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
