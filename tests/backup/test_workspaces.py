"""The file of workspaces: what it says is what is done, and a mistake is one line that names file, table and key."""

import datetime as dt
import pickle
import re

import pytest
from elevenlabs_history import InvalidArgumentError
from elevenlabs_history_backup import Workspace, read_workspaces

GOOD = '[[workspace]]\nname = "acme"\ntarget = "acme"\nkey_env = "ACME_KEY"\n'


@pytest.fixture
def read(tmp_path):
    def read(text):
        path = tmp_path / "workspaces.toml"
        path.write_text(text, encoding="utf-8")
        return read_workspaces(path)

    return read


def test_a_workspace_says_all_that_a_backup_takes(read):
    (first, second) = read(
        "\ufeff"
        '[[workspace]]\nname = "acme"\ntarget = "~/acme"\nkey_file = "~/keys/acme"\nregion = "eu"\nvoice = "Rachel"\n'
        'model = "eleven_v3"\nsource = "TTS"\nsearch = "dragon"\nafter = 2026-01-01\nbefore = "2026-02-01"\n'
        'format = "wav"\ntemplate = "{id}{ext}"\nfull = true\nworkers = 2\nbatch_size = 50\n'
        '[[workspace]]\nname = "beta"\ntarget = "s3://bucket/beta"\nkey_command = "pass show beta"\n'
        'base_url = "https://example.com"\n'
    )
    assert first == Workspace(
        name="acme",
        target="~/acme",
        key_file="~/keys/acme",
        region="eu",
        voice="Rachel",
        model="eleven_v3",
        source="TTS",
        search="dragon",
        after=dt.date(2026, 1, 1),
        before="2026-02-01",
        format="wav",
        template="{id}{ext}",
        full=True,
        workers=2,
        batch_size=50,
    )
    assert (second.target, second.key_command, second.full) == ("s3://bucket/beta", "pass show beta", False)
    assert pickle.loads(pickle.dumps(first)) == first


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", " names no workspace: begin each one with a line [[workspace]]."),
        ('[workspace]\nname = "acme"', " names no workspace: begin each one with a line [[workspace]]."),
        ("workspace = [1]", " names no workspace: begin each one with a line [[workspace]]."),
        (f"region = 'eu'\n{GOOD}", ": unknown key 'region'. Put it below a [[workspace]]."),
        ("[[workspace]\n", " is not valid TOML: "),
        ('[[workspace]]\ntarget = "a"\nkey_env = "A"', ", workspace 1: name is missing."),
        ('[[workspace]]\nname = "a"\nkey_env = "A"', ", workspace a: target is missing."),
        ('[[workspace]]\nname = " "\ntarget = "a"\nkey_env = "A"', ", workspace 1: name must be a text that is not"),
        ('[[workspace]]\nname = "a"\ntarget = ""\nkey_env = "A"', ", workspace a: target must be a text that is not"),
        (f"{GOOD}{GOOD}", ": Two workspaces have the name acme. Rename one."),
        (
            GOOD + GOOD.replace('name = "acme"', 'name = "b"').replace('"acme"', '"./acme/"'),
            ": The workspaces acme and b have the same target. Choose another for one.",
        ),
        (f"{GOOD}keyfile = 'a'", ", workspace acme: unknown key 'keyfile'. Valid keys: name, target, key_env, "),
        (f"{GOOD}key_file = 'a'", ", workspace acme: It needs one of key_env, key_file, key_command, and only one."),
        (
            '[[workspace]]\nname = "acme"\ntarget = "a"',
            ", workspace acme: It needs one of key_env, key_file, key_command, and only one.",
        ),
        (f"{GOOD}voice = 7", ", workspace acme: voice must be a text that is not empty."),
        (f"{GOOD}region = 'de'", ", workspace acme: region must be us, eu, in or sg."),
        (f"{GOOD}region = ['eu']", ", workspace acme: region must be us, eu, in or sg."),
        (f"{GOOD}region = 'eu'\nbase_url = 'https://a.b'", ", workspace acme: region and base_url exclude each other."),
        (f"{GOOD}after = 'soon'", ", workspace acme: Invalid after: 'soon'. It must be "),
        (f"{GOOD}before = 12:00:00", ", workspace acme: Invalid before: "),
        (f"{GOOD}template = 'a{{ext}}'", ", workspace acme: Template 'a{ext}' does not name the item"),
        (f"{GOOD}full = 1", ", workspace acme: full must be true or false."),
        (f"{GOOD}workers = 0", ", workspace acme: workers must be a whole number from 1."),
        (f"{GOOD}batch_size = true", ", workspace acme: batch_size must be a whole number from 1."),
    ],
)
def test_a_mistake_is_one_line_that_names_file_table_and_key(read, tmp_path, text, message):
    with pytest.raises(InvalidArgumentError, match=re.escape(f"{tmp_path / 'workspaces.toml'}{message}")) as raised:
        read(text)
    assert "\n" not in str(raised.value)


def test_a_file_that_cannot_be_read_is_one_line(tmp_path):
    with pytest.raises(InvalidArgumentError, match=r"^Can't read .*workspaces\.toml: No such file or directory\.$"):
        read_workspaces(tmp_path / "workspaces.toml")


@pytest.mark.parametrize("key", ["key", "api_key"])
def test_a_key_in_the_file_is_refused_and_not_repeated(read, key):
    with pytest.raises(InvalidArgumentError, match=f"workspace acme: {key} is not allowed") as raised:
        read(f'{GOOD}{key} = "sk_secret"')
    assert "sk_secret" not in str(raised.value)


@pytest.mark.parametrize("source", ["key_env", "key_file", "key_command"])
def test_a_key_in_the_place_of_its_reference_is_never_shown(tmp_path, source):
    from elevenlabs_history_backup import sync_workspace

    workspace = Workspace(name="a", target=str(tmp_path / "a"), **{source: "sk_secret"})
    report = sync_workspace(workspace)
    assert "sk_secret" not in f"{workspace!r} {report!r}"
    assert report.error
    assert not (tmp_path / "a").exists()
