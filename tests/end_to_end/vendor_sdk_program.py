"""Use the vendor's own SDK, unmodified, and print what it returned, for test_vendor_sdk.py."""

import hashlib
import json
import sys

from elevenlabs.client import ElevenLabs
from elevenlabs.core.api_error import ApiError

BASE_URL, KEY = sys.argv[1:]


def digest(chunks):
    return hashlib.sha256(b"".join(chunks)).hexdigest()


def failure_of(call, *arguments, **options):
    try:
        result = call(*arguments, **options)
        # Bytes are fetched when they are asked for.
        list(result) if hasattr(result, "__next__") else None
    except ApiError as error:
        body = error.body.model_dump() if hasattr(error.body, "model_dump") else error.body
        return {"status": error.status_code, "body": body}
    return None


history = ElevenLabs(api_key=KEY, base_url=BASE_URL).history
first = history.list(page_size=3)
second = history.list(page_size=3, start_after_history_item_id=first.last_history_item_id)
ids = [item.history_item_id for item in first.history]
gone = ids[-1]
sys.stdout.write(
    json.dumps(
        {
            "pages": [[item.model_dump() for item in page.history] for page in (first, second)],
            "more": [first.has_more, second.has_more],
            "filtered": [item.history_item_id for item in history.list(search="dragon", sort_direction="asc").history],
            "item": history.get(ids[0]).model_dump(),
            "audio": digest(history.get_audio(ids[0])),
            "one": digest(history.download(history_item_ids=ids[:1])),
            "wav": digest(history.download(history_item_ids=ids[:1], output_format="wav")),
            "many": b"".join(history.download(history_item_ids=ids)).hex(),
            "deleted": history.delete(gone).status,
            "failures": {
                "unknown item": failure_of(history.get, gone),
                "format": failure_of(history.download, history_item_ids=ids[:1], output_format="ogg"),
                "page size": failure_of(history.list, page_size=5000),
                "key": failure_of(ElevenLabs(api_key="wrong", base_url=BASE_URL).history.list),
            },
        }
    )
)
