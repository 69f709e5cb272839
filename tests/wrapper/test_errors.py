"""A failed response becomes the exception that tells what to do, whichever of the vendor's shapes its body has."""

import json
import pickle
import time

import pytest
from elevenlabs_history import errors
from elevenlabs_history._http.error_responses import (
    MAX_MESSAGE_CHARACTERS,
    error_from_response,
    one_line,
    parse_error_body,
)


def body(document):
    return json.dumps(document).encode()


def current(code, message="why"):
    return body({"detail": {"type": "some_error", "code": code, "message": message, "request_id": "req1"}})


def older(status, message="why"):
    return body({"detail": {"status": status, "message": message}})


CASES = [
    (401, current("invalid_api_key"), errors.AuthenticationError, "Check the key", "invalid_api_key"),
    (401, older("invalid_api_key"), errors.AuthenticationError, "Check the key", "invalid_api_key"),
    (401, older("needs_authorization"), errors.AuthenticationError, "Check the key", "needs_authorization"),
    (401, b"", errors.AuthenticationError, "Check the key", None),
    (401, current("missing_permissions", "needs speech_history_read"), errors.PermissionDeniedError, "scope", None),
    (401, older("quota_exceeded"), errors.QuotaExceededError, "quota", "quota_exceeded"),
    (429, current("quota_exceeded"), errors.QuotaExceededError, "quota", "quota_exceeded"),
    (401, older("invalid_api_key", "Use the EU residency API"), errors.WrongRegionError, "us, eu, in or sg", None),
    (402, b"", errors.QuotaExceededError, "quota", None),
    (403, b"<html><title>Forbidden</title></html>", errors.PermissionDeniedError, "addresses", None),
    (400, older("invalid_uid"), errors.NotFoundError, "deleted", "invalid_uid"),
    (400, current("invalid_id"), errors.NotFoundError, "deleted", "invalid_id"),
    (404, current("history_item_not_found"), errors.NotFoundError, "deleted", "history_item_not_found"),
    (404, body({"detail": "Not Found"}), errors.NotFoundError, "base URL", None),
    (404, b"<h1>404</h1>", errors.NotFoundError, "base URL", None),
    (
        400,
        body({"error": "invalid_output_format", "message": "must be wav"}),
        errors.InvalidRequestError,
        "Correct",
        "invalid_output_format",
    ),
    (
        422,
        body({"detail": [{"loc": ["body", "history_item_ids"], "msg": "Field required", "type": "missing"}]}),
        errors.InvalidRequestError,
        "Correct",
        "missing",
    ),
    (408, b"", errors.APITimeoutError, "later", None),
    (408, current("request_timeout"), errors.APITimeoutError, "later", "request_timeout"),
    (410, b"", errors.NotFoundError, "deleted", None),
    (418, b"", errors.InvalidRequestError, "Correct", None),
    (429, older("too_many_concurrent_requests"), errors.RateLimitError, "fewer", "too_many_concurrent_requests"),
    (429, b"", errors.RateLimitError, "fewer", None),
    (500, body({"detail": "boom"}), errors.ServerError, "later", None),
    (502, b"<html><head><title>502 Bad Gateway</title></head></html>", errors.ServerError, "later", None),
    (503, b"", errors.ServerError, "later", None),
    (307, b"", errors.UnexpectedResponseError, "base URL", None),
]


@pytest.mark.parametrize(("status", "content", "kind", "hint", "code"), CASES)
def test_a_failed_response_becomes_an_error_with_a_hint(status, content, kind, hint, code):
    error = error_from_response(status, {"x-trace-id": "trace1"}, content, request="GET /v1/history")
    assert type(error) is kind
    assert error.status_code == status
    assert hint in error.hint
    assert "GET /v1/history" in str(error)
    assert "\n" not in str(error)
    if code:
        assert error.code == code
        assert f"[{status} {code}]" in str(error)


def test_the_line_has_status_code_message_hint_and_request_id():
    error = error_from_response(401, {}, current("invalid_api_key", "No such key"), request="GET /v1/history")
    assert str(error) == (
        "[401 invalid_api_key] GET /v1/history: No such key. "
        "Check the key, or make a new one in the workspace settings. (request_id: req1)"
    )


def test_the_trace_id_of_the_headers_stands_in_for_a_missing_request_id():
    assert error_from_response(500, {"x-trace-id": "abc"}, b"", request="GET /").request_id == "abc"


def test_a_missing_scope_is_named():
    error = error_from_response(
        401, {}, current("missing_permissions", "The key lacks speech_history_read"), request="GET /v1/history"
    )
    assert "speech_history_read" in str(error)


def test_a_422_names_each_wrong_field():
    detail = [
        {"loc": ["body", "history_item_ids", 0], "msg": "should be text", "type": "string_type"},
        {"loc": ["query", "page_size"], "msg": "too large", "type": "less_than"},
    ]
    error = error_from_response(422, {}, body({"detail": detail}), request="POST /v1/history/download")
    assert "body.history_item_ids.0: should be text; query.page_size: too large" in str(error)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[1, 2]",
        b"null",
        b"\xff\xfe",
        b"{",
        b'{"detail": 7}',
        b'{"detail": []}',
        b'{"detail": [3]}',
        b"[" * 100_000,
        b"[" * 900 + b"]" * 900,
        b'{"detail": [' + b"[" * 900 + b"]" * 900 + b"]}",
        b'{"message": ' + b"9" * 5000 + b"}",
    ],
)
def test_no_body_breaks_the_parser(content):
    assert isinstance(error_from_response(500, {}, content, request="GET /"), errors.ServerError)


def test_a_message_from_outside_is_one_printable_line_of_bounded_length():
    assert one_line("a\r\nb\x1b[31m\u202ec") == "a b[31mc"
    assert len(one_line("x" * 10_000)) == MAX_MESSAGE_CHARACTERS


def test_of_a_page_the_title_is_kept_and_code_is_not():
    assert parse_error_body(b"<html><title>Bad &amp; down</title><p>x</p>").message == "Bad & down"
    assert parse_error_body(b"<p>Sorry</p><script>alert(1)</script>").message == "Sorry"


@pytest.mark.parametrize("unit", ["<", "<title", "<title>", "<script", "<script>", "</script", "<!--", "&amp", "&#"])
def test_a_hostile_page_takes_no_longer_to_parse_than_a_harmless_one(unit):
    page = (unit * 65_536)[:65_536].encode()
    start = time.process_time()
    message = parse_error_body(page).message
    # About 0.005 s; with a pattern that backtracks it would be up to many seconds.
    assert time.process_time() - start < 0.2
    assert len(message) <= MAX_MESSAGE_CHARACTERS


def test_of_a_page_without_a_closing_tag_the_title_is_kept_too():
    assert parse_error_body(b"<TITLE lang=en>Bad gateway").message == "Bad gateway"
    assert parse_error_body(b"<title>Bad gateway<body>rest").message == "Bad gateway"


def test_only_the_start_of_a_huge_body_is_parsed():
    assert parse_error_body(b"<p>Sorry</p>" + b" " * 10**7 + b"<title>late</title>").message == "Sorry"


def test_every_error_survives_pickling():
    error = error_from_response(429, {}, older("system_busy"), request="GET /v1/history")
    copy = pickle.loads(pickle.dumps(error))
    assert (type(copy), str(copy), copy.code) == (type(error), str(error), "system_busy")
