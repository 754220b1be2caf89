"""Which files of which distribution travel to Lambda.

Whole files go or stay, nothing is rewritten. A distribution of the lock's group ``function`` that is in neither
table is refused, so that a new dependency is a decision and not an accident.
"""

__all__ = ["LEFT_OUT", "SHIPPED", "Shipped"]

from dataclasses import dataclass

from function.ort import LIBRARY_NAME


@dataclass(frozen=True, slots=True, kw_only=True)
class Shipped:
    """What of a distribution travels.

    Attributes:
        keep: Patterns of files to keep, where the wheel has them; each must match.
        licences: Patterns of files that must accompany them; they go to ``LICENSES/<distribution>/``.
        into: Folder of the bundle that takes the kept files without their own folders; None leaves them where
            they are.
    """

    keep: tuple[str, ...]
    licences: tuple[str, ...]
    into: str | None = None


SHIPPED = {
    # Logger and Metrics; the package itself imports the tracer, and they import utilities.jmespath_utils. Event
    # handlers and the other utilities are most of it.
    "aws-lambda-powertools": Shipped(
        keep=(
            "aws_lambda_powertools/*.py",
            "aws_lambda_powertools/exceptions/*.py",
            "aws_lambda_powertools/logging/**/*.py",
            "aws_lambda_powertools/metrics/**/*.py",
            "aws_lambda_powertools/shared/*.py",
            "aws_lambda_powertools/tracing/*.py",
            "aws_lambda_powertools/utilities/__init__.py",
            "aws_lambda_powertools/utilities/jmespath_utils/*.py",
            "aws_lambda_powertools/warnings/*.py",
        ),
        licences=("aws_lambda_powertools-*.dist-info/licenses/*",),
    ),
    "jmespath": Shipped(keep=("jmespath/*.py",), licences=("jmespath-*.dist-info/LICENSE",)),
    # The C library that function.ort calls, not the Python binding.
    "onnxruntime": Shipped(
        keep=(f"onnxruntime/capi/{LIBRARY_NAME}",),
        licences=("onnxruntime/LICENSE", "onnxruntime/ThirdPartyNotices.txt"),
        into="lib",
    ),
    "typing-extensions": Shipped(
        keep=("typing_extensions.py",), licences=("typing_extensions-*.dist-info/licenses/*",)
    ),
}

LEFT_OUT = frozenset({"flatbuffers", "numpy", "packaging", "protobuf"})
"""Only onnxruntime's Python binding needs them."""
