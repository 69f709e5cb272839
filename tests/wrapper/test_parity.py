"""The sync and the async classes read the same: one page of documentation serves both."""

import inspect

import pytest
from elevenlabs_history import (
    AsyncDownload,
    AsyncHistoryClient,
    AsyncHistoryItems,
    Download,
    HistoryClient,
    HistoryItems,
)

PAIRS = [(HistoryClient, AsyncHistoryClient), (Download, AsyncDownload), (HistoryItems, AsyncHistoryItems)]
ONLY_SYNC = {"__enter__", "__exit__", "__iter__", "__next__"}
ONLY_ASYNC = {"__aenter__", "__aexit__", "__aiter__", "__anext__"}
# The threads of the async client may need an httpx client of their own.
EXTRA_PARAMETERS = {(AsyncHistoryClient, "download_all"): {"http_client"}}

pairs = pytest.mark.parametrize(("sync", "counterpart"), PAIRS, ids=lambda kind: kind.__name__)


def public_members(kind):
    """The methods and properties that a class offers by name, its constructor among them."""
    return {
        name: member
        for name, member in inspect.getmembers(kind)
        if name == "__init__" or (not name.startswith("_") and (callable(member) or isinstance(member, property)))
    }


def make(kind):
    """Make an object of a class as users make it."""
    client = (AsyncHistoryClient if kind.__name__.startswith("Async") else HistoryClient)("key")
    return {"Client": client, "Download": client.download("a"), "Items": client.list()}[
        kind.__name__.removeprefix("Async").removeprefix("History")
    ]


@pairs
def test_the_async_class_has_the_same_methods_and_attributes(sync, counterpart):
    assert public_members(counterpart).keys() == public_members(sync).keys()
    named = [{name for name in dir(make(kind)) if not name.startswith("_")} for kind in (sync, counterpart)]
    assert named[0] == named[1]


@pairs
def test_each_async_method_takes_the_same_arguments_with_the_same_defaults(sync, counterpart):
    counterparts = public_members(counterpart)
    for name, member in public_members(sync).items():
        if isinstance(member, property):
            assert isinstance(counterparts[name], property)
            continue
        expected, actual = (inspect.signature(each).parameters for each in (member, counterparts[name]))
        extra = EXTRA_PARAMETERS.get((counterpart, name), set())
        assert actual.keys() - expected.keys() == extra
        shared = [parameter for parameter in actual.values() if parameter.name not in extra]
        assert [each.name for each in shared] == list(expected)
        assert [(each.kind, each.default) for each in shared] == [
            (each.kind, each.default) for each in expected.values()
        ]


@pairs
def test_a_generator_stays_a_generator_and_only_what_waits_is_awaited(sync, counterpart):
    counterparts = public_members(counterpart)
    waits = {"get", "delete", "download_all", "close", "read", "save", "extract"}
    for name, member in public_members(sync).items():
        assert inspect.isasyncgenfunction(counterparts[name]) == inspect.isgeneratorfunction(member)
        assert inspect.iscoroutinefunction(counterparts[name]) == (name in waits)


@pairs
def test_each_special_method_has_its_counterpart(sync, counterpart):
    sync_special = ONLY_SYNC & vars(sync).keys()
    assert {name.replace("__", "__a", 1) for name in sync_special} == ONLY_ASYNC & vars(counterpart).keys()
    assert not ONLY_ASYNC & vars(sync).keys()
    assert not ONLY_SYNC & vars(counterpart).keys()


@pairs
def test_every_method_and_property_of_both_has_a_docstring(sync, counterpart):
    for kind in (sync, counterpart):
        assert kind.__doc__
        undocumented = [name for name, member in public_members(kind).items() if not member.__doc__]
        assert [name for name in undocumented if name != "__init__"] == []
