"""Versions of onnxruntime take the locked one's place in a copy of the bundle, and are started in turn."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from function.ort import LIBRARY_NAME, LIBRARY_VERSION
from infra.bundle import Bundle, build
from loadtests.bench_results import Starts
from loadtests.bench_versions import Version, as_table, main, variant
from loadtests.errors import InputError


@pytest.fixture(scope="module")
def bundle(artefact: Path, root: Path, tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """The example's."""
    return build(artefact, tmp_path_factory.mktemp("bundle") / "bundle", cache=root / "build/cache")


def test_a_variant_has_another_library_and_asks_for_it(bundle: Bundle, tmp_path: Path) -> None:
    """Compiled anew; telemetry is left on only when that is wanted; the bundle stays as it is."""
    other = tmp_path / "libonnxruntime.so.1.99.0"
    other.write_bytes(b"a library")
    made = variant(bundle, other, out=tmp_path / "variant", telemetry=True)
    assert [file.name for file in (made.path / "lib").iterdir()] == [other.name]
    source = (made.path / "function/ort.py").read_text()
    assert 'LIBRARY_VERSION = "1.99.0"' in source
    assert 'environ["ORT_DISABLE_TELEMETRY"] = "1"' not in source
    assert list((made.path / "function/__pycache__").glob("ort.*.pyc"))
    assert (bundle.path / "lib" / LIBRARY_NAME).is_file()


def test_a_module_that_is_written_otherwise_is_refused(bundle: Bundle, tmp_path: Path) -> None:
    """Or a variant would call one version and be named after another."""
    copy = tmp_path / "copy"
    shutil.copytree(bundle.path, copy)
    (copy / "function/ort.py").write_text("")
    with pytest.raises(InputError, match="0 times, wanted once"):
        variant(replace(bundle, path=copy), bundle.path / "lib" / LIBRARY_NAME, out=tmp_path / "variant")


def test_the_locked_version_is_measured_as_any_other(
    bundle: Bundle, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What was fetched before is not fetched again."""
    place = tmp_path / "wheels" / LIBRARY_VERSION / "onnxruntime/capi"
    place.mkdir(parents=True)
    shutil.copyfile(bundle.path / "lib" / LIBRARY_NAME, place / LIBRARY_NAME)
    arguments = [LIBRARY_VERSION, "--bundle", str(bundle.path), "--out", str(tmp_path), "--rounds", "1"]
    assert main(arguments) == 0
    _, line = capsys.readouterr().out.splitlines()
    assert line.startswith(LIBRARY_VERSION)


def test_the_table_compares_with_the_last_version() -> None:
    """Medians of times; of processor time the least."""

    def version(name: str, init_ms: tuple[float, ...]) -> Version:
        starts = Starts(init_ms=init_ms, cpu_ms=init_ms, first_ms=init_ms, warm_ms=init_ms)
        return Version(name=name, library_mb=23.7, starts=starts, threads=1, threads_talking=2)

    _, first, last = as_table([version("1.27.0", (30, 60, 90)), version("1.32.0", (40, 50, 60))]).splitlines()
    assert " ".join(first.split()) == "1.27.0 23.7 60.0 [30.0 … 90.0] 1.20 30.0 0.75 60.000 1.20 1 2"
    assert last.split()[6:9] == ["1.00", "40.0", "1.00"]


def test_a_version_that_there_is_not(
    bundle: Bundle, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One sentence and status 2, also where there is no network."""
    assert main(["0.0.1", "--bundle", str(bundle.path), "--out", str(tmp_path)]) == 2
    assert "onnxruntime 0.0.1 cannot be had" in capsys.readouterr().err
