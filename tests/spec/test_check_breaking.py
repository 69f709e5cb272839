"""A change of the public Python API that breaks programs is named before it is published."""

import importlib
import re
import shutil
import subprocess
import sys

import griffe
import pytest
from vendor_pages import ROOT, Project

pytestmark = [
    pytest.mark.packaging,
    pytest.mark.skipif(shutil.which("git") is None, reason="compares with a git ref"),
]


@pytest.fixture
def project(tmp_path):
    project = Project(tmp_path)
    git = ["git", "-C", tmp_path, "-c", "user.name=Test", "-c", "user.email=test@example.com"]
    subprocess.run([*git, "init", "--quiet"], check=True)
    subprocess.run([*git, "add", "generated", "wrapper", "backup"], check=True)
    subprocess.run([*git, "commit", "--quiet", "-m", "As published"], check=True)
    return project


def check_breaking(project, *arguments):
    return subprocess.run(
        [sys.executable, project.path("scripts/check_breaking.py"), *arguments],
        capture_output=True,
        text=True,
        check=False,
    )


def test_nothing_breaks_where_nothing_changed(project):
    done = check_breaking(project, "HEAD")
    assert (done.returncode, done.stdout) == (0, "nothing breaks since HEAD\n")


def test_a_parameter_that_is_gone_is_named_with_its_place(project):
    client = project.path("wrapper/elevenlabs_history/client.py")
    text = client.read_text()
    assert "voice: str | None = None," in text
    client.write_text(text.replace("voice: str | None = None,", "", 1))
    done = check_breaking(project, "HEAD")
    assert done.returncode == 1
    assert "HistoryClient.list(voice): Parameter was removed" in done.stdout
    assert "\x1b" not in done.stdout


def test_a_field_that_is_gone_from_the_generated_client_is_named(project):
    model = project.path("generated/elevenlabs_history_api/models/history_item.py")
    text = model.read_text()
    assert "    share_link_id: None | str | Unset = UNSET\n" in text
    model.write_text(text.replace("    share_link_id: None | str | Unset = UNSET\n", "", 1))
    done = check_breaking(project, "HEAD")
    assert done.returncode == 1
    assert "share_link_id" in done.stdout


@pytest.mark.parametrize("arguments", [[], ["no-such-ref"]])
def test_without_a_ref_that_git_knows_it_says_so_in_a_line(project, arguments):
    done = check_breaking(project, *arguments)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert done.stdout == ""


def test_types_that_changed_in_the_generated_client_are_named_with_their_place(project):
    replace_in(project, "models/history_item.py", "    date_unix: int\n", "    date_unix: datetime.datetime\n")
    replace_in(project, "models/history_item.py", "    content_type: str\n", "    content_type: None | str\n")
    replace_in(project, "models/download_request.py", "output_format: None | str | Unset = UNSET", "output_format: str")
    replace_in(project, "api/history/get_history_item.py", "client: AuthenticatedClient | Client", "client: Client")
    done = check_breaking(project, "HEAD")
    assert done.returncode == 1
    models, operation = (f"generated/elevenlabs_history_api/{part}" for part in ("models", "api/history"))
    client = "Parameter types are incompatible: AuthenticatedClient | Client -> Client"
    required = "Field is now required: None | str | Unset -> str"
    lines = [re.sub(r":\d+: ", ": ", line) for line in done.stdout.splitlines()]
    assert sorted(lines) == [
        *(
            f"{operation}/get_history_item.py: {function}(client): {client}"
            for function in ("asyncio", "asyncio_detailed", "sync", "sync_detailed")
        ),
        f"{models}/download_request.py: DownloadRequest.output_format: {required}",
        f"{models}/history_item.py: HistoryItem.content_type: Attribute types are incompatible: str -> None | str",
        f"{models}/history_item.py: HistoryItem.date_unix: Attribute types are incompatible: int -> datetime.datetime",
    ]


def replace_in(project, file, old, new):
    path = project.path(f"generated/elevenlabs_history_api/{file}")
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


MODULE = """
from typing import Literal
from attrs import define as _attrs_define, field as _attrs_field

Sort = Literal["asc", "desc"]
Event = Started | Ended

@_attrs_define
class Item:
    id: str
    note: str | Unset = UNSET
    kept: dict[str, Any] = _attrs_field(init=False, factory=dict)
    # next field

    @property
    def size(self) -> int: ...

def send(body: Item, *, client: Client, sort: Sort | Unset = UNSET, text: str = "") -> Item: ...
def answer(client: Client) -> Response[Error | Item]: ...
def forget(client) -> None: ...
"""


def lines(monkeypatch, new, module="api"):
    """What is said of a module after a change, without its place."""
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    type_changes = importlib.import_module("api_types").type_changes
    with (
        griffe.temporary_visited_package("tiny", {f"{module}.py": MODULE}) as before,
        griffe.temporary_visited_package("tiny", {f"{module}.py": new}) as after,
    ):
        plain = [re.sub(r"\x1b\[\d+m", "", line) for line in type_changes(before, after)]
        return [re.sub(r"^\S+:\d+: ", "", line) for line in plain]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("id: str", "id: int", "Item.id: Attribute types are incompatible: str -> int"),
        ("id: str", "id: None | str", "Item.id: Attribute types are incompatible: str -> None | str"),
        ("id: str", 'id: Literal["a"]', "Item.id: Attribute types are incompatible: str -> Literal['a']"),
        ("-> int", "-> float", "Item.size: Attribute types are incompatible: int -> float"),
        ("str | Unset = UNSET", "str", "Item.note: Field is now required: str | Unset -> str"),
        ("note: str | Unset = UNSET", "note: str | Unset = _attrs_field(kw_only=True)", "Item.note: Field is now"),
        ("# next field", "team: str", "Item.team: Field was added as required: str"),
        ("body: Item", "body: Other", "send(body): Parameter types are incompatible: Item -> Other"),
        (
            "*, client: Client",
            "*, client: AuthenticatedClient",
            "send(client): Parameter types are incompatible: Client",
        ),
        ("text: str", 'text: Literal["a"]', "send(text): Parameter types are incompatible: str -> Literal['a']"),
        ("text: str", "text: Sort", "send(text): Parameter types are incompatible: str -> Sort"),
        ("-> Item", "-> Item | None", "send: Return types are incompatible: Item -> Item | None"),
        ("[Error | Item]", "[Error | Item | str]", "answer: Return types are incompatible: Response[Error | Item] -> "),
        ('["asc", "desc"]', '["asc"]', "Sort: Type lost a member: Literal['asc', 'desc'] -> Literal['asc']"),
        ("= Started | Ended", "= Started | Stopped", "Event: Type lost a member: Started | Ended -> Started | Stopped"),
    ],
)
def test_a_type_that_breaks_programs_is_named(monkeypatch, old, new, said):
    assert old in MODULE
    found = lines(monkeypatch, MODULE.replace(old, new))
    assert [line for line in found if line.startswith(said)], found


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("# next field", "team: str | Unset = UNSET"),
        ("# next field", "team: str = _attrs_field(factory=str)"),
        ("# next field", "team: str = _attrs_field(init=False)"),
        ("# next field", "team: ClassVar[str]"),
        ('text: str = ""', 'text: str = "", more: int = 0'),
        ("body: Item", "body: Item | Other"),
        ("body: Item", "body: Any"),
        ("sort: Sort | Unset", "sort: str | Unset"),
        ("sort: Sort | Unset", 'sort: Literal["asc", "desc", "none"] | Unset'),
        ("[Error | Item]", "[Item]"),
        ("-> None", "-> Item"),
        ('["asc", "desc"]', '["desc", "asc", "none"]'),
        ("= Started | Ended", "= Ended | Started | Stopped"),
    ],
)
def test_a_type_that_only_widens_breaks_nothing(monkeypatch, old, new):
    assert old in MODULE
    assert lines(monkeypatch, MODULE.replace(old, new, 1)) == []


def test_private_modules_do_not_count(monkeypatch):
    assert lines(monkeypatch, MODULE.replace("id: str", "id: int"), "_api") == []
