"""The console: one page on loopback that asks the model's questions, shows the answer and the dashboard.

A page in the same browser, from anywhere, can send requests to a server on loopback. So a request must name this
server as its host (against DNS rebinding) and come from this page or from none, and no CORS header is ever sent.
The API is reached through ``/api/``, which has the same origin.
"""

__all__ = ["create_app"]

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import flask
import plotly
import urllib3

from infra.local.console.questions import questions

if TYPE_CHECKING:
    from collections.abc import Callable

    from function.contract import Contract

_NAMES = frozenset({"127.0.0.1", "localhost", "[::1]"})
_BODY_BYTES = 6 * 1024 * 1024
"""Largest request body. Source: Lambda's quota for a synchronous invocation, 6 MB."""

_TIMEOUT_S = 30.0
_PASSED = ("content-type", "server-timing")
_CHARTS = Path(plotly.__file__).with_name("package_data") / "plotly.min.js"
_POLICY = (
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
)
"""Everything from here; the chart library writes styles into the page."""


def create_app(
    *,
    contract: "Contract",
    api_url: str,
    dashboard: "Callable[[], dict[str, Any]] | None" = None,
    observe: "Callable[..., None] | None" = None,
) -> flask.Flask:
    """Return the console.

    Args:
        contract: The model's contract: the questions come from it.
        api_url: Base address of the API on this machine.
        dashboard: Returns widgets with their series and alarms with their states, ready for JSON; None shows
            no dashboard.
        observe: Told of each answer that was passed on: ``status`` and ``latency_ms``.
    """
    app = flask.Flask(__name__, static_folder="static", template_folder="templates")
    app.config["MAX_CONTENT_LENGTH"] = _BODY_BYTES
    pool = urllib3.PoolManager(retries=False, timeout=_TIMEOUT_S)

    @app.before_request
    def refuse_strangers() -> tuple[str, int] | None:
        return _refusal(flask.request)

    @app.after_request
    def harden(response: flask.Response) -> flask.Response:
        response.headers["Content-Security-Policy"] = _POLICY
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["Cache-Control"] = "no-store"
        return response

    @app.get("/")
    def page() -> str:
        return flask.render_template(
            "console.html.j2",
            model=contract.model,
            outputs=contract.outputs,
            questions=questions(contract),
            api_url=api_url,
            dashboard=dashboard is not None,
        )

    @app.get("/plotly.min.js")
    def charts() -> flask.Response:
        return flask.send_file(_CHARTS, mimetype="text/javascript")

    @app.get("/dashboard.json")
    def series() -> Any:
        if dashboard is None:
            flask.abort(404)
        return flask.jsonify(dashboard())

    @app.route("/api/<path:path>", methods=["GET", "POST"])
    def proxy(path: str) -> flask.Response:
        start = time.perf_counter()
        answer = _forward(pool, api_url, path)
        if observe is not None:
            observe(status=answer.status_code, latency_ms=(time.perf_counter() - start) * 1e3)
        return answer

    return app


def _refusal(request: flask.Request) -> tuple[str, int] | None:
    """Return why a request is not answered, or None."""
    if urlsplit(f"//{request.host}").hostname not in {name.strip("[]") for name in _NAMES}:
        return f"the host is {request.host!r}, wanted this machine's loopback address\n", 421
    origin = request.headers.get("Origin")
    if origin is not None and origin != f"http://{request.host}":
        return f"the origin is {origin!r}, wanted http://{request.host}\n", 403
    # A browser tells where a request comes from even where it sends no origin (a link, an image).
    site = request.headers.get("Sec-Fetch-Site", "none")
    if site not in {"same-origin", "none"}:
        return f"the request comes from a page that is {site!r}, wanted this one\n", 403
    return None


def _forward(pool: urllib3.PoolManager, api_url: str, path: str) -> flask.Response:
    request = flask.request
    headers = {"content-type": request.content_type} if request.content_type else {}
    try:
        answer = pool.request(
            request.method, f"{api_url}/{path}", body=request.get_data() or None, headers=headers
        )
    except urllib3.exceptions.HTTPError as error:
        return flask.Response(f"the API does not answer: {error}\n", status=502, mimetype="text/plain")
    passed = {name: answer.headers[name] for name in _PASSED if name in answer.headers}
    return flask.Response(answer.data, status=answer.status, headers=passed)
