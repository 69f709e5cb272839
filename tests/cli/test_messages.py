"""Messages on the command line: one line each, which names options and variables but no Python arguments."""

import ast
import re
from pathlib import Path

import elevenlabs_history
import elevenlabs_history_backup
import pytest
from elevenlabs_history_cli.output import HINTS
from elevenlabs_history_simulator import Fault

PYTHON = re.compile(r"[a-z]=(?:…|True|False|None|\"|')|\bclient\.|(?!URL)\b\w+\(.*?\)|\bPass \w+_\w+|\bhttpx\.")


def refused(status, code, message="Refused"):
    return Fault.refusal(status, code, message)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ELEVENLABS_API_KEY", ""),
        ("ELEVENLABS_API_KEY", "a key"),
        ("ELEVENLABS_BASE_URL", "ftp://example.com"),
        ("ELEVENLABS_BASE_URL", "http://example.com"),
        ("ELEVENLABS_BASE_URL", "https://[x"),
        ("ELEVENLABS_BASE_URL", "http://127.0.0.1:1"),
        ("ALL_PROXY", "gopher://proxy"),
    ],
)
def test_what_is_wrong_with_the_environment(run, monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    if name == "ALL_PROXY":
        monkeypatch.setenv("ELEVENLABS_BASE_URL", "https://example.com")
    # It tries once only, and prints the same messages and hints.
    result = run("doctor")
    assert result.exit_code == 1
    assert not PYTHON.search(result.stdout), result.stdout
    if value != "http://127.0.0.1:1":
        result = run("list")
        assert (result.exit_code in {2, 3}, result.stdout) == (True, "")
        assert not PYTHON.search(result.stderr), result.stderr


@pytest.mark.parametrize(
    "fault",
    [
        Fault.answer(401),
        Fault.answer(402),
        Fault.answer(403),
        Fault.answer(404),
        Fault.answer(422, b'{"detail": [{"loc": ["body", "x"], "msg": "bad", "type": "t"}]}'),
        Fault.answer(501),
        Fault.html(),
        Fault.redirect("https://example.com/"),
        Fault.answer(200, b"[1]", content_type="application/json"),
        refused(401, "invalid_api_key"),
        refused(401, "quota_exceeded"),
        refused(401, "missing_permissions"),
        refused(401, "other", "data residency"),
        refused(400, "invalid_uid"),
    ],
    ids=lambda fault: f"{fault.kind} {fault.status} {fault.code}",
)
def test_what_the_server_refuses(run, simulator, fault, tmp_path):
    (item_id,) = [item.id for item in simulator.history][:1]
    for arguments in (["list"], ["show", item_id], ["backup", tmp_path, "--quiet"], ["download", item_id, "-o", "-"]):
        simulator.faults.clear()
        simulator.faults.add(fault)
        result = run(*arguments)
        assert result.exit_code in {1, 3, 4}
        assert (result.stdout, result.stderr.count("\n")) == ("", 1)
        assert not PYTHON.search(result.stderr.replace("(request_id: ", "")), result.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["download", "a b"],
        ["download", ".."],
        ["show", "a b"],
        ["download", "{id}", "-o", "{file}/clips"],
        ["download", "{id}", "-o", "{file}"],
        ["download", "{id}", "{other}", "-o", "{file}"],
        ["download", "{id}", "--template", "{{id}}"],
        ["download", "{id}", "--template", "../{{id}}{{ext}}"],
        ["download", "{id}", "--template", "{{nonsense}}{{ext}}"],
        ["download", "{id}", "{other}", "--template", "same{{ext}}", "-o", "{folder}/new"],
        ["download", "{id}", "--template", "mine{{ext}}", "-o", "{folder}"],
        ["download", "{id}", "-o", "{folder}/mine.mp3"],
        ["backup", "{file}"],
        ["backup", "{file}/history"],
        ["backup", "{folder}", "--template", "{{date}}{{ext}}"],
        ["backup", "{folder}", "--format", "ogg"],
        ["verify", "{folder}"],
        ["search", "{folder}", "words"],
        ["show", "{id}", "--in", "{folder}"],
        ["list", "--model", ""],
        ["list", "--search", "\udcff"],
        ["list", "--region", "moon"],
    ],
    ids=" ".join,
)
def test_what_is_wrong_with_arguments(run, simulator, tmp_path, monkeypatch, arguments):
    one, other = [item.id for item in simulator.history][:2]
    file, folder = tmp_path / "file", tmp_path / "folder"
    file.write_text("mine")
    folder.mkdir()
    (folder / "mine.mp3").write_text("mine")
    monkeypatch.chdir(folder)
    result = run(*(each.format(id=one, other=other, file=file, folder=folder) for each in arguments))
    assert result.exit_code in {1, 2}
    assert result.stdout == ""
    *notes, message = result.stderr.splitlines()
    assert notes in ([], ["0 items to fetch"], ["1 item to fetch"], ["20 items to fetch"])
    assert not PYTHON.search(message), message
    assert file.read_text() == (folder / "mine.mp3").read_text() == "mine"


def test_texts_of_the_library_with_python_in_them_are_those_that_no_command_causes():
    texts = set()
    for package in (elevenlabs_history, elevenlabs_history_backup):
        for path in Path(package.__file__).parent.rglob("*.py"):
            nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
            docstrings = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
            constants = (node for node in nodes if isinstance(node, ast.Constant) and id(node) not in docstrings)
            texts |= {node.value for node in constants if isinstance(node.value, str)}
    named = {text[:30] for text in texts if re.search(r"[a-z]=(?:…|True)|\bclient\.\w|\w\(…\)", text)}
    assert named == {
        "ApiKey(…)",
        "Pass api_key=… or set ",
        "api_key=…",
        ". In asyncio programs, make on",
        "This client was made with an h",
    }


def test_every_hint_that_is_replaced_is_one_of_the_library():
    folders = [Path(package.__file__).parent for package in (elevenlabs_history, elevenlabs_history_backup)]
    sources = "".join(path.read_text(encoding="utf-8") for folder in folders for path in folder.rglob("*.py"))
    assert [hint for hint in HINTS if hint not in sources] == []
