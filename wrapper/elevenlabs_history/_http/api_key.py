"""The API key, wrapped so that it appears in no repr, log, pickle or traceback."""

import os
import re
from typing import NoReturn

from ..errors import AuthenticationError, HistoryError

_ESCAPED_ASCII = re.compile(rb"\\u00[2-7]")
VARIABLES = ("ELEVENLABS_API_KEY", "ELEVEN_API_KEY")


class ApiKey:
    """A key from the argument, else from the environment. The constructor never fails; `check` does."""

    __slots__ = ("__reveal", "source")

    def __init__(self, argument: str | None) -> None:
        self.source: str = "api_key=…"
        if argument is None:
            self.source = next((name for name in VARIABLES if os.environ.get(name)), "")
            argument = os.environ.get(self.source)
        # httpx would show a key that was copied with its line end in its error message.
        key = str(argument or "").strip()

        def reveal() -> str:
            return key

        self.__reveal = reveal

    def check(self) -> None:
        """Raise if there is no key, or it has characters that are not allowed in a header."""
        if not self.reveal():
            raise AuthenticationError(
                "There is no API key.", hint=f"Pass api_key=… or set {VARIABLES[0]} in the environment."
            )
        if not all("!" <= character <= "~" for character in self.reveal()):
            raise AuthenticationError(
                f"The API key from {self.source} contains a space, a line break or a character outside ASCII.",
                hint="Copy it again from the workspace settings.",
            )

    def reveal(self) -> str:
        """Return the key itself. The caller must keep it out of everything that can be shown."""
        return self.__reveal()

    def redact_bytes(self, body: bytes) -> bytes:
        """Take the key out of a body or a header; a server may send back what it received."""
        if _ESCAPED_ASCII.search(body):
            # In JSON each character may be an escape.
            spellings = (rb"(?:%b|\\u(?i:%04x))" % (re.escape(char.encode()), ord(char)) for char in self.reveal())
            body = re.sub(b"".join(spellings), b"[api key]", body)
        return body.replace(self.reveal().encode(), b"[api key]")

    def redact(self, error: HistoryError) -> None:
        """Take the key out of an error that quotes a server."""
        for name in ("message", "code", "request_id"):
            text = getattr(error, name)
            if text and self.reveal() in text:
                setattr(error, name, text.replace(self.reveal(), "[api key]"))
        error.args = (error.message,)

    def __repr__(self) -> str:
        return "ApiKey(…)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("An API key can't be pickled. Make the client in the process that uses it.")
