"""The console answers its own page and nobody else's, and passes requests on to the API unchanged."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from flask.testing import FlaskClient

from function.contract import Contract
from infra.local.console.app import create_app

HOST = "127.0.0.1:4000"


class Echo(BaseHTTPRequestHandler):
    """An API that answers with what it was sent."""

    def do_POST(self) -> None:
        """Answer 422 with the path and body."""
        body = self.rfile.read(int(self.headers["content-length"]))
        answer = json.dumps({"path": self.path, "body": body.decode()}).encode()
        self.send_response(422)
        self.send_header("content-type", "application/problem+json")
        self.send_header("server-timing", "total;dur=1")
        self.send_header("access-control-allow-origin", "*")
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *args: object) -> None:
        """Write nothing."""


@pytest.fixture
def api_url() -> Iterator[str]:
    """Address of the echo."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Echo) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture
def client(contract: Contract, api_url: str) -> FlaskClient:
    """A browser of the console."""
    app = create_app(contract=contract, api_url=api_url, dashboard=lambda: {"widgets": [], "alarms": []})
    client = app.test_client()
    client.environ_base["HTTP_HOST"] = HOST
    return client


def test_the_page_asks_every_feature(client: FlaskClient, contract: Contract) -> None:
    """With its name as the control's, and nothing from elsewhere."""
    answer = client.get("/")
    assert answer.status_code == 200
    for feature in contract.features:
        assert f'name="{feature.name}"' in answer.text
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'self';")
    assert "http" not in policy


def test_a_request_reaches_the_api_unchanged_and_so_does_its_answer(client: FlaskClient) -> None:
    """Status, type, timing and body; no CORS header comes through."""
    answer = client.post("/api/predictions", data=b'{"a": 1e3}', content_type="application/json")
    assert (answer.status_code, answer.content_type) == (422, "application/problem+json")
    assert json.loads(answer.text) == {"path": "/predictions", "body": '{"a": 1e3}'}
    assert answer.headers["server-timing"] == "total;dur=1"
    assert not [name for name, _ in answer.headers if name.lower().startswith("access-control")]


@pytest.mark.parametrize("path", ["/", "/dashboard.json", "/static/console.js", "/api/predictions"])
@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "attacker.example"}, 421),
        ({"Host": "127.0.0.1.attacker.example:4000"}, 421),
        ({"Origin": "https://attacker.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://127.0.0.1:5000"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
    ],
)
def test_strangers_are_refused_everywhere(
    client: FlaskClient, path: str, headers: dict[str, str], status: int
) -> None:
    """Another host name (DNS rebinding), another page, a page on another port."""
    answer = client.get(path, headers=headers)
    assert answer.status_code == status
    assert "wanted" in answer.text


@pytest.mark.parametrize("host", ["127.0.0.1:4000", "localhost:4000", "[::1]:4000"])
def test_the_own_page_is_answered_under_each_name_of_loopback(client: FlaskClient, host: str) -> None:
    """A request with the page's own origin passes."""
    headers = {"Host": host, "Origin": f"http://{host}", "Sec-Fetch-Site": "same-origin"}
    assert client.get("/dashboard.json", headers=headers).json == {"widgets": [], "alarms": []}


def test_a_silent_api_is_reported(contract: Contract) -> None:
    """As a bad gateway, with the reason."""
    app = create_app(contract=contract, api_url="http://127.0.0.1:9")
    answer = app.test_client().post("/api/predictions", data=b"{}")
    assert answer.status_code == 502
    assert "does not answer" in answer.text


def test_no_dashboard_is_shown_where_there_is_none(contract: Contract) -> None:
    """Neither its section nor its data."""
    client = create_app(contract=contract, api_url="http://127.0.0.1:9").test_client()
    assert client.get("/dashboard.json").status_code == 404
    assert "dashboard-title" not in client.get("/").text
