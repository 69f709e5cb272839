"""Commands take the address of a bucket as the folder of a backup."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import obstore
import pytest
from elevenlabs_history_backup import BackupReader
from elevenlabs_history_cli.mcp_server import make_server
from obstore.store import from_url
from support.buckets import paths_in
from support.object_store import SECRET


@pytest.fixture(autouse=True)
def _cache(monkeypatch, tmp_path):
    monkeypatch.setenv("ELEVENLABS_HISTORY_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def saved(run, address):
    assert run("backup", address, "--quiet").exit_code == 0
    return address


def test_a_backup_into_a_bucket_says_what_one_into_a_folder_says(run, address, tmp_path):
    result = run("backup", address)
    assert (result.exit_code, result.lines[-1]) == (0, "Everything that was asked for is in the bucket.")
    assert len(paths_in(address)) == 20
    assert [path.name for path in tmp_path.iterdir()] == ["cache"]
    assert run("verify", address).lines == ["20 ok."]
    assert run("verify", address, "--read", "--json").json_lines[-1]["ok_count"] == 20


def test_the_default_folder_may_be_a_bucket(run, saved, monkeypatch, tmp_path):
    monkeypatch.setenv("ELEVENLABS_HISTORY_FOLDER", saved)
    assert run("verify").lines == ["20 ok."]
    config = tmp_path / "config.toml"
    config.write_text(f'folder = "{saved}"')
    monkeypatch.delenv("ELEVENLABS_HISTORY_FOLDER")
    monkeypatch.setenv("ELEVENLABS_HISTORY_CONFIG", str(config))
    assert run("verify").lines == ["20 ok."]


def test_searches_and_exports_read_the_cached_catalog(run, saved, monkeypatch, tmp_path):
    (line, *_) = run("export", saved, "--jsonl").lines
    item = json.loads(line)
    word = item["text"].split()[0]
    assert item["history_item_id"] in {
        each["history_item_id"] for each in run("search", saved, word, "--json").json_lines
    }
    monkeypatch.setenv("ELEVENLABS_HISTORY_FOLDER", str(tmp_path / "another"))
    assert run("search", saved, word).exit_code == 0
    assert run("export", saved, "--m3u", "-o", "list.m3u").exit_code == 0
    assert item["files"][0]["path"] in (tmp_path / "list.m3u").read_text()
    assert run("show", item["history_item_id"], "--in", saved).exit_code == 0
    assert run("subtitles", saved, "-o", "out").exit_code == 0
    assert run("find", saved, item["text"], "--path").stdout == f"{saved}/{item['files'][0]['path']}\n"
    assert run("stats", saved, "--json").json_lines[-1]["items"] == 20


def test_find_does_not_say_that_a_text_is_missing_when_the_store_fails(run, saved, store):
    store.fail((403, ""), ".*", times=1000)
    assert run("find", saved, "some text").exit_code == 2


def test_assistants_are_told_the_address(saved):
    with BackupReader(saved) as backup:
        assert saved in make_server(backup).instructions


def test_the_page_is_put_into_the_bucket(run, saved):
    assert run("page", saved).stderr == f"Wrote {saved}/index.html.\n"
    assert obstore.head(from_url(saved), "index.html")["size"] > 1000
    assert run("verify", saved).lines == ["20 ok."]


def test_repair_names_the_command_with_the_address(run, saved):
    obstore.delete(from_url(saved), paths_in(saved)[0])
    result = run("verify", saved)
    assert result.exit_code == 5
    assert f"elevenlabs-history verify {saved} --repair" in result.stderr
    assert run("verify", saved, "--repair").lines == ["20 ok."]


@pytest.mark.parametrize("command", ["play", "open"])
def test_what_needs_a_file_on_the_disk_says_so_in_one_line(run, saved, command):
    result = run(command, "some-id", "--in", saved)
    assert (result.exit_code, result.stdout) == (2, "")
    (line,) = result.stderr.splitlines()
    assert "can't be played or opened from here" in line


def test_what_is_written_goes_to_a_path_only(run, saved, tmp_path):
    for arguments in (
        ("export", saved, "--csv", "-o", "s3://bucket/table.csv"),
        ("subtitles", saved, "-o", "s3://bucket/texts"),
        ("download", "some-id", "-o", "s3://bucket/clips"),
    ):
        result = run(*arguments)
        assert result.exit_code == 2
        assert "only a backup can be in a bucket" in result.stderr
    assert not (tmp_path / "s3:").exists()


def test_the_doctor_looks_at_the_bucket(run, address):
    checks = {line["name"]: line for line in run("doctor", address, "--json").json_lines}
    assert checks["bucket"]["message"] == f"{address} can be read and has no backup yet"
    run("backup", address, "--quiet")
    checks = {line["name"]: line for line in run("doctor", address, "--json").json_lines}
    assert checks["bucket"]["message"] == f"{address} has a backup with 20 items"


@pytest.mark.parametrize("command", [("backup",), ("verify",), ("page",), ("search", "--json"), ("doctor",)])
def test_a_refused_key_is_one_line_without_it(run, store, address, command):
    store.fail((403, "<Error><Code>AccessDenied</Code></Error>"), ".*", times=1000)
    name, *options = command
    result = run(name, *options, address, *(["word", "more"] if name == "search" else []))
    assert result.exit_code == 1
    output = result.stdout + result.stderr
    assert f"The store refuses the key for {address}" in output
    assert SECRET not in output
    assert "Traceback" not in output


@pytest.mark.skipif(os.name == "nt", reason="runs commands for a POSIX shell")
def test_what_the_page_shows_runs(environment, address, tmp_path):
    page = (Path(__file__).parents[2] / "docs" / "buckets.md").read_text(encoding="utf-8")
    page = page.replace("s3://bucket/elevenlabs", address)
    (commands,), (program,) = (re.findall(rf"```{each}\n(.*?)```", page, re.DOTALL) for each in ("sh", "python"))
    export, *commands = commands.partition("export ")[2].splitlines()
    assert [each for each in re.findall("[A-Z_]+", export) if each not in os.environ] == []
    variables = os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    for command in (["bash", "-c", "\n".join(["set -e", *commands])], [sys.executable, "-c", program]):
        done = subprocess.run(command, env=variables, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr.count("Traceback")) == (0, 0), done.stderr
    assert done.stdout == "20\n"
