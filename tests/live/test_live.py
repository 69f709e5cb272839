"""What must be true of the real server: `make live` with ELEVENLABS_API_KEY in the environment."""

import itertools
import zipfile

import pytest
from elevenlabs_history import FileKind, InvalidRequestError, NotFoundError

pytestmark = pytest.mark.live


def ids(items):
    return [item.history_item_id for item in items]


def test_small_pages_list_the_same_items_in_the_same_order(client, items):
    assert ids(client.list(limit=5, page_size=2)) == ids(items[:5])


def test_the_async_client_lists_the_same_items(run_async, items):
    async def listed(client):
        return [item async for item in client.list(limit=5)]

    assert ids(run_async(listed)) == ids(items[:5])


def test_items_are_listed_newest_first(items):
    assert all(one.date >= other.date for one, other in itertools.pairwise(items))


def test_every_entry_of_a_listing_is_an_item(client):
    listing = client.list(limit=100, page_size=100)
    assert sum(len(page) for page in listing.pages()) <= 100
    assert not listing.invalid_entries


def test_date_filters_hold_at_both_ends(client, items):
    if not items:
        pytest.skip("needs an item in the history")
    date = items[0].date
    assert items[0].history_item_id in ids(client.list(after=date, limit=100, page_size=100))
    assert all(item.date < date for item in client.list(before=date, limit=1, page_size=1))


def test_one_item_is_the_one_that_was_listed(client, items):
    if not items:
        pytest.skip("needs an item in the history")
    got = client.get(items[0].history_item_id)
    assert (got.history_item_id, got.date, got.text) == (items[0].history_item_id, items[0].date, items[0].text)


def test_an_unknown_item_is_not_found(client):
    with pytest.raises((NotFoundError, InvalidRequestError)):
        client.get("0123456789abcdefghij")


def test_one_clip_is_audio(client, clips, tmp_path):
    path = tmp_path / "clip"
    path.write_bytes(client.audio(clips[0].history_item_id).read())
    assert FileKind.of_file(path, output_format=clips[0].output_format).is_audio


def test_several_clips_are_an_archive_of_which_every_file_is_audio(client, clips, tmp_path):
    archive = tmp_path / "clips.zip"
    client.download(clips).save(archive)
    assert zipfile.ZipFile(archive).testzip() is None
    assert len(zipfile.ZipFile(archive).namelist()) == 2


def test_every_clip_is_matched_to_its_item(client, clips, tmp_path):
    report = client.download_all(clips, tmp_path)
    assert sorted(file.history_item_id for file in report.saved) == sorted(ids(clips))
    assert all(FileKind.of_file(file.path).is_audio for file in report.saved)
