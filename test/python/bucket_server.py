"""A server of objects as S3 and Google's storage serve them, on this machine: as much as readers of voxels ask for."""

from __future__ import annotations

import contextlib
import http.server
import re
import threading
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    from pathlib import Path

MISSING = b"<?xml version='1.0'?><Error><Code>NoSuchKey</Code><Message>no such key</Message></Error>"
GOOGLE = re.compile(r"/storage/v1/b/([^/]+)/o/([^/]+)$")


class Objects(http.server.BaseHTTPRequestHandler):
    """Files of a folder as objects of a bucket: ``/bucket/key``, or Google's longer way of saying it."""

    root: Path
    asked: list[str]

    def log_message(self, *_):
        pass

    def do_HEAD(self):
        self.do_GET()

    def do_GET(self):
        path = urlsplit(self.path).path
        google = GOOGLE.search(path)
        key = unquote(google[2]) if google else unquote(path).strip("/").partition("/")[2]
        self.asked.append(key)
        file = self.root / key
        if ".." in key or not file.is_file():
            self._answer(404, MISSING)
            return
        data = file.read_bytes()
        span = re.fullmatch(r"bytes=(\d*)-(\d*)", self.headers.get("Range", ""))
        if span is None or span[0] == "bytes=-":
            self._answer(200, data)
            return
        start = int(span[1]) if span[1] else max(0, len(data) - int(span[2]))
        end = min(int(span[2]) + 1 if span[1] and span[2] else len(data), len(data))
        self._answer(206, data[start:end], {"Content-Range": f"bytes {start}-{end - 1}/{len(data)}"})

    def _answer(self, status, data, more=()):
        self.send_response(status)
        changed = "Sun, 22 Nov 2026 12:00:00 GMT"
        headers = {"Content-Length": len(data), "ETag": '"one"', "x-goog-generation": 1, "Last-Modified": changed}
        for name, value in {**headers, **dict(more)}.items():
            self.send_header(name, str(value))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)


@contextlib.contextmanager
def bucket_server(root: Path):
    """Its address, and the keys that were asked for."""
    asked: list[str] = []
    handler = type("Handler", (Objects,), {"root": root, "asked": asked})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        server.server_close()
