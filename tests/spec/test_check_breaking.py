"""A change of the public Python API that breaks programs is named before it is published."""

import shutil
import subprocess
import sys

import pytest
from vendor_pages import Project

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
    assert "voice_id: str | None = None," in text
    client.write_text(text.replace("voice_id: str | None = None,", "", 1))
    done = check_breaking(project, "HEAD")
    assert done.returncode == 1
    assert "HistoryClient.list(voice_id): Parameter was removed" in done.stdout
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
