"""The command line of the conversion.

Exit codes: 0 done, 1 parity failed, 2 usage or bad input, 3 unsupported, 4 out of time or memory.
"""

__all__ = ["main"]

import argparse
import json
import sys
from typing import TYPE_CHECKING

from function.errors import ArtefactError
from model_conversion.errors import ConversionError, InputError
from model_conversion.options import parser_of
from model_conversion.sandbox import run_limited

if TYPE_CHECKING:
    from collections.abc import Sequence

    from model_conversion.material import Progress
    from model_conversion.report import Report


def main(argv: "Sequence[str] | None" = None) -> int:
    """Run a command and return its exit code.

    Args:
        argv: Arguments without the program's name; None means the process's own.
    """
    options = parser_of(
        convert=_convert, verify=_verify, schema=_schema, evidence=_evidence, inspect=_inspect
    ).parse_args(argv)
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
    from model_conversion.artefact import write_file
    from model_conversion.inference import schema_toml

    text = schema_toml(options.data, target=options.target)
    if options.out is None:
        return text.rstrip()
    if options.out.exists():
        raise InputError(
            f"{options.out} exists, and what stands in it may be written by hand; give another --out"
        )
    write_file(options.out, text)
    return f"written to {options.out}; read it through and edit what the comments ask for"


def _inspect(options: argparse.Namespace) -> str:
    from function.contract import load_contract, read_model
    from model_conversion.inspection import describe

    contract = load_contract(options.artefact)
    read_model(options.artefact, contract)
    return json.dumps(contract.to_dict(), indent=1) if options.json else describe(contract)


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
