"""Headless Chromium for tests, steered over a pipe with the DevTools protocol: JSON messages that end with NUL."""

import json
import os
import shutil
import subprocess
import tempfile
import time

PROGRAM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
_OPTIONS = (
    "--headless=new",
    "--remote-debugging-pipe",
    "--no-sandbox",  # tests may run as root
    "--disable-gpu",
    "--mute-audio",
    "--no-first-run",
    "--disable-background-networking",
)
_TIMEOUT = 20.0  # seconds
_KEY_CODES = {"Enter": 13, "Escape": 27, " ": 32, "ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39, "ArrowDown": 40}


class BrowserError(Exception):
    """The browser rejected a command, a script raised, or what was waited for did not happen."""


class Chromium:
    """A running browser."""

    def __init__(self):
        self._profile = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        commands, self._commands = os.pipe()
        self._answers, answers = os.pipe()
        # It reads commands from descriptor 3 and answers on 4.
        script = f'exec "$@" 3<&{commands} 4>&{answers}'
        self._process = subprocess.Popen(
            ["bash", "-c", script, "bash", PROGRAM, *_OPTIONS, f"--user-data-dir={self._profile.name}"],
            pass_fds=(commands, answers),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(commands)
        os.close(answers)
        self._received = b""
        self._number = 0
        self.events = []

    def close(self):
        self.call("Browser.close")
        self._process.wait(_TIMEOUT)
        os.close(self._commands)
        os.close(self._answers)
        self._profile.cleanup()

    def call(self, method, session=None, **parameters):
        """Send a command and return its result; what happens meanwhile goes to `events`."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        os.write(self._commands, json.dumps(message).encode() + b"\0")
        while (answer := self._read()).get("id") != self._number:
            self.events.append(answer)
        if "error" in answer:
            raise BrowserError(f"{method}: {answer['error']['message']}")
        return answer["result"]

    def open(self, url, *, width=1280, height=800, dark=False, script=""):
        """Open a page with a storage of its own.

        Args:
            url: Its address.
            width: Of the window, in pixels.
            height: Of the window, in pixels.
            dark: Whether the user prefers dark colors.
            script: Runs before any script of the page.
        """
        context = self.call("Target.createBrowserContext")["browserContextId"]
        target = self.call("Target.createTarget", url="about:blank", browserContextId=context)["targetId"]
        session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        page = Page(self, context, session)
        for domain in ("Page", "Network", "Runtime", "Log"):
            page.call(f"{domain}.enable")
        page.resize(width, height)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        page.call("Emulation.setEmulatedMedia", features=[scheme])
        page.call("Page.addScriptToEvaluateOnNewDocument", source=script)
        page.go(url)
        return page

    def _read(self):
        while b"\0" not in self._received:
            data = os.read(self._answers, 1 << 20)
            if not data:
                raise BrowserError("Chromium has ended.")
            self._received += data
        message, _, self._received = self._received.partition(b"\0")
        return json.loads(message)


class Page:
    """An open page."""

    def __init__(self, browser, context, session):
        self._browser = browser
        self._context = context
        self._session = session

    def close(self):
        self._browser.call("Target.disposeBrowserContext", browserContextId=self._context)

    def call(self, method, **parameters):
        return self._browser.call(method, self._session, **parameters)

    def go(self, url):
        """Begin to load an address."""
        self.call("Page.navigate", url=url)

    def resize(self, width, height):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def run(self, script):
        """Return the value of an expression, as JSON can hold it, or of its promise."""
        options = {"awaitPromise": True, "returnByValue": True, "userGesture": True}
        result = self.call("Runtime.evaluate", expression=script, **options)
        if "exceptionDetails" in result:
            raise BrowserError(result["exceptionDetails"]["exception"].get("description", script))
        return result["result"].get("value")

    def wait_for(self, condition):
        """Wait until an expression is true, and return its value."""
        end = time.monotonic() + _TIMEOUT
        while not (value := self.run(condition)):
            if time.monotonic() > end:
                raise BrowserError(f"This did not come true: {condition}")
            time.sleep(0.02)
        return value

    def press(self, *keys):
        for key in keys:
            text = "\r" if key == "Enter" else key if len(key) == 1 else ""
            code = {"key": key, "windowsVirtualKeyCode": _KEY_CODES.get(key, 0)}
            self.call("Input.dispatchKeyEvent", type="keyDown" if text else "rawKeyDown", text=text, **code)
            self.call("Input.dispatchKeyEvent", type="keyUp", **code)

    def type(self, text):
        """Insert a text where the focus is."""
        self.call("Input.insertText", text=text)

    def click(self, element):
        """Click in the middle of an element, given as an expression."""
        box = self.run(f"(({element}).getBoundingClientRect().toJSON())")
        place = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, button="left", clickCount=1, **place)

    def events(self, method):
        """Return the parameters of all events with this name, so far."""
        self.run("0")
        own = [event for event in self._browser.events if event.get("sessionId") == self._session]
        return [event["params"] for event in own if event["method"] == method]
