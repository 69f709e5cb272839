"""The commands for a backup, as users type them."""

import csv
import io
import json
import shutil
import subprocess

import pytest
from elevenlabs_history_backup import Backup
from elevenlabs_history_simulator import Fault, Quirks, item_id_of


@pytest.fixture
def folder(run, tmp_path):
    folder = tmp_path / "history"
    assert run("backup", folder, "--quiet").exit_code == 0
    return folder


def files_of(folder):
    return sorted(folder.rglob("*.mp3"))


def test_backup_saves_everything_and_then_only_what_is_new(run, simulator, tmp_path):
    first = run("backup", tmp_path)
    assert first.exit_code == 0
    assert first.stdout == (
        f"20 files saved, {sum(path.stat().st_size for path in files_of(tmp_path)) / 1024:,.0f} KiB; 20 items listed.\n"
        "Everything that was asked for is in the folder.\n"
    )
    assert first.stderr == "20 items to fetch\n"
    new = simulator.history.add(date=2_000_000_000)
    assert run("backup", tmp_path).stdout.startswith("1 file saved, ")
    assert {item_id_of(path.read_bytes()) for path in files_of(tmp_path)} >= {new.id}
    assert run("backup", tmp_path).stdout.startswith("0 files saved, 0 bytes; ")


def test_a_listing_that_ended_early_is_reported(run, simulator, tmp_path):
    simulator.quirks = Quirks(endless_pages=True)
    result = run("backup", tmp_path)
    assert (result.exit_code, result.lines[-1]) == (
        0,
        "The listing ended early; some items may be missing. Run the backup again.",
    )


def test_a_format_that_the_server_rejects_ends_the_run_at_once(run, simulator, tmp_path):
    result = run("backup", tmp_path, "--format", "ogg", "--workers", 1)
    assert (result.exit_code, result.stdout) == (1, "")
    assert "invalid_output_format" in result.stderr
    assert len([request for request in simulator.requests if request.operation == "download"]) == 1


def test_a_dry_run_prints_what_would_be_fetched_and_writes_nothing(run, simulator, tmp_path):
    result = run("backup", tmp_path / "new", "--dry-run")
    assert result.exit_code == 0
    assert result.lines[:2] == [
        "20 items would be fetched; 20 listed.",
        "The sizes are unknown, because the API does not list them.",
    ]
    assert result.lines[2].startswith("Generated from 2025-1")
    assert sum(int(line.split()[0]) for line in result.lines[3:]) == 20
    assert list(tmp_path.iterdir()) == []
    (plan,) = run("backup", tmp_path / "new", "--dry-run", "--json").json_lines
    assert (plan["event"], plan["items"], sum(plan["voices"].values())) == ("planned", 20, 20)
    assert plan["oldest"] < plan["newest"]


def test_a_dry_run_prints_earlier_failures_and_sums_up_rare_voices(run, simulator, tmp_path):
    for number in range(15):
        simulator.history.add(voice_name=f"Voice {number}", date=2_000_000_000 + number)
    simulator.faults.add(Fault.refusal(400, "odd"), on="download")
    run("backup", tmp_path, "--limit", 1)
    result = run("backup", tmp_path, "--dry-run")
    assert "1 of them failed before." in result.lines
    assert result.lines[-1].split()[1] == "with"
    assert result.lines[-1].endswith(" other voices")


def test_backup_reports_items_that_were_deleted_on_the_server(run, simulator, folder):
    simulator.history.remove(next(iter(simulator.history)).id)
    lines = run("backup", folder, "--full").lines
    assert "1 saved item no longer on the server; the file stays." in lines
    assert len(files_of(folder)) == 20


def test_backup_reports_invalid_entries_and_exits_with_1(run, simulator, tmp_path):
    del simulator.history.add().metadata["date_unix"]
    result = run("backup", tmp_path)
    assert (result.exit_code, result.lines[-1]) == (1, "1 entry of the listing could not be parsed.")
    assert len(files_of(tmp_path)) == 20


def test_an_item_that_fails_is_named_and_the_exit_code_is_1(run, simulator, tmp_path):
    simulator.faults.add(Fault.refusal(400, "odd"), on="download")
    result = run("backup", tmp_path, "--quiet", "--batch-size", 1)
    (request, *_) = [request for request in simulator.requests if request.operation == "download"]
    (history_item_id,) = json.loads(request.body)["history_item_ids"]
    assert result.exit_code == 1
    assert result.stderr.startswith(f"failed  {history_item_id}: [400 odd] ")
    assert "1 item failed; the next run tries again." in result.stdout


@pytest.mark.parametrize(("fault", "code"), [(Fault.answer(401), 3), (Fault.answer(501), 4)], ids=["key", "server"])
def test_an_error_that_would_fail_every_item_ends_the_run(run, simulator, tmp_path, fault, code):
    simulator.faults.add(fault)
    result = run("backup", tmp_path)
    assert (result.exit_code, result.stdout) == (code, "")


def test_backup_passes_filters_format_and_template_on(run, simulator, tmp_path):
    wanted = simulator.history.add(text="a syzygy")
    assert run("backup", tmp_path, "--search", "syzygy", "--format", "wav", "--template", "{id}{ext}").exit_code == 0
    (path,) = tmp_path.rglob("*.wav")
    assert path.name == f"{wanted.id}.wav"


def test_verify_prints_differences_and_exits_with_5(run, folder):
    whole = run("verify", folder)
    assert (whole.exit_code, whole.stdout) == (0, "20 ok.\n")
    missing, changed, *_ = files_of(folder)
    missing.unlink()
    changed.write_bytes(b"other")
    (folder / "mine.txt").write_text("notes")
    result = run("verify", folder)
    assert result.exit_code == 5
    assert sorted(line.split()[0] for line in result.lines[:-1]) == ["changed", "extra", "missing"]
    assert f"missing    {missing.relative_to(folder).as_posix()}  (item " in result.stdout
    assert result.lines[-1] == "18 ok, 1 missing, 1 changed, 1 extra."
    assert "--repair" in result.stderr
    *issues, report = run("verify", folder, "--json").json_lines
    assert {issue["status"] for issue in issues} == {"missing", "changed", "extra"}
    assert report == {
        "event": "finished",
        "ok": False,
        "ok_count": 18,
        "missing": 1,
        "changed": 1,
        "moved": 0,
        "extra": 1,
        "unreadable": 0,
    }
    assert len(run("verify", folder, "--json", "-v").json_lines) == 22


def test_the_command_for_a_repair_can_be_pasted(run, tmp_path):
    folder = tmp_path / "my history"
    run("backup", folder, "--limit", 1)
    files_of(folder)[0].unlink()
    assert run("verify", folder).stderr.endswith(f"verify '{folder}' --repair\n")


def test_verify_repairs(run, folder):
    missing, changed, *_ = files_of(folder)
    missing.unlink()
    changed.write_bytes(b"other")
    result = run("verify", folder, "--repair")
    assert (result.exit_code, result.lines[-1]) == (0, "20 ok.")
    assert missing.exists()


@pytest.mark.skipif(shutil.which("sha256sum") is None, reason="checks with sha256sum")
def test_verify_writes_checksums_and_prints_a_command_that_checks_them(run, folder):
    command = f"(cd {folder} && sha256sum --check SHA256SUMS)"
    assert run("verify", folder, "--checksums").stderr == f"Wrote {folder}/SHA256SUMS. Check it with: {command}\n"
    assert subprocess.run(["bash", "-c", command], stdout=subprocess.DEVNULL, check=False).returncode == 0


def test_search_finds_words_and_prints_paths(run, simulator, folder):
    simulator.history.add(text="Dragons like syzygies", date=2_000_000_000)
    run("backup", folder)
    result = run("search", folder, "syzyg")
    assert result.exit_code == 0
    assert "Dragons like syzygies" in result.lines[0]
    assert (folder / result.lines[1].strip()).is_file()
    (record,) = run("search", folder, "dragons", "syzygies", "--json").json_lines
    assert record["text"] == "Dragons like syzygies"
    nothing = run("search", folder, "aardvark")
    assert (nothing.exit_code, nothing.stdout) == (0, "")
    assert "aardvark" in nothing.stderr


def test_show_reads_a_backup_without_a_server(run, simulator, folder, monkeypatch):
    item = next(iter(simulator.history))
    monkeypatch.delenv("ELEVENLABS_API_KEY")
    shown = run("show", item.id, "--in", folder)
    assert shown.exit_code == 0
    assert "saved" in shown.stdout
    (record,) = run("show", item.id, "--in", folder, "--json").json_lines
    assert record["metadata"] == item.metadata
    unknown = run("show", "nobody", item.id, "--in", folder)
    assert unknown.exit_code == 1
    assert "has no item 'nobody'" in unknown.stderr


def test_export_prints_formats_that_other_programs_read(run, folder):
    rows = list(csv.DictReader(io.StringIO(run("export", folder, "--csv").stdout)))
    assert {folder / row["path"] for row in rows} == set(files_of(folder))
    assert len(run("export", folder, "--jsonl").json_lines) == 20
    playlist = run("export", folder, "--m3u").lines
    assert playlist[0] == "#EXTM3U"
    assert {folder / line for line in playlist if not line.startswith("#")} == set(files_of(folder))


def test_page_writes_a_page_and_prints_where(run, folder):
    result = run("page", folder)
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == f"Wrote {folder / 'index.html'}. Open it in a browser.\n"
    assert (folder / "page" / "data" / "0000.js").is_file()
    assert run("page", folder, "--quiet").stderr == ""
    assert run("verify", folder).stdout == "20 ok.\n"


def test_backup_writes_the_page_with_what_is_new(run, simulator, tmp_path):
    assert run("backup", tmp_path, "--page").stderr.endswith("index.html. Open it in a browser.\n")
    new = simulator.history.add(date=2_000_000_000)
    result = run("backup", tmp_path, "--page", "--json", "-q")
    assert result.json_lines[-1]["event"] == "finished"
    assert new.id in (tmp_path / "page" / "data" / "0000.js").read_text(encoding="utf-8")
    run("backup", tmp_path / "new", "--page", "--dry-run")
    assert not (tmp_path / "new").exists()


def test_a_page_of_somebody_else_is_one_line_and_the_backup_is_done(run, tmp_path):
    (tmp_path / "index.html").write_text("mine")
    result = run("backup", tmp_path, "--page", "-q")
    assert result.exit_code == 1
    assert result.stderr == (
        f"elevenlabs-history: {tmp_path / 'index.html'} exists and is not a page of this program. It was not changed. "
        "Move or rename it, then run it again.\n"
    )
    assert len(files_of(tmp_path)) == 20
    assert (tmp_path / "index.html").read_text() == "mine"


@pytest.mark.parametrize(
    "command", [["verify"], ["search"], ["export", "--csv"], ["page"], ["show", "--in"]], ids=lambda c: c[0]
)
def test_a_folder_that_is_not_a_backup_is_an_error(run, tmp_path, command):
    result = run(*command, tmp_path, *(["words"] if command[0] in {"search", "show"} else []))
    assert (result.exit_code, result.stdout) == (1, "")
    assert str(tmp_path) in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_folder_whose_name_is_too_long_is_one_line(run):
    result = run("backup", "x" * 300)
    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (1, "", 1)
    assert "File name too long" in result.stderr


def test_the_key_appears_in_no_output_and_no_file(run, simulator, tmp_path):
    simulator.faults.add(Fault.answer(401), times=3)
    result = run("backup", tmp_path, "-vv")
    simulator.faults.clear()
    again = run("backup", tmp_path, "-vv")
    output = result.stdout + result.stderr + again.stdout + again.stderr
    assert simulator.api_key not in output
    assert not any(simulator.api_key.encode() in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())


def test_a_moved_backup_still_works(run, folder, tmp_path):
    moved = folder.rename(tmp_path / "elsewhere")
    assert run("verify", moved).exit_code == 0
    with Backup(moved) as backup:
        assert len(backup) == 20


def test_backup_notices_saved_files_that_are_gone(run, tmp_path):
    run("backup", tmp_path)
    assert "Everything that was asked for is in the folder." in run("backup", tmp_path).stdout
    for path in list(tmp_path.rglob("*.mp3"))[:2]:
        path.unlink()
    result = run("backup", tmp_path)
    assert result.exit_code == 0
    assert "Everything" not in result.stdout
    assert "ended early" not in result.stdout
    assert f"2 saved files not where they were saved. To find or fetch them: elevenlabs-history verify {tmp_path}" in (
        result.stdout
    )
    assert json.loads(run("backup", tmp_path, "--json").lines[-1])["lost"] == 2
    assert run("verify", tmp_path, "--repair").exit_code == 0
    assert "Everything that was asked for is in the folder." in run("backup", tmp_path).stdout
