"""`LogServer`: the page of `ashore open` and what it asks for, for this machine alone."""

import json
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import resources
from math import isfinite
from threading import Thread
from urllib.parse import parse_qs, urlsplit

from ashore.adapt.errors import AdaptError
from ashore.hardware.errors import HardwareError
from ashore.launch.viewer.shown_log import ShownLog
from ashore.launch.web_viewer import LOOPBACK

FILES = {
    "/": ("index.html", "text/html; charset=utf-8"),
    "/page.js": ("page.js", "text/javascript; charset=utf-8"),
    "/charts.js": ("charts.js", "text/javascript; charset=utf-8"),
    "/page.css": ("page.css", "text/css; charset=utf-8"),
}
"""What the page is made of, by its address."""
PLOTS = "/plotly.min.js"
HOME = (LOOPBACK, "localhost")
"""Names that a browser on this machine calls this server by; another one is somebody's trick."""
Query = Mapping[str, str]


class LogServer:
    """Serves logs to a browser on this machine."""

    def __init__(
        self, logs: Sequence[ShownLog], port: int, look: Callable[[float], None], scene: int | None
    ) -> None:
        """Take a port.

        Args:
            logs: what is shown.
            port: to serve on; 0 for a free one.
            look: told the time that the page shows [s].
            scene: port of the 3-D viewer; None if there is none.

        Raises:
            AdaptError: the port is taken, or none.
        """
        self._logs, self._look, self._scene = logs, look, scene
        answer = self._answer

        class Handler(BaseHTTPRequestHandler):
            """Answers one request."""

            def do_GET(self) -> None:
                """Answer."""
                if (self.headers.get("Host") or "").rsplit(":", 1)[0] not in HOME:
                    self.send_error(HTTPStatus.FORBIDDEN, "for this machine alone")
                    return
                status, kind, body = answer(self.path)
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.send_header("Cache-Control", "no-store")
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing."""

        try:
            self._server = ThreadingHTTPServer((LOOPBACK, port), Handler)
        except (OSError, OverflowError) as error:
            raise AdaptError(
                f"cannot serve the page on port {port}: it is taken, or no port; choose another "
                "with --port, or leave it out for a free one"
            ) from error
        self._server.daemon_threads = True
        self.port = int(self._server.server_address[1])
        self._thread = Thread(target=self._server.serve_forever, name="log-server", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Serve no more."""
        self._server.shutdown()
        self._server.server_close()

    def _answer(self, address: str) -> tuple[int, str, bytes]:
        parts = urlsplit(address)
        query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        if parts.path in FILES:
            name, kind = FILES[parts.path]
            page = resources.files("ashore.launch.viewer").joinpath("page", name)
            return HTTPStatus.OK, kind, page.read_bytes()
        if parts.path == PLOTS:
            library = resources.files("plotly").joinpath("package_data", "plotly.min.js")
            return HTTPStatus.OK, "text/javascript; charset=utf-8", library.read_bytes()
        asked = {
            "/api/logs": self._facts,
            "/api/table": self._table,
            "/api/extremes": self._extremes,
            "/api/predicted": self._predicted,
            "/api/time": self._time,
        }.get(parts.path)
        if asked is None:
            return _json({"error": f"nothing is at {parts.path}"}, HTTPStatus.NOT_FOUND)
        try:
            return _json(asked(query))
        except (KeyError, ValueError, IndexError, OverflowError) as error:
            what = f"not to be understood: {error}"
            return _json({"error": what}, HTTPStatus.BAD_REQUEST)
        except (AdaptError, HardwareError) as error:
            return _json({"error": str(error)}, HTTPStatus.NOT_FOUND)

    def _facts(self, query: Query) -> object:
        return {"logs": [log.facts() for log in self._logs], "scene": self._scene}

    def _table(self, query: Query) -> object:
        return self._log(query).table(*_stretch(query))

    def _extremes(self, query: Query) -> object:
        return self._log(query).extremes(*_stretch(query))

    def _predicted(self, query: Query) -> object:
        begin, end = float(query["begin"]), float(query["end"])
        return self._log(query).predicted(query["name"], begin, end)

    def _time(self, query: Query) -> object:
        self._look(float(query["at"]))
        return {}

    def _log(self, query: Query) -> ShownLog:
        return self._logs[int(query["log"])]


def _stretch(query: Query) -> tuple[str, str, float, float, int]:
    """Topic, signal, first and last time [s], and points."""
    begin, end = float(query["begin"]), float(query["end"])
    if not isfinite(end - begin):
        raise ValueError(f"{begin:g} to {end:g} s is no stretch of time")
    return query["topic"], query["name"], begin, end, int(query["points"])


def _json(body: object, status: int = HTTPStatus.OK) -> tuple[int, str, bytes]:
    return status, "application/json", json.dumps(body).encode()
