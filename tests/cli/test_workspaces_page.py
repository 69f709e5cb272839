"""What docs/workspaces.md shows can be copied: files are valid, programs compile, and commands do what they say."""

import re
from pathlib import Path
from textwrap import dedent

import attrs
import pytest
from elevenlabs_history_backup import Workspace, read_workspaces, sync_workspace
from elevenlabs_history_cli.parser import make_parser
from support.workspace_server import key_of, serving

PAGE = (Path(__file__).parents[2] / "docs" / "workspaces.md").read_text(encoding="utf-8")


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


def programs():
    """The programs, by the package that they need beside this one."""
    for text in blocks("python"):
        others = set(re.findall(r"^from (\w+)[\w.]* import", text, re.MULTILINE)) - {"elevenlabs_history_backup"}
        yield next(iter(others), ""), text


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with two workspaces, which are served."""
    with serving(2, 3) as (base_url, _):
        for number in range(2):
            monkeypatch.setenv(f"KEY_{number}", key_of(number))
        monkeypatch.setenv("ELEVENLABS_BASE_URL", base_url)
        monkeypatch.chdir(tmp_path)
        Path("workspaces.toml").write_text(
            "".join(
                f'[[workspace]]\nname = "w{number}"\ntarget = "w{number}"\nkey_env = "KEY_{number}"\n'
                for number in range(2)
            )
        )
        yield tmp_path


def test_the_file_is_valid_and_the_table_names_every_key(tmp_path):
    (text,) = blocks("toml")
    (tmp_path / "workspaces.toml").write_text(text)
    assert [each.name for each in read_workspaces(tmp_path / "workspaces.toml")] == ["acme", "beta", "gamma"]
    rows = re.findall(r"^\| (`.*?) \|", PAGE.partition("| key |")[2].partition("\n\n")[0], re.MULTILINE)
    named = {name for row in rows for name in re.findall("`(.*?)`", row)}
    assert named == {field.name for field in attrs.fields(Workspace)}


def test_the_commands_exist():
    commands = [line.split() for text in blocks("sh") for line in text.splitlines()]
    (line,) = [line for line in blocks("text")[0].splitlines() if not line.startswith("MAILTO=")]
    *when, command = line.split(maxsplit=5)
    assert all(re.fullmatch(r"\*|\d+", each) for each in when)
    commands.append(command.split())
    for program, *arguments in commands:
        assert program.strip('"').endswith("elevenlabs-history")
        assert make_parser().parse_args(arguments).workspaces is not None


def test_the_workflow_runs_the_command():
    yaml = pytest.importorskip("yaml")
    (workflow,) = map(yaml.safe_load, blocks("yaml"))
    steps = workflow["jobs"]["backup"]["steps"]
    *_, command = [step["run"] for step in steps if "run" in step]
    assert make_parser().parse_args(command.split()[1:]).workspaces == "workspaces.toml"
    for action in (step["uses"] for step in steps if "uses" in step):
        ci = (Path(__file__).parents[2] / ".github/workflows/ci.yml").read_text()
        assert action in ci


def test_there_is_a_program_for_each_scheduler_and_all_of_them_compile():
    assert [name for name, _ in programs()] == ["", "distributed", "airflow", "prefect", "dagster"]
    for name, text in programs():
        compile(text, name, "exec")


def test_the_program_for_one_machine_backs_up_every_workspace(folder, capsys):
    (text,) = [text for name, text in programs() if not name]
    exec(text, {})
    assert capsys.readouterr().out == "w0 True 3 None\nw1 True 3 None\n"


def test_the_program_for_a_cluster_backs_up_every_workspace(folder, capsys):
    distributed = pytest.importorskip("distributed")
    (text,) = [text for name, text in programs() if name == "distributed"]
    with distributed.LocalCluster(n_workers=1, processes=False, dashboard_address=":0") as cluster:
        exec(text.replace("tcp://scheduler:8786", cluster.scheduler_address), {"__name__": "__main__"})
    assert capsys.readouterr().out == "w0 True 3 None\nw1 True 3 None\n"


@pytest.mark.parametrize("name", ["airflow", "prefect", "dagster"])
def test_a_task_backs_up_its_workspace_or_fails(folder, monkeypatch, name):
    """The packages are too large for a test: their decorators are replaced by ones that keep the function."""
    (text,) = [text for each, text in programs() if each == name]
    function = re.search(r"^ *def back_up.*?\n\n", text, re.DOTALL | re.MULTILINE)[0]
    names = {"FILE": "workspaces.toml", "read_workspaces": read_workspaces, "sync_workspace": sync_workspace}
    exec(dedent(function), names)
    (workspace, _) = read_workspaces("workspaces.toml")
    argument = "w0" if name == "airflow" else workspace
    names["back_up"](argument)
    assert len(list((folder / "w0").rglob("*.mp3"))) == 3
    monkeypatch.setenv("KEY_0", "another")
    with pytest.raises(RuntimeError, match="invalid_api_key"):
        names["back_up"](argument)


def test_every_link_leads_somewhere():
    docs = Path(__file__).parents[2] / "docs"
    links = re.findall(r"\]\(([^)#]+)", PAGE)
    assert [link for link in links if "://" not in link and not (docs / link).exists()] == []
