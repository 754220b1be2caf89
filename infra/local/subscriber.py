"""An HTTP subscriber of the alarm topic, on the loopback interface: what Slack is on AWS."""

__all__ = ["Subscriber", "SubscriberError", "subscriber"]

import json
import queue
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from function.errors import NightjarError
from infra.local.http import request

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra.local.emulator import Emulator


class SubscriberError(NightjarError):
    """No message came."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscriber:
    """What the topic delivered.

    Attributes:
        received: Pairs of the moment of arrival (monotonic seconds) and SNS's envelope.
    """

    received: "queue.Queue[tuple[float, dict[str, Any]]]" = field(default_factory=queue.Queue)

    def alarm_message(
        self, *, alarm: str, state: str, timeout_s: float = 15.0
    ) -> tuple[float, dict[str, Any]]:
        """Wait for an alarm's message; others that come before it are passed over.

        Returns:
            The moment of arrival, monotonic seconds, and the message.

        Raises:
            SubscriberError: It did not come in time.
        """
        deadline, others = time.monotonic() + timeout_s, []
        while (left_s := deadline - time.monotonic()) > 0:
            try:
                arrived, envelope = self.received.get(timeout=left_s)
            except queue.Empty:
                break
            message = json.loads(envelope["Message"])
            if (message.get("AlarmName"), message.get("NewStateValue")) == (alarm, state):
                return arrived, message
            others.append(f"{message.get('AlarmName')} {message.get('NewStateValue')}")
        raise SubscriberError(f"no message that {alarm} is {state} within {timeout_s:g} s; came: {others}")


@contextmanager
def subscriber(emulator: "Emulator", topic_arn: str) -> "Iterator[Subscriber]":
    """Subscribe to a topic for the length of the block, and confirm the subscription as SNS wants it.

    Raises:
        SubscriberError: The confirmation did not come.
    """
    result = Subscriber()
    confirmation: queue.Queue[str] = queue.Queue()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            envelope = json.loads(self.rfile.read(int(self.headers["content-length"])))
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()
            if envelope["Type"] == "SubscriptionConfirmation":
                confirmation.put(envelope["SubscribeURL"])
            elif envelope["Type"] == "Notification":
                result.received.put((time.monotonic(), envelope))

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        sns = emulator.client("sns")
        address = f"http://127.0.0.1:{server.server_address[1]}/"
        sns.subscribe(TopicArn=topic_arn, Protocol="http", Endpoint=address)
        try:
            url = confirmation.get(timeout=15)
        except queue.Empty:
            raise SubscriberError(f"{topic_arn} asked for no confirmation within 15 s") from None
        # The address names AWS's host; the query holds the token.
        confirmed = request(f"{emulator.endpoint}/?{url.partition('?')[2]}")
        if confirmed is None or confirmed.status != 200:
            raise SubscriberError(f"{topic_arn} did not accept the confirmation: {confirmed}")
        yield result
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
