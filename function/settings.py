"""The only place that reads the function's environment, and its twin that writes it.

CDK calls :meth:`Settings.to_env`, the function calls :meth:`Settings.from_env`; so a variable's name exists
once. The same goes for the metrics, which the function writes and the stack draws and watches.
"""

__all__ = ["METRICS_NAMESPACE", "PROBABILITY_METRIC", "VALUE_METRIC", "Settings", "score_metric"]

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from function.errors import ArtefactError

if TYPE_CHECKING:
    from collections.abc import Mapping

TASK_ROOT = Path(__file__).resolve().parent.parent
"""Where the bundle is unpacked: ``/var/task`` on Lambda."""

METRICS_NAMESPACE = "Nightjar"

PROBABILITY_METRIC = "PredictionProbability"
"""Positive-class probability of each answered row; unit none."""

VALUE_METRIC = "PredictionValue"
"""What a model without probabilities answers to each row; unit none."""

_VARIABLES: dict[str, tuple[str, type[str] | type[int]]] = {
    "contract_sha256": ("NIGHTJAR_CONTRACT_SHA256", str),
    "service": ("POWERTOOLS_SERVICE_NAME", str),
    "log_level": ("POWERTOOLS_LOG_LEVEL", str),
    "max_instances": ("NIGHTJAR_MAX_INSTANCES", int),
    "max_body_bytes": ("NIGHTJAR_MAX_BODY_BYTES", int),
    "model_folder": ("NIGHTJAR_MODEL_FOLDER", str),
    "library_folder": ("NIGHTJAR_LIBRARY_FOLDER", str),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a deployment tells the function.

    Attributes:
        contract_sha256: What ``contract.json`` must hash to, lower-case hex.
        service: Name in every log line and metric dimension.
        log_level: Powertools log level; metrics need INFO or lower to leave Lambda.
        max_instances: Largest number of rows in a request.
        max_body_bytes: Largest request body, decoded.
        model_folder: Where the artefact is; relative to the bundle, or absolute.
        library_folder: Where onnxruntime's C library is; likewise.
    """

    contract_sha256: str
    service: str = "nightjar"
    log_level: str = "INFO"
    max_instances: int = 1000
    max_body_bytes: int = 1_000_000
    model_folder: str = "model"
    library_folder: str = "lib"

    @property
    def model_path(self) -> Path:
        """Folder of the artefact."""
        return TASK_ROOT / self.model_folder

    @property
    def library_path(self) -> Path:
        """Folder of onnxruntime's C library."""
        return TASK_ROOT / self.library_folder

    @classmethod
    def from_env(cls, env: "Mapping[str, str]") -> Self:
        """Read the settings of this deployment; an absent variable leaves the default.

        Raises:
            ArtefactError: The contract's hash is not set, or a number is not one.
        """
        given: dict[str, Any] = {}
        for field, (variable, parse) in _VARIABLES.items():
            if variable in env:
                try:
                    given[field] = parse(env[variable])
                except ValueError as error:
                    raise ArtefactError(
                        f"environment variable {variable} is {env[variable]!r}, wanted a whole number; "
                        "deploy with infra, which sets it"
                    ) from error
        if "contract_sha256" not in given:
            raise ArtefactError(
                "environment variable NIGHTJAR_CONTRACT_SHA256 is not set, wanted the SHA-256 of contract.json; "
                "deploy with infra, which sets it"
            )
        return cls(**given)

    def to_env(self) -> dict[str, str]:
        """Return the variables that :meth:`from_env` reads, and those that steer libraries."""
        own = {variable: str(getattr(self, field)) for field, (variable, _) in _VARIABLES.items()}
        return own | {"POWERTOOLS_METRICS_NAMESPACE": METRICS_NAMESPACE, "ORT_DISABLE_TELEMETRY": "1"}


def score_metric(task: str) -> str:
    """Return the name of the metric that the function writes for a task, and that the stack draws and watches."""
    return PROBABILITY_METRIC if task == "classification" else VALUE_METRIC
