"""AWS Deadline Cloud in small, on the loopback: what its client asks for when it submits a bundle, and a bucket for files.

It answers as the service does where that matters to the client, keeps what was sent, and knows no other calls.
"""

from __future__ import annotations

import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Dict, List, Tuple

FARM, QUEUE, JOB = "farm-" + 32 * "1", "queue-" + 32 * "2", "job-" + 32 * "3"
BUCKET = "show-files"
_QUEUE_PATH = f"/2023-10-12/farms/{FARM}/queues/{QUEUE}"
_WHEN = "2026-01-01T00:00:00Z"


class DeadlineStub:
    """A context manager; `jobs` are the bodies of CreateJob, `files` what was put into the bucket, by key.

    Args:
        attachments: whether the queue has a bucket, so that the client uploads a bundle's files.
        refuse: what CreateJob answers instead of a job.
    """

    def __init__(self, *, attachments: bool = False, refuse: str = "") -> None:
        self.attachments, self.refuse = attachments, refuse
        self.jobs: List[Dict[str, Any]] = []
        self.files: Dict[str, bytes] = {}
        self.unknown: List[str] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> DeadlineStub:
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def answer(self, method: str, path: str, body: bytes) -> Tuple[int, Any]:
        """Status and JSON of a call."""
        if (method, path) == ("GET", _QUEUE_PATH):
            queue: Dict[str, Any] = {
                "queueId": QUEUE, "farmId": FARM, "displayName": "mattes", "status": "SCHEDULING",
                "defaultBudgetAction": "NONE", "createdAt": _WHEN, "createdBy": "td",
            }  # fmt: skip
            if self.attachments:
                queue["jobAttachmentSettings"] = {"s3BucketName": BUCKET, "rootPrefix": "show"}
            return 200, queue
        if (method, path) == ("GET", f"{_QUEUE_PATH}/environments"):
            return 200, {"environments": []}
        if (method, path) == ("GET", f"{_QUEUE_PATH}/user-roles"):
            keys = {"accessKeyId": "fake", "secretAccessKey": "fake", "sessionToken": "fake"}
            return 200, {"credentials": {**keys, "expiration": "2099-01-01T00:00:00Z"}}
        if (method, path) == ("POST", f"{_QUEUE_PATH}/jobs"):
            self.jobs.append(json.loads(body))
            return (400, {"message": self.refuse}) if self.refuse else (200, {"jobId": JOB})
        if (method, path) == ("GET", f"{_QUEUE_PATH}/jobs/{JOB}"):
            return 200, {
                "jobId": JOB, "name": "any", "priority": 50, "createdAt": _WHEN, "createdBy": "td",
                "lifecycleStatus": "CREATE_COMPLETE", "lifecycleStatusMessage": "Job creation completed.",
            }  # fmt: skip
        self.unknown.append(f"{method} {path}")
        return 404, {"message": f"The stub has no {method} {path}."}

    def bucket(self, method: str, key: str, body: bytes) -> int:
        """Status of a call to the bucket."""
        if method == "PUT":
            self.files[key] = body
        return 200 if key in self.files or not key else 404


def _handler(stub: DeadlineStub) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _do(self) -> None:
            body = self._body()
            path = self.path.partition("?")[0]
            if path.startswith(f"/{BUCKET}"):
                self._send(stub.bucket(self.command, path[len(BUCKET) + 2 :], body), b"")
                return
            status, answer = stub.answer(self.command, path, body)
            self._send(status, json.dumps(answer).encode(), kind="application/json")

        do_GET = do_PUT = do_POST = do_HEAD = _do

        def _body(self) -> bytes:
            if self.headers.get("Transfer-Encoding", "") == "chunked" or "aws-chunked" in self.headers.get(
                "Content-Encoding", ""
            ):
                return self._aws_chunks()
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))

        def _aws_chunks(self) -> bytes:
            """Chunks with their sizes in hexadecimal, then check sums as trailers."""
            found = b""
            raw = self.rfile.read(int(self.headers["Content-Length"])) if self.headers.get("Content-Length") else None
            while raw is None:
                size = int(self.rfile.readline().split(b";")[0], 16)
                if size == 0:
                    while self.rfile.readline().strip():
                        pass
                    return found
                found += self.rfile.read(size)
                self.rfile.readline()
            while match := re.match(rb"([0-9a-fA-F]+)[^\r]*\r\n", raw):
                size = int(match.group(1), 16)
                if size == 0:
                    break
                found += raw[match.end() : match.end() + size]
                raw = raw[match.end() + size + 2 :]
            return found

        def _send(self, status: int, body: bytes, *, kind: str = "application/xml") -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            if self.command == "PUT":
                self.send_header("ETag", '"0"')
            if status == 400:
                self.send_header("x-amzn-ErrorType", "ValidationException")
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def log_message(self, *arguments: Any) -> None:
            """Says nothing."""

    return Handler
