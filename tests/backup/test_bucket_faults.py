"""Whatever a store or a network does between two steps: nothing is lost or claimed, and one line says why."""

import re

import obstore
import pytest
from elevenlabs_history import HistoryError, InvalidArgumentError
from elevenlabs_history_backup import Backup, BucketError
from obstore.store import from_url
from support.buckets import assert_whole, objects
from support.object_store import KEY, SECRET

STEPS = {
    "look for the catalog": "HEAD .*/history.db",
    "try the store": "PUT .*/probe",
    "look what is there": r"GET .*list-type",
    "put a file": r"PUT .*\.mp3",
    "put the catalog": "PUT .*/history.db",
}
REPEATED = ["succeeds and answers 500", (503, "busy")]
FAULTS = [*REPEATED, "breaks before", "succeeds and breaks", (403, "no")]


ITEMS = 6


@pytest.fixture(autouse=True)
def _impatient(monkeypatch, simulator):
    for item in list(simulator.history)[ITEMS:]:
        simulator.history.remove(item.id)
    monkeypatch.setattr("elevenlabs_history_backup.bucket._MAX_RETRIES", 1)


def assert_one_clear_line(error):
    assert isinstance(error, HistoryError)
    text = str(error)
    assert "\n" not in text
    assert not re.search(f"{SECRET}|{KEY}|http|Error|Debug|Traceback", text)
    assert error.hint
    # Tracebacks and logs show causes.
    assert error.__cause__ is None
    assert error.__suppress_context__ or error.__context__ is None


@pytest.mark.parametrize(
    ("fault", "times"), [*((fault, 1) for fault in FAULTS), *((fault, 1000) for fault in REPEATED)]
)
@pytest.mark.parametrize("step", STEPS)
def test_a_fault_in_any_step_loses_nothing(client, simulator, store, address, open_bucket, step, fault, times):
    store.fail(fault, STEPS[step], times=times)
    try:
        open_bucket("one").sync(client)
    except HistoryError as error:
        assert_one_clear_line(error)
        assert times > 1 or fault not in REPEATED, "it is repeated, whether or not it was executed the first time"
    else:
        # Repeated, as what was there already, or because a failure of it does not matter.
        assert_whole(open_bucket("one"), simulator)
    store.reset()
    put = objects(address)
    requested = len(simulator.requests)
    report = open_bucket("other").sync(client)
    assert report.complete
    assert_whole(open_bucket("other"), simulator)
    assert objects(address).items() >= put.items(), "an object was replaced"
    if len(put) == ITEMS:
        assert {request.operation for request in simulator.requests[requested:]} == {"list"}, "it was fetched again"
    open_bucket("one").sync(client)
    assert_whole(open_bucket("one"), simulator)


@pytest.mark.parametrize("step", [r"GET .*/history.db", r"GET .*\.mp3", r"GET .*list-type"])
@pytest.mark.parametrize("fault", ["breaks before", "breaks in the middle", (503, "busy")], ids=str)
def test_a_fault_while_reading_claims_nothing(client, store, open_bucket, step, fault):
    open_bucket("one").sync(client)
    store.fail(fault, step, times=1000)
    with pytest.raises(BucketError) as error:
        open_bucket("other").verify(read=True)
    assert_one_clear_line(error.value)
    store.reset()
    assert open_bucket("other").verify(read=True).ok_count == ITEMS


@pytest.mark.parametrize(
    ("fault_of", "promise"),
    [("If-None-Match", "lets a second object replace the first one"), ("If-Match", "ignores the ETag")],
)
def test_a_store_that_breaks_a_promise_is_refused_by_name(client, store, address, open_bucket, fault_of, promise):
    store.fail(f"ignores {fault_of}", "PUT", times=1000)
    with pytest.raises(BucketError, match=promise) as error:
        open_bucket().sync(client)
    assert address in str(error.value)
    assert "Nothing was saved" in str(error.value)
    assert_one_clear_line(error.value)
    assert [each["path"] for chunk in obstore.list(from_url(address)) for each in chunk] == [
        ".elevenlabs-history/probe"
    ]


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ((403, "<Error><Code>AccessDenied</Code></Error>"), "refuses the key"),
        ((403, "<Error><Code>SignatureDoesNotMatch</Code></Error>"), "refuses the key"),
        ((401, ""), "refuses the key"),
        ((301, "<Error><Code>PermanentRedirect</Code></Error>"), "another region. Set AWS_REGION"),
        ((400, "<Error><Code>AuthorizationHeaderMalformed</Code></Error>"), "another region. Set AWS_REGION"),
        ((418, "<Error><Code>Teapot</Code></Error>"), "failed with status 418"),
    ],
)
def test_what_the_store_refuses_is_told_in_one_line(client, store, open_bucket, answer, said):
    store.fail(answer, "PUT", times=1000)
    with pytest.raises(BucketError, match=said) as error:
        open_bucket().sync(client)
    assert_one_clear_line(error.value)


def test_a_bucket_that_is_not_there_is_told(client, store, tmp_path):
    with pytest.raises(BucketError, match="There is no bucket s3://not-there") as error:
        Backup("s3://not-there/prefix", cache=tmp_path).sync(client)
    assert_one_clear_line(error.value)


def test_a_store_that_cannot_be_reached_is_told(client, store, open_bucket, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    with pytest.raises(BucketError, match="can't be reached") as error:
        open_bucket().sync(client)
    assert_one_clear_line(error.value)


@pytest.mark.parametrize("address", ["s3://bucket/prefix", "gs://bucket/prefix", "az://container/prefix"])
def test_a_missing_key_is_told_with_the_variables_that_hold_it(client, tmp_path, monkeypatch, address):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AZURE_STORAGE_ACCOUNT_NAME"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(BucketError, match="No key was found") as error:
        Backup(address, cache=tmp_path).sync(client)
    assert_one_clear_line(error.value)


@pytest.mark.parametrize(
    "address",
    [
        *("ftp://bucket/prefix", "s3://", "s3:///prefix", "s3:/bucket/prefix", "S3://bucket/prefix", "s3://b/../other"),
        *("s3://key:secret@bucket/prefix", "s3://bucket/prefix?secret=secret", "s3://bucket//prefix", "s3://b/a#b"),
    ],
)
def test_what_is_no_address_is_refused_and_not_quoted(address, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InvalidArgumentError, match=r"write it as s3://bucket/prefix") as error:
        Backup(address)
    assert "secret" not in str(error.value)
    assert list(tmp_path.iterdir()) == []


def test_nothing_shows_the_key_of_the_store(client, store, open_bucket, tmp_path, capfd):
    backup = open_bucket()
    backup.sync(client)
    for thing in (backup, backup._storage, backup._storage.bucket, vars(backup._storage), vars(backup._storage.bucket)):
        assert SECRET not in repr(thing)
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and SECRET.encode() in path.read_bytes()]
    assert SECRET not in "".join(capfd.readouterr())


def test_without_the_extra_the_message_says_what_to_install(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "obstore", None)
    monkeypatch.setitem(__import__("sys").modules, "obstore.store", None)
    with pytest.raises(InvalidArgumentError, match=r"pip install 'elevenlabs-history\[cloud\]'"):
        Backup("s3://bucket/prefix")


def test_a_full_disk_ends_the_run_and_loses_nothing(client, simulator, store, open_bucket, monkeypatch):
    from elevenlabs_history import WriteError
    from elevenlabs_history_backup.schema import Database

    def full(self):
        raise WriteError("Can't write: no space left on device.")

    with monkeypatch.context() as patched:
        patched.setattr(Database, "snapshot", full)
        with pytest.raises(WriteError):
            open_bucket("one").sync(client)
    simulator.requests.clear()
    open_bucket("one").sync(client)
    assert {request.operation for request in simulator.requests} == {"list"}
    assert_whole(open_bucket("other"), simulator)


def test_a_forked_process_is_told_and_does_not_wait_for_ever(client, open_bucket, monkeypatch):
    open_bucket().sync(client)
    backup = open_bucket()
    monkeypatch.setattr("os.getpid", lambda: 1)
    with pytest.raises(BucketError, match="forked after a bucket was used"):
        len(backup)
