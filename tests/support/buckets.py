"""What is in a bucket, for tests."""

import obstore
from elevenlabs_history_simulator import item_id_of
from obstore.store import from_url


def objects(address):
    """Return the bytes of every audio file, by path."""
    store = from_url(address)
    paths = [each["path"] for chunk in obstore.list(store) for each in chunk]
    return {path: bytes(obstore.get(store, path).bytes()) for path in paths if path.endswith((".mp3", ".wav"))}


def assert_whole(backup, simulator):
    """Every item is there as an object with its own bytes, and nothing else is."""
    assert backup.verify(read=True).issues == []
    files = {file.path: file.history_item_id for record in backup for file in record.files}
    assert {path: item_id_of(data) for path, data in objects(backup.name).items()} == files
    assert set(files.values()) >= {item.id for item in simulator.history}
