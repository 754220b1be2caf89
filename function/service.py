"""The loaded model behind HTTP and self-test: dispatch, timing and what is logged of each request."""

__all__ = ["Service"]

from time import perf_counter
from typing import TYPE_CHECKING, Any

from function.contract import load_contract
from function.errors import InternalError, Problem, RequestError, SelfTestError
from function.predictions import Predictions
from function.predictor import Predictor, self_test
from function.routes import (
    DESCRIPTION_FILE,
    parse_event,
    path_of,
    problem,
    require_json,
    resolve,
    success,
    success_mixed,
    success_text,
)
from function.settings import METRICS_NAMESPACE, TASK_ROOT, score_metric
from function.telemetry import Telemetry
from function.validation import Limits

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from function.oip import Protocol
    from function.routes import Match, Response
    from function.settings import Settings


class Service:
    """The loaded model behind HTTP and self-test.

    Args:
        settings: What the deployment says.
        started: When this process began to load, on the clock of :func:`time.perf_counter`.
        folder: Where the bundle put the API's description.

    Raises:
        ArtefactError: The artefact is missing, damaged or another one than was deployed.
        RuntimeLibraryError: onnxruntime cannot be loaded.
    """

    def __init__(self, settings: "Settings", started: float, *, folder: "Path" = TASK_ROOT) -> None:
        contract = load_contract(settings.model_path, sha256=settings.contract_sha256)
        self._predictor = Predictor.load(settings.model_path, contract, library=settings.library_path)
        self._limits = Limits(settings.max_instances, settings.max_body_bytes)
        self._predictions = Predictions(self._predictor, self._limits)
        self._protocol: Protocol | None = None
        self._folder = folder
        self._telemetry = Telemetry(
            service=settings.service,
            namespace=METRICS_NAMESPACE,
            level=settings.log_level,
            model_version=contract.model.version,
            metric=score_metric(contract.model.task),
            edges=contract.baseline["score"]["edges"],
        )
        self._cold = True
        self._init_ms = (perf_counter() - started) * 1e3
        self._telemetry.started(init_ms=self._init_ms)

    def handle(self, event: "Mapping[str, Any]", request_id: str) -> "Response":
        """Answer one event.

        Args:
            event: An API Gateway event (payload format 2.0), or anything else for the self-test.
            request_id: Lambda's id of this invocation.

        Returns:
            An API Gateway response, or the self-test's result.

        Raises:
            SelfTestError: A golden row was answered differently.
            InternalError: Something unexpected; Lambda counts an error, the client gets the gateway's 500.
        """
        start = perf_counter()
        cold, self._cold = self._cold, False
        about: dict[str, Any] = {"request_id": request_id, "cold": cold}
        try:
            context = event.get("requestContext") if isinstance(event, dict) else None
            if not (isinstance(context, dict) and "http" in context):
                rows = self_test(self._predictor)
                self._telemetry.answered(operation="self_test", rows=rows, **about)
                return {"self_test": "passed", "rows": rows}
            return self._answer(event, about, start)
        except SelfTestError:
            raise
        except Exception as error:
            self._telemetry.failed(error, **about)
            raise InternalError(f"{type(error).__name__}; request {request_id}, see its log line") from None

    def _answer(self, event: "Mapping[str, Any]", about: dict[str, Any], start: float) -> "Response":
        operation = None
        try:
            request = parse_event(event)
            match = resolve(request)
            operation = match.operation
            if operation == "predict":
                require_json(request)
                document, facts = self._predictions.answer(request.body)
                response = success(document, self._timing(about["cold"], start, facts.infer_ms))
            elif operation == "infer":
                protocol = self._protocol_of(match)
                document, tail, facts = protocol.infer(request.headers, request.body)
                response = success_mixed(document, tail, self._timing(about["cold"], start, facts.infer_ms))
            else:
                response = self._describe(match, self._timing(about["cold"], start))
                self._telemetry.answered(operation=operation, status=200, total_ms=_since(start), **about)
                return response
            self._telemetry.predicted(facts, operation=operation, status=200, total_ms=_since(start), **about)
            return response
        except RequestError as error:
            response = problem(error, path_of(event), self._timing(about["cold"], start))
            self._telemetry.refused(
                title=error.title,
                problems=len(error.problems),
                operation=operation,
                status=response["statusCode"],
                total_ms=_since(start),
                **about,
            )
            return response

    def _describe(self, match: "Match", timing: dict[str, str]) -> "Response":
        """Answer what needs no prediction."""
        match match.operation:
            case "live":
                return success({"live": True}, timing)
            case "ready":  # the published specification says "live", KServe's own client looks for "ready"
                return success({"live": True, "ready": True}, timing)
            case "describe":
                return success_text(self._description(), timing)
            case "server":
                return success(self._protocol_of(match).server(), timing)
            case "metadata":
                return success(self._protocol_of(match).metadata(), timing)
            case _:
                return success(self._protocol_of(match).ready(), timing)

    def _description(self) -> str:
        try:
            return (self._folder / DESCRIPTION_FILE).read_text(encoding="utf-8")
        except FileNotFoundError:
            detail = Problem("#", "this deployment was not made from a bundle, wanted one of infra.bundle")
            raise RequestError(404, "There is no description", (detail,)) from None

    def _protocol_of(self, match: "Match") -> "Protocol":
        """Return the protocol, for the model that a path names."""
        if self._protocol is None:
            from function.oip import Protocol  # most environments are never asked

            self._protocol = Protocol(self._predictor, self._limits)
        if match.names:
            self._protocol.require_model(*match.names)
        return self._protocol

    def _timing(self, cold: bool, start: float, infer_ms: float | None = None) -> dict[str, str]:
        """Return the ``Server-Timing`` header: durations in ms, and ``cold`` on an environment's first answer."""
        parts = [f"total;dur={_since(start)}"]
        if infer_ms is not None:
            parts.insert(0, f"infer;dur={infer_ms:.3f}")
        if cold:
            parts += [f"init;dur={self._init_ms:.3f}", "cold"]
        return {"server-timing": ", ".join(parts)}


def _since(start: float) -> float:
    return round((perf_counter() - start) * 1e3, 3)
