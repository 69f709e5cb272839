"""A server of the history API that is never the slowest part of what is measured.

    python -m benchmarks.server '{"items": 1000, "size": 200000}'

It prints its address and serves until its standard input ends; /requests tells how many requests it has answered. The
simulator makes audio and archives while the client waits; this one sends prepared bytes, which follow from the number
of an item.
"""

from __future__ import annotations

import hashlib
import json
import random
import string
import struct
import sys
import threading
import time
import zlib
from datetime import UTC, datetime
from functools import cache, cached_property
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from attrs import define, frozen

if TYPE_CHECKING:
    from collections.abc import Sequence

Piece = bytes | memoryview

_NEWEST = 1_761_998_400  # 2025-11-01 12:00 UTC
_VOICES = ("Rachel", "Domi", "Grandpa", "Narrator", "Edna")
_TEXTS = (
    "The dragon slept on a hill of unread mail.",
    "Please hold the line; all our owls are busy.",
    "Chapter one, in which nobody answers the door.",
)
_NOISE_SIZE = 8 * 1024 * 1024


@frozen(kw_only=True)
class Shape:
    """What a server serves.

    Attributes:
        items: How many items.
        size: Bytes of audio per item.
        latency: Seconds before each response.
    """

    items: int
    size: int
    latency: float = 0.0


@define(eq=False, slots=False)
class Item:
    """One item."""

    number: int
    id: str
    date: int
    size: int

    def metadata(self) -> dict[str, Any]:
        """Return what the API says about it."""
        text = _TEXTS[self.number % len(_TEXTS)]
        return {
            "history_item_id": self.id,
            "date_unix": self.date,
            "request_id": self.id[::-1],
            "voice_id": f"voice{self.number % len(_VOICES)}",
            "model_id": "eleven_multilingual_v2",
            "voice_name": _VOICES[self.number % len(_VOICES)],
            "voice_category": "premade",
            "text": text,
            "character_count_change_from": 40 * self.number,
            "character_count_change_to": 40 * self.number + len(text),
            "state": "created",
            "settings": {"stability": 0.5, "similarity_boost": 0.75, "style": 0, "use_speaker_boost": True},
            "share_link_id": None,
            "source": "TTS",
            "alignments": None,
            "dialogue": None,
            "output_format": "mp3_44100_128",
            "content_type": "audio/mpeg",
        }

    @cached_property
    def member_name(self) -> bytes:
        """Its name in an archive, which holds a time and no id."""
        voice = _VOICES[self.number % len(_VOICES)]
        return f"ElevenLabs_{datetime.fromtimestamp(self.date, UTC):%Y-%m-%dT%H_%M_%S}_{voice}_pre_s50_m2.mp3".encode()

    def audio(self) -> list[Piece]:
        """Return the pieces of its audio: an mp3 header, the id, and noise that no other item begins with."""
        pieces: list[Piece] = [(b"\xff\xfb\x90\x64" + self.id.encode() + bytes(40))[: self.size]]
        left = self.size - len(pieces[0])
        start = self.number * 4099 % _NOISE_SIZE
        while left > 0:
            pieces.append(_noise()[start : start + left])
            left -= len(pieces[-1])
            start = 0
        return pieces

    @cached_property
    def crc32(self) -> int:
        """The checksum in an archive."""
        checksum = 0
        for piece in self.audio():
            checksum = zlib.crc32(piece, checksum)
        return checksum

    def sha256(self) -> str:
        """Return the digest of its audio, in hexadecimal."""
        digest = hashlib.sha256()
        for piece in self.audio():
            digest.update(piece)
        return digest.hexdigest()


def make_items(shape: Shape) -> dict[str, Item]:
    """Return the items by id, newest first; the same ones for the same shape."""
    chance = random.Random(1)
    items = {}
    date = _NEWEST
    for number in range(shape.items):
        item = Item(number, "".join(chance.choices(string.ascii_letters + string.digits, k=20)), date, shape.size)
        items[item.id] = item
        date -= chance.randrange(60, 3600)
    return items


def pack(items: Sequence[Item]) -> list[Piece]:
    """Return the pieces of a zip archive of some items. No audio is copied."""
    pieces: list[Piece] = []
    directory = b""
    offset = 0
    for item in items:
        name = item.member_name
        # Version, flags, method, time, date, checksum, both sizes, lengths of the name and of the extra field.
        facts = struct.pack("<5H3I2H", 20, 0, 0, 0, 0x21, item.crc32, item.size, item.size, len(name), 0)
        pieces += [b"PK\x03\x04" + facts + name, *item.audio()]
        directory += b"PK\x01\x02\x14\x00" + facts + struct.pack("<3H2I", 0, 0, 0, 0, offset) + name
        offset += 30 + len(name) + item.size
    end = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, len(items), len(items), len(directory), offset, 0)
    return [*pieces, directory + end]


@cache
def _noise() -> memoryview:
    return memoryview(random.Random(1).randbytes(_NOISE_SIZE))


def make_server(shape: Shape) -> ThreadingHTTPServer:
    """Make a server of a shape; it listens already."""
    items = make_items(shape)
    ids = list(items)
    places = {history_item_id: place for place, history_item_id in enumerate(ids)}
    paths: list[str] = []

    @cache
    def page(cursor: str | None, size: int) -> bytes:
        start = 0 if cursor is None else places[cursor] + 1
        shown = ids[start : start + size]
        facts = {"history": [items[each].metadata() for each in shown], "has_more": start + size < len(ids)}
        return json.dumps(facts | {"last_history_item_id": shown[-1] if shown else None}).encode()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            address = urlsplit(self.path)
            if address.path == "/requests":
                self._send("text/plain", [str(len(paths)).encode()])
            elif address.path == "/v1/history":
                query = {name: values[0] for name, values in parse_qs(address.query).items()}
                body = page(query.get("start_after_history_item_id"), int(query["page_size"]))
                self._send("application/json", [body])
            elif address.path.endswith("/audio"):
                self._send("audio/mpeg", items[address.path.split("/")[3]].audio())
            else:
                self._send("application/json", [json.dumps(items[address.path.split("/")[3]].metadata()).encode()])

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            requested = [items[each] for each in body["history_item_ids"]]
            if len(requested) == 1:
                self._send("audio/mpeg", requested[0].audio())
            else:
                self._send("application/zip", pack(requested))

        def _send(self, media_type: str, pieces: Sequence[Piece]) -> None:
            time.sleep(shape.latency)
            paths.append(self.path)
            self.send_response(200)
            self.send_header("Content-Type", media_type)
            self.send_header("Content-Length", str(sum(map(len, pieces))))
            self.end_headers()
            for piece in pieces:
                self.wfile.write(piece)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
            """Log nothing."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 128

    # The first request should not pay for what is made once.
    for item in items.values() if shape.size > 10_000 else ():
        _ = item.crc32
    return Server(("127.0.0.1", 0), Handler)


def main() -> None:
    """Serve as the module docstring says."""
    server = make_server(Shape(**json.loads(sys.argv[1])))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(f"http://127.0.0.1:{server.server_port}", flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
