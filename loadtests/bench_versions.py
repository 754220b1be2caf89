"""onnxruntime's versions side by side: what each adds to the bundle, to a whole start and to a request.

Each version's library, fetched from the package index, takes the place of the locked one in a copy of the bundle,
and whole starts alternate. A copy that leaves telemetry on tells whether a version has a thread for it.

Exit codes: 0 measured; 1 a handler failed; 2 a version or the bundle cannot be had; 130 or 143 stopped.

Example:
    python -m loadtests.bench_versions 1.27.0 1.31.1 1.32.0
"""

__all__ = ["Version", "as_table", "main", "variant"]

import json
import os
import shutil
import subprocess
import sys
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from function.contract import load_contract
from function.errors import NightjarError
from function.ort import LIBRARY_NAME, LIBRARY_VERSION
from infra.bundle import Bundle, BundleError, read
from infra.commandline import parser_of, refuse, whole_number
from infra.dependencies import find_uv
from infra.local.emulator import scratch_folder
from infra.local.process import Stopped, stop_on_signals
from infra.tree import compile_bytecode, replacing
from loadtests import bench_measure as measure
from loadtests.bench_candidates import bundled, request
from loadtests.bench_results import spread
from loadtests.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from loadtests.bench_results import Starts

_SILENT = 'os.environ["ORT_DISABLE_TELEMETRY"] = "1"'
_TALKING = 'os.environ.pop("ORT_DISABLE_TELEMETRY", None)'


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One version of the library.

    Attributes:
        name: ``1.32.0``.
        library_mb: Size of the C library, MB of 10**6 bytes.
        starts: Whole starts of the bundle with it.
        threads: Of the process after its first answer.
        threads_talking: The same with telemetry left on.
    """

    name: str
    library_mb: float
    starts: "Starts"
    threads: int
    threads_talking: int


def variant(bundle: Bundle, library: Path, *, out: Path, telemetry: bool = False) -> Bundle:
    """Return a copy of a bundle with another library.

    Args:
        bundle: What is copied.
        library: The other C library, ``libonnxruntime.so.<version>``.
        out: Folder to write.
        telemetry: Whether the library's telemetry is left on.

    Raises:
        InputError: ``function/ort.py`` no longer has what is to be replaced.
    """
    version = library.name.removeprefix("libonnxruntime.so.")
    changes = {f'LIBRARY_VERSION = "{LIBRARY_VERSION}"': f'LIBRARY_VERSION = "{version}"'}
    if telemetry:
        changes[_SILENT] = _TALKING
    with replacing(out) as staged:
        shutil.copytree(bundle.path, staged, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
        (staged / "lib" / LIBRARY_NAME).unlink()
        shutil.copyfile(library, staged / "lib" / library.name)
        module = staged / "function/ort.py"
        source = module.read_text()
        for old, new in changes.items():
            if source.count(old) != 1:
                raise InputError(f"function/ort.py holds {old} {source.count(old)} times, wanted once")
            source = source.replace(old, new)
        module.write_text(source)
        compile_bytecode(staged, root=staged)
    return replace(bundle, path=out, onnxruntime_version=version)


def _library(version: str, *, cache: Path) -> Path:
    """Fetch a version, unless it is there."""
    folder = cache / version
    found = folder / "onnxruntime/capi" / f"libonnxruntime.so.{version}"
    if not found.is_file():
        command = [
            str(find_uv(os.environ)),
            "pip",
            "install",
            "--quiet",
            "--no-deps",
            "--python",
            sys.executable,
        ]
        done = subprocess.run(
            [*command, "--target", str(folder), f"onnxruntime=={version}"], capture_output=True, text=True
        )
        if done.returncode or not found.is_file():
            raise InputError(
                f"onnxruntime {version} cannot be had: {done.stderr.strip()[-300:] or 'no C library in it'}"
            )
    return found


def run(versions: "Sequence[str]", *, bundle: Bundle, out: Path, rounds: int, scratch: Path) -> list[Version]:
    """Measure every version; the bundle's own contract proves each by its golden rows first.

    Raises:
        InputError: A version cannot be had.
        RunError: A handler failed, or answered golden rows differently.
    """
    event = request(load_contract(bundle.path / "model"), advice=True)
    libraries = {version: _library(version, cache=out / "wheels") for version in versions}
    candidates, threads = [], {}
    for version, library in libraries.items():
        for telemetry in (True, False):
            folder = out / "variants" / f"{version}{'-talking' if telemetry else ''}"
            built = variant(bundle, library, out=folder, telemetry=telemetry)
            candidate = replace(bundled(built, out=out), name=version, title=version)
            if telemetry:
                del candidate.env["ORT_DISABLE_TELEMETRY"]
            threads[version, telemetry] = measure.threads(candidate, event, scratch=scratch)
        candidates.append(candidate)
    starts = measure.alternate(candidates, event, rounds=rounds, warm=30, scratch=scratch, say=lambda _: None)
    return [
        Version(
            name=version,
            library_mb=library.stat().st_size / 1e6,
            starts=starts[version],
            threads=threads[version, False],
            threads_talking=threads[version, True],
        )
        for version, library in libraries.items()
    ]


def as_table(versions: "Sequence[Version]") -> str:
    """Return lines to print; × is the ratio to the last version."""
    last = versions[-1].starts
    lines = [
        f"{'onnxruntime':<13}{'library MB':>11}{'init ms, median [least … most]':>34}{'×':>6}{'least CPU ms':>14}"
        f"{'×':>6}{'warm ms':>9}{'×':>6}{'threads':>9}{'telemetry on':>14}"
    ]
    for item in versions:
        init = spread(item.starts.init_ms)
        shown = f"{init.median:.1f} [{init.low:.1f} … {init.high:.1f}]"
        # On a busy machine the least processor time is what others disturbed least.
        cpu, warm = min(item.starts.cpu_ms), spread(item.starts.warm_ms).median
        lines.append(
            f"{item.name:<13}{item.library_mb:>11.1f}{shown:>34}{init.median / spread(last.init_ms).median:>6.2f}"
            f"{cpu:>14.1f}{cpu / min(last.cpu_ms):>6.2f}{warm:>9.3f}{warm / spread(last.warm_ms).median:>6.2f}"
            f"{item.threads:>9}{item.threads_talking:>14}"
        )
    return "\n".join(lines)


def main(argv: "Sequence[str] | None" = None) -> int:
    """Measure as the command line says; see the module for exit codes."""
    parser = parser_of("loadtests.bench_versions", __doc__)
    parser.add_argument("versions", nargs="+", help="of onnxruntime, the one to compare with last")
    parser.add_argument(
        "--bundle", type=Path, default=Path("build/bundle"), help="what is started (default: %(default)s)"
    )
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("build/bench"),
        help="folder for what is fetched and built (default: %(default)s)",
    )
    parser.add_argument(
        "--rounds", type=whole_number(1), default=9, help="fresh processes of each (default: %(default)s)"
    )
    parser.add_argument("--json", action="store_true", help="print the results as JSON")
    options = parser.parse_args(argv)
    try:
        with stop_on_signals(), scratch_folder() as scratch:
            versions = run(
                options.versions,
                bundle=read(options.bundle),
                out=options.out.resolve(),
                rounds=options.rounds,
                scratch=scratch,
            )
    except Stopped as stopped:
        return 128 + stopped.signum
    except NightjarError as error:
        refuse(error)
        return 2 if isinstance(error, BundleError | InputError) else 1
    print(json.dumps([asdict(version) for version in versions]) if options.json else as_table(versions))
    return 0


if __name__ == "__main__":
    sys.exit(main())
