"""Which key and which server a client uses, and that the key shows nowhere."""

import copy
import pickle
import traceback

import pytest
from elevenlabs_history import AsyncHistoryClient, AuthenticationError, HistoryClient, InvalidArgumentError

KEY = "sk_a_secret_that_shows_nowhere"


@pytest.fixture(params=[HistoryClient, AsyncHistoryClient], ids=["sync", "async"])
def make(request):
    return request.param


def test_without_a_key_the_error_names_both_ways_to_give_one(make):
    with pytest.raises(AuthenticationError, match=r"api_key=.*ELEVENLABS_API_KEY"):
        make()


@pytest.mark.parametrize("name", ["ELEVENLABS_API_KEY", "ELEVEN_API_KEY"])
def test_the_key_is_read_from_the_environment_when_the_client_is_made(make, monkeypatch, name):
    monkeypatch.setenv(name, KEY)
    client = make()
    monkeypatch.delenv(name)
    assert client._transport._key.reveal() == KEY


@pytest.mark.parametrize("key", ["", "  ", "\n"])
def test_an_empty_key_is_no_key(make, key):
    with pytest.raises(AuthenticationError, match="There is no API key"):
        make(key)


@pytest.mark.parametrize("key", ["sk_a b", "sk_\u00e4", "sk_a\nX-Other: 1", "sk_\x7f"])
def test_a_key_that_no_header_can_carry_is_refused_without_being_shown(make, key):
    with pytest.raises(AuthenticationError, match="Copy it again") as caught:
        make(key)
    # The first frame is this test, which holds the key itself; the others are what a user's traceback would add.
    shown = traceback.TracebackException(type(caught.value), caught.value, caught.tb.tb_next, capture_locals=True)
    assert repr(key)[1:-1] not in "".join(shown.format())


def test_the_key_shows_in_no_repr_and_no_pickle(make):
    client = make(KEY, base_url="http://127.0.0.1:1")
    client.api.get_httpx_client()
    shown = [
        repr(thing)
        for thing in (
            client,
            client.api,
            vars(client),
            client.api.get_httpx_client(),
            vars(client.api.get_httpx_client()),
            client.api.get_httpx_client().headers,
            client.download("a"),
            vars(client.download("a")),
            client._transport,
            vars(client._transport),
        )
    ]
    assert not any(KEY in text for text in shown)
    for dump in (pickle.dumps, copy.copy):
        with pytest.raises(TypeError, match="can't be pickled"):
            dump(client._transport._key)


@pytest.mark.parametrize(
    ("arguments", "address"),
    [
        ({}, "https://api.elevenlabs.io"),
        ({"region": "us"}, "https://api.us.elevenlabs.io"),
        ({"region": "eu"}, "https://api.eu.residency.elevenlabs.io"),
        ({"base_url": "https://example.com/proxy/"}, "https://example.com/proxy/"),
        ({"base_url": "http://127.0.0.1:8000"}, "http://127.0.0.1:8000"),
        ({"base_url": "http://localhost:8000"}, "http://localhost:8000"),
        ({"base_url": "http://[::1]:8000"}, "http://[::1]:8000"),
    ],
)
def test_the_server_is_the_one_that_was_named(make, arguments, address):
    client = make(KEY, **arguments)
    assert client.base_url == address
    assert repr(client).endswith(f"for {address}>")


def test_the_base_url_of_the_environment_is_used_where_no_argument_names_one(make, monkeypatch):
    monkeypatch.setenv("ELEVENLABS_BASE_URL", "http://127.0.0.1:9")
    assert make(KEY).base_url == "http://127.0.0.1:9"
    assert "residency" in make(KEY, region="in").base_url
    assert make(KEY, base_url="https://example.com").base_url == "https://example.com"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"region": "mars"}, "Unknown region 'mars'"),
        ({"region": "eu", "base_url": "https://example.com"}, "both name a server"),
        ({"base_url": "api.elevenlabs.io"}, "Invalid base URL"),
        ({"base_url": "ftp://example.com"}, "Invalid base URL"),
        ({"base_url": "http://example.com"}, "unencrypted"),
        ({"base_url": "http://127.0.0.1.example.com"}, "unencrypted"),
        ({"base_url": "https://[::1"}, "Invalid base URL"),
    ],
)
def test_a_server_that_no_key_may_be_sent_to_is_refused(make, arguments, message):
    with pytest.raises(InvalidArgumentError, match=message):
        make(KEY, **arguments)
