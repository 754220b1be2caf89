"""What a user of the service does, for Locust: sends real rows and compares what comes back.

``python -m loadtests.gate`` starts it and judges what it records. By hand, with Locust's own page:

    python -m locust -f loadtests/locustfile.py --web-host 127.0.0.1 --host <base-url>
"""

import json
from itertools import count
from pathlib import Path
from random import Random
from time import perf_counter
from typing import TYPE_CHECKING, Any

import gevent
from locust import FastHttpUser, events, task
from locust.user.task import LOCUST_STATE_RUNNING

from loadtests.grading import Fault, grade, is_cold
from loadtests.known import load_known
from loadtests.samples import Recorder, Sample

if TYPE_CHECKING:
    from loadtests.known import KnownAnswers

PAUSE_S = (0.01, 0.09)
SEED = 1
HEADERS = {"content-type": "application/json"}


def _add_arguments(parser: Any) -> None:
    parser.add_argument("--data", default="model/data/yrbss.csv", help="CSV with the rows to send")
    parser.add_argument("--artefact", default="build/model", help="folder of the model that is deployed")
    parser.add_argument("--samples", default="", help="file for one line of JSON a request")
    parser.add_argument("--patience-s", type=float, default=15.0, help="how long a client waits for a byte")


def _prepare(environment: Any, **_: Any) -> None:
    options = environment.parsed_options
    environment.nightjar_known = load_known(data=Path(options.data), artefact=Path(options.artefact))
    environment.nightjar_recorder = Recorder(Path(options.samples)) if options.samples else None
    environment.nightjar_users = count()
    PredictionUser.connection_timeout = PredictionUser.network_timeout = options.patience_s
    # Timers count from the loop's last look at the clock, which was before all this: the time would be up early.
    gevent.get_hub().loop.update_now()


def _finish(environment: Any, **_: Any) -> None:
    if environment.nightjar_recorder is not None:
        environment.nightjar_recorder.close()


class PredictionUser(FastHttpUser):
    """Asks for predictions, with a short pause between.

    Redirects are not followed: no other host is to get traffic.
    """

    insecure = False  # certificates are verified, unlike Locust's default

    def __init__(self, environment: Any) -> None:
        super().__init__(environment)
        self._known: KnownAnswers = environment.nightjar_known
        self._recorder: Recorder | None = environment.nightjar_recorder
        self._random = Random(f"{SEED}/{next(environment.nightjar_users)}")  # noqa: S311 - to be repeatable

    @task
    def ask(self) -> None:
        """Ask until the test ends.

        One task for all requests: a user who pauses between tasks is killed when the test ends, and may by then
        have sent the next request.
        """
        while self._state == LOCUST_STATE_RUNNING:
            self._predict()
            gevent.sleep(self._random.uniform(*PAUSE_S))

    def _predict(self) -> None:
        """Send one request and record it, whatever becomes of it."""
        cases = self._known.draw(self._random)
        body = json.dumps({"instances": [case.row for case in cases]})
        status, cold = 0, False
        fault: Fault | None = Fault(kind="failed", reason="cut off", detail="the test ended before an answer")
        elapsed_s = None
        start_s = perf_counter()
        try:
            with self.client.post(
                "/predictions", data=body, headers=HEADERS, catch_response=True, allow_redirects=False
            ) as response:
                elapsed_s = perf_counter() - start_s
                status = response.status_code
                cold = is_cold((response.headers or {}).get("server-timing"))
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
            if self._recorder is not None:
                self._recorder.write(
                    Sample(
                        started_s=start_s,
                        elapsed_s=elapsed_s,
                        status=status,
                        rows=len(cases),
                        cold=cold,
                        fault=fault,
                    )
                )


def _failed(error: BaseException) -> Fault:
    reason = type(error).__name__
    return Fault(kind="failed", reason=reason, detail=str(error) or reason)


hooks: Any = events  # registering is not typed
hooks.init_command_line_parser.add_listener(_add_arguments)
hooks.init.add_listener(_prepare)
hooks.quitting.add_listener(_finish)
