"""Object stores on this machine, each a process of its own, and a proxy before them that fails as networks do."""

import http.client
import os
import re
import shutil
import subprocess
import sys
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

KEY = "test-key-id"
SECRET = "a-secret-that-nobody-may-read"


@contextmanager
def moto():
    """Start moto's server and give its port."""
    command = [sys.executable, "-c", "from moto.server import main; main(['-p', '0'])"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        try:
            line = next(line for line in process.stderr if "Running on" in line)
            threading.Thread(target=process.stderr.read, daemon=True).start()
            yield int(re.search(r":(\d+)", line)[1])
        finally:
            process.kill()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        pass  # a client that was killed


class Proxy:
    """Passes requests to a store, and fails the ones that a rule names.

    Attributes:
        requests: The method and the path of each request.
        rules: Functions that take a method and a path and return what happens to the request: None, the name of a fault
            below, or a status and a body to answer with at once.
    """

    def __init__(self, port):
        self.requests = []
        self.rules = []
        self._lock = threading.Lock()
        self._store = port
        self._server = _Server(("127.0.0.1", 0), self._make_handler())
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def endpoint(self):
        return f"http://127.0.0.1:{self._server.server_port}"

    def reset(self):
        self.requests.clear()
        self.rules.clear()

    def fail(self, fault, matching, *, times=1):
        """Let so many of the requests whose "METHOD path" matches a pattern have a fault."""
        left = [times]

        def rule(method, path):
            with self._lock:
                if left[0] and re.search(matching, f"{method} {path}"):
                    left[0] -= 1
                    return fault
            return None

        self.rules.append(rule)

    def close(self):
        self._server.shutdown()
        self._server.server_close()

    def _make_handler(proxy):  # noqa: N805 - the handler has a self of its own
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_any(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                proxy.requests.append((self.command, self.path))
                faults = (rule(self.command, self.path) for rule in list(proxy.rules))
                fault = next((each for each in faults if each is not None), None)
                headers = {name: value for name, value in self.headers.items() if name.lower() != "connection"}
                if isinstance(fault, str) and fault.startswith("ignores "):
                    ignored = fault.removeprefix("ignores ").lower()
                    headers = {name: value for name, value in headers.items() if name.lower() != ignored}
                if isinstance(fault, tuple):
                    self.answer(fault[0], {}, fault[1].encode())
                    return
                if fault == "breaks before":
                    self.break_off()
                    return
                connection = http.client.HTTPConnection("127.0.0.1", proxy._store, timeout=30)
                try:
                    connection.request(self.command, self.path, body, headers)
                    answer = connection.getresponse()
                    content = answer.read()
                finally:
                    connection.close()
                if fault == "succeeds and answers 500":
                    self.answer(500, {}, b"")
                elif fault == "succeeds and breaks":
                    self.break_off()
                elif fault == "breaks in the middle":
                    self.answer(answer.status, answer.headers, content, cut=True)
                else:
                    self.answer(answer.status, answer.headers, content)

            do_GET = do_PUT = do_HEAD = do_DELETE = do_POST = handle_any  # noqa: N815

            def answer(self, status, headers, content, *, cut=False):
                self.send_response_only(status)
                length = headers.get("Content-Length", str(len(content)))
                for name, value in headers.items():
                    if name.lower() not in {"connection", "transfer-encoding", "content-length"}:
                        self.send_header(name, value)
                self.send_header("Content-Length", length)
                self.end_headers()
                self.wfile.write(content[: len(content) // 2] if cut else content)
                if cut:
                    self.break_off()

            def break_off(self):
                self.wfile.flush()
                self.close_connection = True

            def log_message(self, *arguments):
                pass

        return Handler


@contextmanager
def azurite(folder):
    """Start azurite and give its port, or None if it is not installed."""
    program = os.environ.get("AZURITE_BLOB") or shutil.which("azurite-blob")
    if program is None:
        yield None
        return
    command = [program, "--blobPort", "0", "--silent", "--skipApiVersionCheck", "--location", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            line = next(line for line in process.stdout if "listen" in line)
            threading.Thread(target=process.stdout.read, daemon=True).start()
            yield int(re.search(r"127\.0\.0\.1:(\d+)", line)[1])
        finally:
            process.kill()
