"""Download with the vendor's own SDK, unmodified, where something fails, and print how each call ended."""

import json
import sys

import httpx
from elevenlabs.client import ElevenLabs
from elevenlabs.core.api_error import ApiError

BASE_URL, KEY, *IDS = sys.argv[1:]


def outcome(call):
    try:
        return f"{sum(map(len, call()))} bytes"
    except (ApiError, httpx.HTTPError) as error:
        return type(error).__name__


history = ElevenLabs(api_key=KEY, base_url=BASE_URL).history
calls = {
    "busy": lambda: history.download(history_item_ids=IDS),
    "cut off": lambda: history.download(history_item_ids=IDS),
    "redirected": lambda: history.get_audio(IDS[0]),
}
sys.stdout.write(json.dumps({name: outcome(call) for name, call in calls.items()}))
