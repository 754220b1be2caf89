"""The console listens on loopback alone, and ends with its block."""

import socket

import flask
import pytest

from infra.local.console.server import ConsoleError, serving
from infra.local.http import request


def test_it_serves_for_the_length_of_the_block() -> None:
    """On a free port; nothing listens afterwards."""
    app = flask.Flask("empty")
    app.add_url_rule("/", view_func=lambda: "here")
    with serving(app) as url:
        assert url.startswith("http://127.0.0.1:")
        answer = request(url)
        assert answer is not None
        assert answer.body == "here"
    assert request(url, timeout_s=1) is None


def test_a_taken_port_is_named_with_the_way_out() -> None:
    """Nothing is half started."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        wanted = pytest.raises(ConsoleError, match=f"port {port} .* --console-port")
        with wanted, serving(flask.Flask("empty"), port=port):
            pass
