"""The settings file and the default folder: options come first, then the environment, then the file."""

import json
import os
import re
from pathlib import Path

import attrs
import pytest
from elevenlabs_history_cli.settings import Settings, load_settings
from elevenlabs_history_simulator import item_id_of

VALID = "folder, region, base_url, format, template, workers, batch_size, key_file, key_command"


@pytest.fixture
def settings(tmp_path, monkeypatch):
    def write(text):
        path = tmp_path / "config.toml"
        path.write_text(text, encoding="utf-8")
        monkeypatch.setenv("ELEVENLABS_HISTORY_CONFIG", str(path))
        return path

    return write


@pytest.fixture
def home(tmp_path, monkeypatch):
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(tmp_path))
    return tmp_path


def downloads_of(simulator):
    return [json.loads(request.body) for request in simulator.requests if request.operation == "download"]


def test_the_file_gives_what_no_option_and_no_variable_gives(run, simulator, settings, home):
    settings('folder = "~/history"\nformat = "wav"\ntemplate = "{id}{ext}"\nbatch_size = 4\nworkers = 1')
    assert run("backup").exit_code == 0
    (item, *_) = simulator.history
    assert (home / "history" / f"{item.id}.wav").is_file()
    assert {len(request["history_item_ids"]) for request in downloads_of(simulator)} == {4}
    assert run("verify").stdout == "20 ok.\n"
    assert run("export", "--jsonl").stdout.count("\n") == 20


def test_options_and_variables_come_first(run, simulator, settings, tmp_path, monkeypatch):
    settings('folder = "~/elsewhere"\nformat = "wav"\nbase_url = "http://127.0.0.1:9"\nbatch_size = 1')
    monkeypatch.setenv("ELEVENLABS_HISTORY_FOLDER", str(tmp_path / "from variable"))
    assert run("backup", "--batch-size", 10).exit_code == 0
    assert len(list((tmp_path / "from variable").rglob("*.wav"))) == 20
    assert {len(request["history_item_ids"]) for request in downloads_of(simulator)} == {10}
    assert run("backup", tmp_path / "from option", "--format", "original", "--limit", 1).exit_code == 0
    assert len(list((tmp_path / "from option").rglob("*.mp3"))) == 1


def test_the_server_of_the_file_is_used_unless_the_environment_or_an_option_names_one(
    run, simulator, settings, monkeypatch
):
    settings(f'base_url = "{simulator.base_url}"')
    monkeypatch.delenv("ELEVENLABS_BASE_URL")
    assert run("list").exit_code == 0
    assert run("doctor", "--region", "eu", "--json").json_lines[3]["message"] == (
        "https://api.eu.residency.elevenlabs.io, region eu"
    )
    monkeypatch.setenv("ELEVENLABS_BASE_URL", "http://127.0.0.1:9")
    assert "127.0.0.1:9" in run("doctor").lines[3]


def test_the_file_is_in_the_folder_for_settings(run, settings, home, monkeypatch):
    monkeypatch.delenv("ELEVENLABS_HISTORY_CONFIG")
    variable, folder = ("APPDATA", home / "Roaming") if os.name == "nt" else ("XDG_CONFIG_HOME", home / ".config")
    monkeypatch.setenv(variable, str(folder))
    assert run("list").exit_code == 0
    (folder / "elevenlabs-history").mkdir(parents=True)
    (folder / "elevenlabs-history" / "config.toml").write_text("fodler = 1")
    assert "config.toml: unknown key 'fodler'. Valid keys: " in run("list").stderr
    if os.name != "nt":
        monkeypatch.setenv(variable, "")
        assert "unknown key" in run("list").stderr


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("fodler = 1", f"unknown key 'fodler'. Valid keys: {VALID}."),
        ("folder = 1", "folder must be an absolute path, which may begin with ~, or the address of a bucket."),
        ('folder = "history"', "folder must be an absolute path, which may begin with ~, or the address of a bucket."),
        ('folder = ""', "folder must be an absolute path, which may begin with ~, or the address of a bucket."),
        ('region = "moon"', "region must be us, eu, in or sg."),
        ("region = ['us']", "region must be us, eu, in or sg."),
        ("workers = 0", "workers must be a whole number from 1."),
        ("workers = true", "workers must be a whole number from 1."),
        ("batch_size = 1.5", "batch_size must be a whole number from 1."),
        ('template = ""', "template must be a text."),
        ("[format]", "format must be original or wav."),
        ("folder = \n", "is not valid TOML: Invalid value (at line 1, column 10)."),
        ('region = "eu"\nbase_url = "https://example.com"', "region and base_url exclude each other. Remove one"),
        ('key_file = "~/a"\nkey_command = "b"', "key_file and key_command exclude each other. Remove one of them."),
    ],
)
def test_what_is_not_valid_is_one_line_that_names_the_file_and_what_is(run, settings, text, message):
    path = settings(text)
    result = run("list")
    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (2, "", 1)
    assert result.stderr.startswith(f"elevenlabs-history: {path}")
    assert message in result.stderr


def test_the_settings_of_the_guide_are_valid(settings):
    guide = (Path(__file__).parents[2] / "docs" / "guide" / "command-line.md").read_text(encoding="utf-8")
    (text,) = re.findall(r"```toml\n(.*?)```", guide, re.DOTALL)
    settings(text)
    assert {*load_settings().keys} == {field.name for field in attrs.fields(Settings)} - {
        *("file", "keys", "base_url", "key_file")
    }


def test_a_key_in_the_file_is_refused_and_not_shown(run, settings):
    path = settings('api_key = "sk_secret"')
    for result in (run("list"), run("doctor", "-vv")):
        assert f"{path}: api_key is not allowed, because keys don't belong into settings." in (
            result.stdout + result.stderr
        )
        assert "key_file" in result.stdout + result.stderr
        assert "sk_secret" not in result.stdout + result.stderr


def test_a_file_that_cannot_be_read_is_one_line(run, settings, tmp_path, monkeypatch):
    path = settings("")
    path.write_bytes(b'format = "\xff"')
    assert run("list").stderr.startswith(f"elevenlabs-history: {path} is not valid TOML: 'utf-8' codec can't decode")
    path.write_bytes(b'\xef\xbb\xbfformat = "wav"')
    assert run("list").exit_code == 0
    monkeypatch.setenv("ELEVENLABS_HISTORY_CONFIG", str(tmp_path))
    assert f"Can't read the settings file {tmp_path}: " in run("list").stderr
    missing = tmp_path / "none.toml"
    monkeypatch.setenv("ELEVENLABS_HISTORY_CONFIG", str(missing))
    result = run("list")
    assert (result.exit_code, result.stderr) == (
        2,
        f"elevenlabs-history: There is no settings file {missing}, which ELEVENLABS_HISTORY_CONFIG names.\n",
    )


def test_help_and_completion_work_whatever_the_file_says(run, settings):
    settings("nonsense")
    for arguments in (["completion", "bash"], ["help"], ["backup", "--help"]):
        assert run(*arguments).exit_code == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ["backup"],
        ["verify"],
        ["export", "--csv"],
        ["play", "ID"],
        ["open", "ID"],
        ["show", "ID", "--in"],
        ["search", "--voice", "x"],
        ["find", "x"],
    ],
    ids=" ".join,
)
def test_without_any_folder_the_message_says_how_to_set_one(run, arguments):
    result = run(*arguments)
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
    assert re.search(r"The folder of a backup (and a text to find )?must be given\.", result.stderr)
    assert f"ELEVENLABS_HISTORY_FOLDER in the environment, or folder in {os.devnull}" in result.stderr


def test_an_empty_folder_name_is_not_the_default_one(run, tmp_path, monkeypatch):
    monkeypatch.setenv("ELEVENLABS_HISTORY_FOLDER", str(tmp_path / "history"))
    assert run("backup", "").exit_code == 2
    assert not (tmp_path / "history").exists()


def test_the_first_word_of_a_search_is_a_folder_only_if_there_is_one(run, simulator, home, monkeypatch):
    simulator.history.add(text="Dragons like syzygies", date=2_000_000_000)
    monkeypatch.chdir(home)
    run("backup", "dragons")
    found = run("search", "dragons", "syzygies").stdout
    assert "Dragons like" in found
    assert run("search", "~/dragons", "syzygies").stdout == found
    assert run("search", "nowhere", "syzygies").exit_code == 1
    assert run("search", "dragons", "-n", 1).stdout == found
    assert run("search", "", "syzygies").exit_code == 2
    monkeypatch.setenv("ELEVENLABS_HISTORY_FOLDER", "~/dragons")
    assert run("search", "syzygies", "like").stdout == found
    assert run("search", "-n", 1).stdout == found
    assert run("search", "dragons").stdout == found
    assert run("search", "dragons", "syzygies").stdout == found
    assert "has no item that contains: nowhere dragons" in run("search", "nowhere", "dragons").stderr
    assert run("search", "x" * 300, "dragons").exit_code == 0


def test_show_asks_the_server_or_a_backup_or_the_default_one(run, simulator, tmp_path, monkeypatch):
    item = next(iter(simulator.history))
    run("backup", tmp_path)
    monkeypatch.setenv("ELEVENLABS_HISTORY_FOLDER", str(tmp_path))
    in_folder = run("show", item.id, "--in", tmp_path).stdout
    assert "files" in in_folder
    assert run("show", item.id, "--in").stdout == in_folder
    assert run("show", item.id).stdout != in_folder


def test_a_home_folder_that_no_shell_has_expanded_is_expanded(run, simulator, home):
    run("backup", "~/history", "--limit", 1)
    (path,) = (home / "history").rglob("*.mp3")
    assert run("show", item_id_of(path.read_bytes()), "--in=~/history").exit_code == 0


def test_the_doctor_says_where_values_come_from(run, simulator, settings, home, monkeypatch):
    key_file = home / "key"
    key_file.write_text(simulator.api_key)
    key_file.chmod(0o600)
    path = settings(f'folder = "~/history"\nkey_file = "~/key"\nbase_url = "{simulator.base_url}"')
    monkeypatch.delenv("ELEVENLABS_API_KEY")
    monkeypatch.delenv("ELEVENLABS_BASE_URL")
    checks = {check["name"]: check for check in run("doctor", "--json").json_lines}
    assert {check["status"] for check in checks.values()} == {"ok"}
    assert checks["settings"]["message"] == f"folder, key_file, base_url in {path}"
    assert checks["key"]["message"] == f"from the file of key_file in {path}"
    assert checks["server"]["message"] == f"{simulator.base_url}, from settings"
    assert (
        checks["folder"]["message"] == f"{home / 'history'} does not exist; the first backup creates it, from settings"
    )
    monkeypatch.setenv("ELEVENLABS_HISTORY_FOLDER", str(home))
    assert f"{home} is writable, from ELEVENLABS_HISTORY_FOLDER\n" in run("doctor").stdout
    assert f"{home} is writable\n" in run("doctor", home).stdout
    settings('region = "eu"')
    assert run("doctor", "--json").json_lines[3]["message"].endswith("region eu from settings")


def test_the_doctor_goes_on_after_settings_that_are_not_valid(run, settings, tmp_path):
    path = settings("fodler = 1")
    result = run("doctor", tmp_path)
    assert result.exit_code == 1
    assert result.lines[1] == f"problem settings  {path}: unknown key 'fodler'. Valid keys: {VALID}."
    assert [line.split()[0] for line in result.lines[2:]] == ["ok"] * 6
