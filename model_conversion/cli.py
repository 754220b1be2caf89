"""The command line of the conversion.

Exit codes: 0 done, 1 parity failed, 2 usage or bad input, 3 unsupported, 4 out of time or memory.
"""

__all__ = ["main"]

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from function.errors import ArtefactError
from model_conversion.errors import ConversionError, InputError
from model_conversion.sandbox import run_limited

if TYPE_CHECKING:
    from collections.abc import Sequence

    from model_conversion.material import Progress
    from model_conversion.report import Report

CODES = """\
exit codes: 0 done, 1 parity failed (nothing written), 2 usage or bad input, 3 unsupported,
            4 out of time or memory, 130 interrupted"""

CONVERT = """\
example:
  python -m model_conversion convert model/sleep.skops --data model/data/yrbss.csv \\
      --schema model/schema.toml --evidence model/evidence.toml --out build/model"""

VERIFY = """\
example:
  python -m model_conversion verify build/model --model model/sleep.skops \\
      --data model/data/yrbss.csv --schema model/schema.toml"""

SCHEMA = """\
example:
  python -m model_conversion schema --data model/data/yrbss.csv --target sleeps_8_hours --out schema.toml"""

EVIDENCE = """\
example:
  python -m model_conversion evidence model/sleep.skops --data model/data/yrbss.csv \\
      --schema model/schema.toml --out model/evidence.toml"""

INSPECT = """\
example:
  python -m model_conversion inspect build/model"""


def main(argv: "Sequence[str] | None" = None) -> int:
    """Run a command and return its exit code.

    Args:
        argv: Arguments without the program's name; None means the process's own.
    """
    options = _parser().parse_args(argv)
    try:
        if hasattr(options, "timeout_s"):
            output: str = run_limited(
                options.run,
                (options,),
                timeout_s=options.timeout_s,
                memory_mb=options.memory_mb,
                progress=_progress,
            )
        else:
            output = options.run(options)
    except ConversionError as error:
        _clear()
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    except ArtefactError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        _clear()
        return 130
    _clear()
    print(output)
    return 0


def _convert(options: argparse.Namespace, report_step: "Progress") -> str:
    from model_conversion.convert import convert_model  # seconds of imports that --help does not need
    from model_conversion.material import Request

    request = Request(
        model=options.model,
        data=options.data,
        schema=options.schema,
        out=options.out,
        evidence=options.evidence,
        target=options.target,
        trusted=tuple(options.trust),
        trust_pickle=options.trust_pickle,
        precision=options.precision,
    )
    report = convert_model(request, report_step)
    if options.json:
        return json.dumps(report.to_json(), indent=1)
    return (
        f"{_summary(report)}\n{'written':<12}{options.out} in {report.seconds:.1f} s, see report.html there"
    )


def _verify(options: argparse.Namespace, report_step: "Progress") -> str:
    from model_conversion.convert import verify_artefact
    from model_conversion.material import Request

    request = Request(
        model=options.model,
        data=options.data,
        schema=options.schema,
        out=options.artefact,
        target=options.target,
        trusted=tuple(options.trust),
        trust_pickle=options.trust_pickle,
    )
    report = verify_artefact(request, report_step)
    return json.dumps(report.to_json(), indent=1) if options.json else _summary(report)


def _evidence(options: argparse.Namespace, report_step: "Progress") -> str:
    from model_conversion.material import Request
    from model_conversion.whatifs import measure_what_ifs, write_evidence

    request = Request(
        model=options.model,
        data=options.data,
        schema=options.schema,
        out=options.out,
        target=options.target,
        trusted=tuple(options.trust),
        trust_pickle=options.trust_pickle,
    )
    measured = measure_what_ifs(
        request,
        report_step,
        resamples=options.resamples,
        seed=options.seed,
        confidence=options.confidence,
    )
    write_evidence(options.out, measured)
    if options.json:
        return json.dumps(measured.to_dict(), indent=1)
    return f"{measured.table()}\nwritten to {options.out}"


def _schema(options: argparse.Namespace) -> str:
    from model_conversion.inference import schema_toml

    text = schema_toml(options.data, target=options.target)
    if options.out is None:
        return text.rstrip()
    if options.out.exists():
        raise InputError(
            f"{options.out} exists, and what stands in it may be written by hand; give another --out"
        )
    try:
        options.out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(f"cannot write {options.out}: {error.strerror}; give another --out") from error
    return f"written to {options.out}; read it through and edit what the comments ask for"


def _inspect(options: argparse.Namespace) -> str:
    from function.contract import load_contract, read_model
    from model_conversion.inspection import describe

    contract = load_contract(options.artefact)
    read_model(options.artefact, contract)
    return json.dumps(contract.to_dict(), indent=1) if options.json else describe(contract)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m model_conversion",
        description="Turn a fitted scikit-learn model into ONNX and prove that it still gives the same answers.",
        epilog=f"{CONVERT}\n\n{CODES}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    convert = _command(
        commands,
        "convert",
        "convert, prove and write model.onnx, contract.json and the report",
        CONVERT,
        _convert,
    )
    convert.add_argument(
        "model",
        type=Path,
        help="fitted estimator: .skops, XGBoost .json or .ubj, LightGBM .txt, .joblib",
    )
    _add_inputs(convert)
    convert.add_argument(
        "--evidence", type=Path, help="measured what-ifs, TOML; without it no advice is given"
    )
    convert.add_argument(
        "--out", type=Path, required=True, help="folder to write, new or an earlier artefact's"
    )
    convert.add_argument(
        "--precision",
        default="auto",
        help="auto (the cheapest that passes the proof, the default), float32 or float64",
    )
    verify = _command(
        commands, "verify", "prove an existing artefact again, perhaps on other data", VERIFY, _verify
    )
    verify.add_argument("artefact", type=Path, help="folder with model.onnx and contract.json")
    verify.add_argument("--model", type=Path, required=True, help="the estimator that it was converted from")
    _add_inputs(verify)
    schema = _command(commands, "schema", "write a first schema.toml from data, to edit", SCHEMA, _schema)
    schema.add_argument("--data", type=Path, required=True, help="CSV with a header, or Parquet")
    schema.add_argument("--target", help="the column with the true answer")
    schema.add_argument("--out", type=Path, help="file to write; without it the schema is printed")
    evidence = _command(
        commands, "evidence", "measure a schema's what-ifs by bootstrap, for advice", EVIDENCE, _evidence
    )
    evidence.add_argument("model", type=Path, help="fitted estimator: .skops, .joblib; it is fitted again")
    _add_inputs(evidence)
    evidence.add_argument("--out", type=Path, required=True, help="evidence.toml, new or an earlier one")
    evidence.add_argument(
        "--resamples", type=int, default=300, help="how often to fit again (default: %(default)s)"
    )
    evidence.add_argument("--seed", type=int, default=0, help="of the resamples (default: %(default)s)")
    evidence.add_argument(
        "--confidence", type=float, default=0.95, help="of the intervals (default: %(default)s)"
    )
    inspect = _command(commands, "inspect", "print a contract as a table", INSPECT, _inspect)
    inspect.add_argument("artefact", type=Path, help="folder with model.onnx and contract.json")
    inspect.add_argument("--json", action="store_true", help="print the contract as JSON")
    return parser


def _command(commands: Any, name: str, about: str, example: str, run: Any) -> argparse.ArgumentParser:
    command: argparse.ArgumentParser = commands.add_parser(
        name,
        help=about,
        description=about,
        epilog=f"{example}\n\n{CODES}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.set_defaults(run=run)
    return command


def _add_inputs(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--data", type=Path, required=True, help="rows to prove on, CSV with a header or Parquet"
    )
    command.add_argument(
        "--schema", type=Path, help="features and target, TOML; without it inferred from the data"
    )
    command.add_argument("--target", help="the data's column with the true answer, where there is no schema")
    command.add_argument(
        "--trust",
        action="append",
        default=[],
        metavar="TYPE",
        help="a type that the file may use; repeatable",
    )
    command.add_argument(
        "--trust-pickle",
        action="store_true",
        help="load a pickle, which runs any program in it with your rights",
    )
    command.add_argument(
        "--timeout-s", type=float, default=1800, help="stop after so long (default: %(default)s)"
    )
    command.add_argument(
        "--memory-mb", type=int, default=8000, help="stop at so much memory (default: %(default)s)"
    )
    command.add_argument("--json", action="store_true", help="print the report as JSON")


def _summary(report: "Report") -> str:
    model, proof = report.contract.model, report.attempts[-1]
    sources = ", ".join(f"{count:,} {source}" for source, count in report.comparison.counts().items())
    return "\n".join(
        [
            report.verdict,
            "",
            f"{'model':<12}{model.name} {model.version} ({model.task}, {model.size_bytes:,} bytes)",
            f"{'precision':<12}{model.precision}",
            f"{'proved':<12}{proof.rows:,} rows: {sources}",
            f"{'':<12}{proof.flips} other classes, {proof.ties} ties, largest difference {proof.max_abs_error:.1e} "
            f"(allowed {proof.tolerance:.1e})",
            f"{'advice':<12}{len(report.contract.actionable)} what-ifs that the evidence supports",
        ]
    )


def _progress(step: str) -> None:
    if sys.stderr.isatty():
        print(f"\r\033[K{step} …", end="", file=sys.stderr, flush=True)


def _clear() -> None:
    if sys.stderr.isatty():
        print("\r\033[K", end="", file=sys.stderr, flush=True)
