"""A server that knows nothing of the simulator: written after the vendor's page of the download operation alone."""

import io
import json
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from elevenlabs_history_probe import Limits
from support.probes import probe

CLIPS = {f"clip-{number}": b"\xff\xfb\x90\x64" + bytes([number]) * 500 for number in range(6)}


class Naive(BaseHTTPRequestHandler):
    """Does what the page says, in the shortest way, with the standard library."""

    def do_GET(self):
        if not self.path.startswith("/v1/history?"):
            self.send_error(404)
            return
        history = [
            {
                "history_item_id": each,
                "date_unix": 1_700_000_000,
                "character_count_change_from": 0,
                "character_count_change_to": 9,
                "content_type": "audio/mpeg",
                "state": "created",
            }
            for each in CLIPS
        ]
        self.answer(200, json.dumps({"history": history}).encode(), "application/json")

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        ids = body.get("history_item_ids")
        if not isinstance(ids, list):
            self.answer(422)
        elif any(each not in CLIPS for each in ids) or body.get("output_format") not in {None, "wav", "default"}:
            self.answer(400)
        elif len(ids) == 1:
            clip = b"RIFF\0\0\0\0WAVE" if body.get("output_format") == "wav" else b""
            self.answer(200, clip + CLIPS[ids[0]])
        else:
            packed = io.BytesIO()
            with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
                for place, each in enumerate(ids):
                    archive.writestr(f"{place}_{each}.mp3", CLIPS[each])
            self.answer(200, packed.getvalue())

    def answer(self, status, body=b"", media_type="application/octet-stream"):
        self.send_response(status)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture
def naive():
    with ThreadingHTTPServer(("127.0.0.1", 0), Naive) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def test_a_naive_server_is_seen_as_it_is(naive, results):
    report = probe(naive, limits=Limits(burst=12))
    assert report["quirks"] == {
        "oversized_pages": "clamp",
        "optional_fields": "absent",
        "null_state": False,
        "drifted": False,
        "endless_pages": False,
        "takes_default": True,
        "wav_is_mp3": False,
        "media_type": "application/octet-stream",
        "content_disposition": None,
        "chunked": False,
        "missing_ids": "refuse",
        "names": "id",
        "folders": False,
        "repeated_names": False,
        "deflated": True,
        "data_descriptors": False,
        "zip64": False,
        "duplicates": False,
        "intruders": False,
        "unknown_item_status": 404,
    }
    facts = {name: (each["status"], each["fact"]) for name, each in results(report).items()}
    assert facts["member_order"] == ("refuted", "the order follows that of the ids")
    assert facts["no_format"] == ("confirmed", "the same bytes")
    assert facts["default_format"] == ("refuted", "accepted, the original bytes")
    assert facts["ranges"] == ("not settled", "the server answered 404")
    assert facts["error_shape"] == ("refuted", "unknown")
    assert facts["most_ids"] == ("not settled", "the server does not refuse 1024 ids for their number")
    assert facts["filtered_pages"] == ("not settled", "a search for a text that no item has found items")
    assert facts["busy_code"] == ("not settled", "12 concurrent requests were answered, none with 429")


def test_its_report_makes_a_simulator(naive):
    from elevenlabs_history_simulator import Quirks, Simulator

    report = probe(naive, limits=Limits())
    assert Simulator.like(report).quirks == Quirks(**report["quirks"])
