"""What notebooks show: a bar that events move, and tables of texts that anyone may have written."""

import builtins
import io
from contextlib import redirect_stderr

import pytest
from elevenlabs_history import HistoryItem, InvalidArgumentError, errors
from elevenlabs_history.events import ItemFailed, Report
from elevenlabs_history.notebook import progress, table
from elevenlabs_history_backup import Backup


def test_the_bar_counts_the_items_of_a_download(client, tmp_path):
    items, shown = list(client.list()), io.StringIO()
    with redirect_stderr(shown), progress() as show:
        client.download_all(items, tmp_path, on_event=show)
    assert "20/20" in shown.getvalue()


@pytest.mark.parametrize("make_client", ["sync"], indirect=True)
def test_the_bar_counts_the_items_of_a_backup(client, tmp_path):
    shown = io.StringIO()
    with redirect_stderr(shown), progress() as show, Backup(tmp_path) as backup:
        backup.sync(client, on_event=show)
    assert "20/20" in shown.getvalue()


def test_without_tqdm_the_message_says_what_to_install(monkeypatch):
    original = builtins.__import__

    def fail(name, *args, **kwargs):
        if name.startswith("tqdm"):
            raise ModuleNotFoundError(name)
        return original(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", fail)
    with pytest.raises(InvalidArgumentError, match=r"pip install 'elevenlabs-history\[cli\]'"), progress():
        pass


def test_a_table_of_items_is_escaped_and_its_repr_is_plain_lines(client, simulator):
    item = simulator.history.add(
        text='<script>alert("x")</script>\n\x1b[2J' + "x" * 100_000, voice_name="A & B", date=2_000_000_000
    )
    shown = table(client.list(limit=2))
    html = shown._repr_html_()
    assert f"<td>{item.id}</td><td>2033-05-18 03:33</td><td>A &amp; B</td><td>&lt;script&gt;" in html
    assert "<script" not in html
    assert html.count("<tr>") == 3
    header, first, _ = repr(shown).splitlines()
    assert header.split() == ["id", "date", "(UTC)", "voice", "text"]
    assert first.startswith(f"{item.id}  2033-05-18 03:33  A & B  ")
    assert first.isprintable()
    assert len(first) < 1000


def test_a_table_of_files_says_where_they_are(client, tmp_path):
    files = client.download(list(client.list(limit=2))).extract(tmp_path)
    assert [line.split(maxsplit=3) for line in repr(table(files)).splitlines()] == [
        ["id", "kind", "size", "file"],
        *([file.history_item_id, "mp3", str(file.size), str(file.path)] for file in files),
    ]


def test_a_table_of_a_report_says_what_became_of_each_item(client, simulator, tmp_path):
    items = list(client.list(limit=3))
    client.download_all(items[0], tmp_path)
    simulator.history.remove(items[1].history_item_id)
    report = client.download_all(items, tmp_path)
    report.failed.append(ItemFailed("x1", errors.ServerError("It broke")))
    lines = [line.split()[:2] for line in repr(table(report)).splitlines()]
    assert lines == [
        ["id", "result"],
        [items[2].history_item_id, "saved"],
        [items[0].history_item_id, "skipped"],
        [items[1].history_item_id, "missing"],
        ["x1", "failed"],
    ]
    assert "<td>failed</td><td>It broke.</td>" in table(report)._repr_html_()


def test_what_an_item_lacks_is_an_empty_cell():
    shown = table([HistoryItem.from_dict({"history_item_id": "a", "date_unix": 0})])
    assert "<td>a</td><td>1970-01-01 00:00</td><td></td><td></td>" in shown._repr_html_()


def test_a_table_of_nothing_is_empty():
    assert repr(table([])) == repr(table(Report())) == ""
