"""One request of a load test, for Locust's users: sent, compared with the known answer and recorded.

Importing this registers the command line arguments that every kind of load has.
"""

__all__ = ["SEED", "Asker", "hooks"]

import json
import os
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

import gevent
from locust import FastHttpUser, events

from loadtests.credentials import authoriser
from loadtests.grading import Fault, grade
from loadtests.known import load_known
from loadtests.samples import Recorder, Sample
from loadtests.timing import Timing, read_timing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from loadtests.known import Case, KnownAnswers

SEED = 1
HEADERS = {"content-type": "application/json"}

hooks: Any = events  # registering is not typed


def _add_arguments(parser: Any) -> None:
    parser.add_argument("--data", default="model/data/yrbss.csv", help="rows to send, CSV or Parquet")
    parser.add_argument("--artefact", default="build/model", help="folder of the model that is deployed")
    parser.add_argument("--samples", default="", help="file for one line of JSON a request")
    parser.add_argument("--patience-s", type=float, default=15.0, help="how long a client waits for a byte")
    parser.add_argument(
        "--auth", choices=("none", "iam", "bearer"), default="none", help="what the API wants to see"
    )


def _prepare(environment: Any, **_: Any) -> None:
    options = environment.parsed_options
    environment.nightjar_known = load_known(data=Path(options.data), artefact=Path(options.artefact))
    environment.nightjar_recorder = Recorder(Path(options.samples)) if options.samples else None
    Asker.connection_timeout = Asker.network_timeout = options.patience_s
    # Timers count from the loop's last look at the clock, which was before all this: the time would be up early.
    gevent.get_hub().loop.update_now()


def _finish(environment: Any, **_: Any) -> None:
    if environment.nightjar_recorder is not None:
        environment.nightjar_recorder.close()


class Asker(FastHttpUser):
    """Who can ask for predictions; from several greenlets at once, if need be."""

    abstract = True
    insecure = False  # certificates are verified, unlike Locust's default

    def __init__(self, environment: Any) -> None:
        super().__init__(environment)
        # No other host is to get traffic. Locust's own way to say so, an argument of each request, is lifted by
        # whichever request ends first.
        agent: Any = self.client.client
        agent.redirect_response_codes = frozenset()
        self._known: KnownAnswers = environment.nightjar_known
        self._recorder: Recorder | None = environment.nightjar_recorder
        self._authorise = authoriser(environment.parsed_options.auth, url=self.host or "", env=os.environ)
        self._url = f"{self.host}/predictions"

    def ask(self, cases: "Sequence[Case]", *, due_s: float | None = None, late_s: float = 0.0) -> Sample:
        """Send one request and record it, whatever becomes of it.

        Args:
            cases: What to ask.
            due_s: When it was to be sent, in an open load.
            late_s: How much later it is sent.
        """
        body = json.dumps({"instances": [case.row for case in cases]})
        headers = self._authorise(self._url, body.encode(), HEADERS)
        status, timing = 0, Timing()
        fault: Fault | None = Fault(kind="failed", reason="cut off", detail="the test ended before an answer")
        elapsed_s = None
        start_s = perf_counter()
        try:
            with self.client.post(
                "/predictions", data=body, headers=headers, catch_response=True
            ) as response:
                elapsed_s = perf_counter() - start_s
                status = response.status_code
                timing = read_timing((response.headers or {}).get("server-timing"))
                if status:
                    fault = grade(self._known, cases, status=status, body=response.content or b"")
                else:
                    fault = _failed(response.error)
                if fault is None:
                    response.success()
                else:
                    response.failure(f"{fault.reason}: {fault.detail}")
        except Exception as error:
            fault = _failed(error)
            raise
        finally:
            if elapsed_s is None:
                elapsed_s = perf_counter() - start_s
            sample = Sample(
                started_s=start_s,
                elapsed_s=elapsed_s,
                status=status,
                rows=len(cases),
                cold=timing.cold,
                fault=fault,
                due_s=due_s,
                late_s=late_s,
                total_ms=timing.total_ms,
                init_ms=timing.init_ms,
            )
            if self._recorder is not None:
                self._recorder.write(sample)
        return sample


def _failed(error: BaseException) -> Fault:
    reason = type(error).__name__
    return Fault(kind="failed", reason=reason, detail=str(error) or reason)


hooks.init_command_line_parser.add_listener(_add_arguments)
hooks.init.add_listener(_prepare)
hooks.quitting.add_listener(_finish)
