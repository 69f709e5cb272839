"""What is in a bucket, for tests."""

import obstore
from elevenlabs_history_simulator import item_id_of
from obstore.store import from_url


def paths_in(address):
    """Return the path of every audio file."""
    listed = [each["path"] for chunk in obstore.list(from_url(address)) for each in chunk]
    return [path for path in listed if path.endswith((".mp3", ".wav"))]


def objects(address, paths=None):
    """Return the bytes of audio files, by path; of all if no paths are given."""
    store = from_url(address)
    wanted = paths_in(address) if paths is None else paths
    return {path: bytes(obstore.get(store, path).bytes()) for path in wanted}


def assert_whole(backup, simulator):
    """Every item is there as an object with its own bytes, and nothing else is."""
    issues = backup.verify(read=True).issues
    assert issues == [], issues
    files = {file.path: file.history_item_id for record in backup for file in record.files}
    assert {path: item_id_of(data) for path, data in objects(backup.name).items()} == files
    assert set(files.values()) >= {item.id for item in simulator.history}
