"""The commands for a backup, as users type them."""

import csv
import io
import json
import shutil
import subprocess

import pytest
from elevenlabs_history_backup import Backup, CatalogError
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
    refusal = b'{"detail": {"status": "invalid_output_format", "message": "no"}}'
    simulator.faults.add(Fault.answer(400, refusal), on="download", times=99)
    result = run("backup", tmp_path, "--format", "wav", "--workers", 1)
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


def test_a_report_names_the_filters_that_everything_matches(run, simulator, tmp_path):
    simulator.history.add(voice_name="Zoë Q", date=2_000_000_000)
    result = run("backup", tmp_path, "--voice", "zoë q", "--after", "2033")
    assert result.lines[-1] == "Everything that matches --voice 'zoë q' --after '2033-01-01 00:00' is in the folder."


def test_times_are_local_and_files_have_sizes(run, simulator, tmp_path, set_zone):
    set_zone("Asia/Tokyo")
    item = simulator.history.add(date=2_000_000_000)
    assert (
        "Generated from 2033-05-18 12:33 to 2033-05-18 12:33, " in run("backup", tmp_path, "--dry-run", "-n", 1).stdout
    )
    run("backup", tmp_path, "-n", 1)
    shown = run("show", item.id, "--in", tmp_path).stdout
    assert "2000000000 (2033-05-18 12:33)" in shown
    # Names of files stay in UTC.
    assert f"2033-05-18_03-33-20_{item.metadata['voice_name']}_{item.id}.mp3 (16 KiB)" in shown
    assert run("search", tmp_path, *item.metadata["text"].split()[:1]).lines[1].split()[1:3] == ["2033-05-18", "12:33"]


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
        "failed": 0,
        "completed": True,
    }
    assert len(run("verify", folder, "--json", "-v").json_lines) == 22


def test_the_command_for_a_repair_can_be_pasted(run, tmp_path):
    folder = tmp_path / "my history"
    run("backup", folder, "--limit", 1)
    files_of(folder)[0].unlink()
    assert run("verify", folder).stderr.endswith(f"verify '{folder}' --repair\n")


def test_success_is_silent_with_quiet_and_a_failure_is_not(run, simulator, folder, tmp_path):
    (item_id, *_) = [item.id for item in simulator.history]
    (folder / "mine.txt").write_text("an extra file does no harm")
    for arguments in (
        ["backup", folder],
        ["verify", folder],
        ["verify", folder, "--repair", "--checksums"],
        ["download", item_id, "-o", tmp_path / "clips"],
        ["doctor", folder],
    ):
        result = run(*arguments, "--quiet")
        assert (result.exit_code, result.stdout, result.stderr) == (0, "", "")
    assert run("verify", folder, "--quiet", "--json").json_lines[-1]["ok"]
    files_of(folder)[0].unlink()
    assert "Not where they were saved: 1 file. Run: " in run("backup", folder, "--quiet").stdout
    assert run("verify", folder, "--quiet").lines[-1] == "19 ok, 1 missing, 1 extra."


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
    heading, row, path = result.lines
    assert heading.split() == ["ID", "DATE", "VOICE", "TEXT"]
    assert "Dragons like syzygies" in row
    assert (folder / path.strip()).is_file()
    assert run("search", folder, "syzyg", "--columns", "state,text").lines[1] == "saved  Dragons like syzygies"
    (record,) = run("search", folder, "syzygies", "dragons", "--json").json_lines
    assert record["text"] == "Dragons like syzygies"
    nothing = run("search", folder, "aardvark")
    assert (nothing.exit_code, nothing.stdout) == (0, "")
    assert nothing.stderr == f"{folder} has no item that contains: aardvark\n"


def test_search_takes_filters_and_names_those_that_match_nothing(run, simulator, folder):
    for number, voice in enumerate(["Ann", "Bob", "Bob"]):
        simulator.history.add(text="a syzygy", voice_name=voice, date=2_000_000_000 + 86_400 * number)
    run("backup", folder)
    assert [
        line.split()[1:4] for line in run("search", folder, "syzygy", "-n", 2, "--columns", "id,date,voice").lines[1::2]
    ] == [
        ["2033-05-20", "03:33", "Bob"],
        ["2033-05-19", "03:33", "Bob"],
    ]
    result = run("search", folder, "syzygy", "--voice", "bob", "--before", "2033-05-20", "--json")
    assert [record["date"] for record in result.json_lines] == ["2033-05-19T03:33:20Z"]
    assert len(run("search", folder, "--voice", "bob", "--json").json_lines) == 2
    assert run("search", folder, "--voice", "Cid").stderr == f"{folder} has no item of --voice Cid\n"
    nothing = run("search", folder, "syzygy", "--voice", "Ann", "--after", "2033-05-19")
    assert nothing.stderr == (f"{folder} has no item of --voice Ann --after '2033-05-19 00:00' that contains: syzygy\n")


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
    assert f"Not where they were saved: 2 files. Run: elevenlabs-history verify {tmp_path} --repair\n" in result.stdout
    assert json.loads(run("backup", tmp_path, "--json").lines[-1])["lost"] == 2
    assert run("verify", tmp_path, "--repair").exit_code == 0
    assert "Everything that was asked for is in the folder." in run("backup", tmp_path).stdout


def test_a_backup_continues_as_it_began_and_says_so(run, simulator, tmp_path):
    voice = next(iter(simulator.history)).metadata["voice_name"]
    first = run("backup", tmp_path, "--voice", voice, "--format", "wav", "--template", "{id}{ext}")
    assert "As remembered" not in first.stderr
    simulator.history.add(voice_name=voice, date=2_000_000_000)
    again = run("backup", tmp_path)
    assert again.stderr.startswith(f"As remembered: --voice '{voice}' --format wav --template '{{id}}{{ext}}'\n")
    assert again.stdout.startswith("1 file saved")
    other = run("backup", tmp_path, "--no-filters", "--format", "original")
    assert "For this run only: --format --no-filters (to make it that of later runs: --remember)" in other.stderr
    assert len(list(tmp_path.glob("*.mp3"))) == 21
    kept = run("backup", tmp_path, "--no-filters", "--format", "original", "--remember")
    assert "For this run only" not in kept.stderr
    assert run("backup", tmp_path).stderr.startswith("As remembered: --template '{id}{ext}'\n")


def test_a_settings_file_decides_for_new_backups_only(run, tmp_path, monkeypatch):
    config = tmp_path / "config.toml"
    monkeypatch.setenv("ELEVENLABS_HISTORY_CONFIG", str(config))
    config.write_text('template = "{id}{ext}"\nformat = "wav"\n')
    run("backup", tmp_path / "new", "--limit", 1)
    config.write_text('template = "{voice}_{id}{ext}"\n')
    run("backup", tmp_path / "new")
    names = [path.stem for path in (tmp_path / "new").glob("*.wav")]
    assert len(names) == 20
    assert not any("_" in name for name in names)


def test_verify_says_that_items_failed(run, simulator, tmp_path):
    simulator.history.add(state="processing")
    run("backup", tmp_path)
    for options in ([], ["--repair"], ["--quiet"]):
        result = run("verify", tmp_path, *options)
        assert (result.exit_code, result.lines[-1]) == (5, "Not saved, because it failed: 1 item.")
    assert f"To fetch what is not saved: elevenlabs-history backup {tmp_path}" in run("verify", tmp_path).stderr
    assert run("verify", tmp_path, "--json").json_lines[-1]["failed"] == 1


def test_an_item_that_is_saved_in_another_format_did_not_fail(run, simulator, folder):
    simulator.faults.add(Fault.refusal(400, "odd"), on="download")
    assert run("backup", folder, "--format", "wav", "--batch-size", 1).exit_code == 1
    assert run("verify", folder).exit_code == 0


def test_the_key_of_another_account_is_asked_about(run, simulator, folder):
    question = "All that the server lists is new to this backup: is the key that of another account?"
    simulator.history.remove(next(iter(simulator.history)).id)
    simulator.history.add()
    result = run("backup", folder, "--full")
    assert "1 saved item no longer on the server" in result.stdout
    assert question not in result.stdout
    for item in list(simulator.history):
        simulator.history.remove(item.id)
    assert question not in run("backup", folder, "--full").stdout
    simulator.history.fill(3)
    assert question in run("backup", folder).stdout
    assert question not in run("backup", folder).stdout


def test_deleted_files_can_be_forgotten(run, folder):
    path, *_ = files_of(folder)
    item_id = item_id_of(path.read_bytes())
    refused = run("verify", folder, "--forget", item_id)
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert "Delete the file first" in refused.stderr
    path.unlink()
    result = run("verify", folder, "--forget", item_id)
    assert (result.exit_code, result.stdout) == (0, "19 ok.\n")
    assert "1 file forgotten." in result.stderr
    assert run("backup", folder, "--full").stdout.startswith("0 files saved")


def test_a_lost_catalog_is_made_again_from_the_files(run, folder):
    (folder / "history.db").unlink()
    (folder / "notes.txt").write_text("mine")
    result = run("import", folder)
    assert (result.exit_code, result.lines) == (
        0,
        ["left  notes.txt: Its name holds no id of an item.", "20 files recorded, 0 extracted from archives."],
    )
    assert run("backup", folder).stdout.startswith("0 files saved")
    (folder / "history.db").unlink()
    assert run("import", folder, "--offline", "--json").json_lines[-1]["recorded"] == 20


def test_archives_that_were_downloaded_by_hand_are_imported(run, client, simulator, tmp_path):
    items = list(client.list())
    client.download(items[:9]).save(tmp_path / "some.zip")
    (tmp_path / "broken.zip").write_bytes(b"PK\x03\x04 and no more")
    result = run("import", tmp_path / "history", tmp_path / "some.zip", tmp_path / "broken.zip")
    assert result.exit_code == 1
    assert f"left  {tmp_path / 'broken.zip'}: " in result.stdout
    assert "0 files recorded, 9 extracted from archives." in result.stdout
    result = run("verify", tmp_path / "history")
    assert result.lines == ["9 ok.", "No backup into it has been completed: items may be missing."]
    assert f"To fetch what is not saved: elevenlabs-history backup {tmp_path / 'history'}" in result.stderr


def test_a_first_run_that_matches_nothing_says_so_and_does_not_bind_later_ones(run, tmp_path):
    first = run("backup", tmp_path, "--voice", "Rachell")
    assert (first.exit_code, first.lines[-1]) == (
        0,
        "No item matches --voice Rachell.",
    )
    second = run("backup", tmp_path)
    assert "As remembered" not in second.stderr
    assert second.lines[-1] == "Everything that was asked for is in the folder."
    assert len(list(tmp_path.rglob("*.mp3"))) == 20


def test_a_backup_of_an_empty_history_says_so(run, simulator, tmp_path):
    for item in list(simulator.history):
        simulator.history.remove(item.id)
    assert run("backup", tmp_path).lines[-1] == "The history is empty."


def test_items_without_audio_are_not_said_to_be_in_the_folder(run, simulator, tmp_path):
    simulator.history.add(state="deleted")
    result = run("backup", tmp_path)
    assert (result.exit_code, result.lines[-2:]) == (
        0,
        ["The server has no audio of 1 item.", "Everything else that was asked for is in the folder."],
    )


def test_a_filter_that_matches_nothing_is_never_said_to_be_in_the_folder(run, tmp_path):
    run("backup", tmp_path, "--quiet")
    for options in ([], ["--remember"]):
        assert run("backup", tmp_path, "--voice", "Rachell", *options).lines[-1] == "No item matches --voice Rachell."
    assert run("backup", tmp_path).lines[-1] == "No item matches the remembered filters."
    other = run("backup", tmp_path, "--model", "eleven_v9")
    assert other.lines[-1] == "No item matches --model eleven_v9 and the remembered filters."
    other = run("backup", tmp_path, "--voice", "Rosalind", "--no-filters", "--remember")
    assert other.lines[-1] == "No item matches --voice Rosalind."
    assert run("backup", tmp_path, "--no-filters").lines[-1] == "Everything that was asked for is in the folder."


def test_a_backup_inside_of_another_one_is_refused(run, tmp_path, monkeypatch):
    outer, beside, link = tmp_path / "outer", tmp_path / "beside", tmp_path / "link"
    run("backup", outer, "--quiet")
    link.symlink_to(outer / "2025")
    for inner in (outer / "2026", link):
        result = run("backup", inner)
        assert (result.exit_code, result.stdout) == (2, "")
        assert f"{inner} lies in the backup {outer}: choose that one, or a folder outside." in result.stderr
    monkeypatch.chdir(outer)
    for folder in (outer, "../beside"):
        assert run("backup", folder, "--quiet").exit_code == 0
    assert (beside / "history.db").exists()


@pytest.mark.parametrize("name", ["x" * 300, "a\0b"], ids=["too long", "NUL"])
def test_a_folder_that_can_not_be_is_one_line(run, tmp_path, name):
    for command in (["backup"], ["verify"]):
        result = run(*command, tmp_path / name)
        assert (result.exit_code in {1, 2}, result.stdout, result.stderr.count("\n")) == (True, "", 1)


def test_a_folder_that_can_not_be_is_no_backup(tmp_path):
    with (
        Backup(tmp_path / ("x" * 300)) as opened,
        pytest.raises(CatalogError, match="Check its permissions"),
    ):
        opened.verify()
