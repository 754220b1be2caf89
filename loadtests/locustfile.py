"""Users who ask again and again, for Locust: real rows, and what comes back is compared.

``python -m loadtests.gate`` starts it and judges what it records. By hand, with Locust's own page:

    python -m locust -f loadtests/locustfile.py --web-host 127.0.0.1 --host <base-url>
"""

from itertools import count
from random import Random
from typing import Any

import gevent
from locust import task
from locust.user.task import LOCUST_STATE_RUNNING

from loadtests.asking import SEED, Asker, hooks

PAUSE_S = (0.01, 0.09)


def _prepare(environment: Any, **_: Any) -> None:
    environment.nightjar_users = count()


class PredictionUser(Asker):
    """Asks for predictions, with a short pause between."""

    def __init__(self, environment: Any) -> None:
        super().__init__(environment)
        self._random = Random(f"{SEED}/{next(environment.nightjar_users)}")  # noqa: S311 - to be repeatable

    @task
    def ask_on(self) -> None:
        """Ask until the test ends.

        One task for all requests: a user who pauses between tasks is killed when the test ends, and may by then
        have sent the next request.
        """
        while self._state == LOCUST_STATE_RUNNING:
            self.ask(self._known.draw(self._random))
            gevent.sleep(self._random.uniform(*PAUSE_S))


hooks.init.add_listener(_prepare)
