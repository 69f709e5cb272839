"""The generated package is replaced whole or not at all, and only by one that works."""

import errno
import importlib
import os
import shutil
import signal
import subprocess
import sys
import time

import pytest
import yaml
from vendor_pages import ROOT, Project

pytestmark = pytest.mark.packaging

ITEM = {"title": "Item", "type": "object", "required": ["id"], "properties": {"id": {"type": "string"}}}
ANSWER = {"200": {"description": "OK", "content": {"application/json": {"schema": ITEM}}}}


def spec(**operations):
    return {
        "openapi": "3.1.1",
        "info": {"title": "Tiny", "version": "1"},
        "paths": {
            f"/{name}": {"post": {"operationId": name, "tags": ["items"], "responses": ANSWER} | operation}
            for name, operation in operations.items()
        },
    }


ONE = spec(make={})
TWO_MEDIA_TYPES = spec(
    make={
        "requestBody": {
            "required": True,
            "content": {kind: {"schema": ITEM} for kind in ("application/json", "multipart/form-data")},
        }
    }
)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Where the first test that needs it puts the package that the tiny spec generates."""
    return tmp_path_factory.mktemp("made") / "tiny_api"


@pytest.fixture
def generate(monkeypatch, tmp_path):
    """The script, at work on a tiny project."""
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    module = importlib.import_module("generate")
    monkeypatch.setattr(module, "PACKAGE", tmp_path / "generated" / "tiny_api")
    monkeypatch.setattr(module, "SPEC", tmp_path / "openapi.yaml")
    monkeypatch.setattr(module.generate, "__defaults__", (tmp_path / "openapi.yaml", tmp_path / "config.yml"))
    monkeypatch.setattr(module, "ROOT", tmp_path)
    (tmp_path / "scripts").symlink_to(ROOT / "scripts")
    (tmp_path / "config.yml").write_text("post_hooks: []\n")
    (tmp_path / "generated").mkdir()
    write(module, ONE)
    yield module
    for name in ("import_spec", "generate"):
        sys.modules.pop(name, None)


@pytest.fixture
def package(generate, made):
    """The package, as generated from a spec with one operation."""
    if not made.is_dir():
        generate.generate(made)
    shutil.copytree(made, generate.PACKAGE)
    return generate.PACKAGE


def write(generate, document):
    generate.SPEC.write_text(yaml.safe_dump(document))


def run(generate, monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", ["generate.py", *arguments])
    monkeypatch.setattr(generate.signal, "signal", lambda *_: None)
    return generate.main()


def state(package):
    """Each file with its inode, bytes and time, and the names beside the package."""
    files = [file for file in package.rglob("*") if file.is_file()]
    beside = sorted(file.name for file in package.parent.iterdir())
    return beside, {file: (file.stat().st_ino, file.stat().st_mtime_ns, file.read_bytes()) for file in files}


def failed(generate, monkeypatch, capsys):
    """Run, expect that it fails and changes nothing, and return what it said."""
    before = state(generate.PACKAGE)
    assert run(generate, monkeypatch) == 1
    assert state(generate.PACKAGE) == before
    said = capsys.readouterr()
    assert said.out == ""
    assert "Traceback" not in said.err
    assert said.err.endswith("nothing was changed.\n")
    return said.err.splitlines()


def test_two_media_types_in_one_body_are_refused_with_the_module_and_the_error(generate, package, monkeypatch, capsys):
    write(generate, TWO_MEDIA_TYPES)
    said = failed(generate, monkeypatch, capsys)
    assert said[0].startswith("api/items/make.py:")
    assert "Undefined name `Unset`" in said[0]


@pytest.mark.parametrize(
    ("file", "line", "said"),
    [
        ("models/item.py", "import no_such_library", "models/item.py: ModuleNotFoundError: No module named"),
        ("errors.py", "1 / 0", "errors.py: ZeroDivisionError: division by zero"),
        ("api/items/make.py", "def (", "api/items/make.py:"),
        ("types.py", "def f(): return nowhere", "F821 Undefined name `nowhere`"),
    ],
)
def test_a_module_that_does_not_work_is_refused_by_name(generate, package, monkeypatch, capsys, file, line, said):
    config = generate.ROOT / "config.yml"
    config.write_text(yaml.safe_dump({"post_hooks": [f"echo '{line}' >> {file}"]}))
    write(generate, spec(make={}, read={}))
    assert said in failed(generate, monkeypatch, capsys)[0]


def test_an_import_of_a_spec_is_refused_as_well(generate, monkeypatch, tmp_path):
    write(generate, TWO_MEDIA_TYPES)
    with pytest.raises(subprocess.CalledProcessError):
        generate.generate(tmp_path / "staged", generate.SPEC)


def test_the_same_package_is_not_touched(generate, package, monkeypatch, capsys):
    before = state(package)
    folder = package.parent.stat().st_mtime_ns
    assert run(generate, monkeypatch) == 0
    assert capsys.readouterr().out == "generated/tiny_api is what openapi.yaml generates.\n"
    assert (state(package), package.parent.stat().st_mtime_ns) == (before, folder)


def test_a_changed_file_is_written_anew_and_a_stale_one_goes(generate, package, monkeypatch):
    (package / "stale.py").touch()
    (package / "client.py").write_text("changed")
    assert run(generate, monkeypatch) == 0
    assert not (package / "stale.py").exists()
    assert (package / "client.py").read_text() != "changed"
    assert [file.name for file in package.parent.iterdir()] == ["tiny_api"]
    assert not list(package.rglob("__pycache__"))
    assert run(generate, monkeypatch, "--check") == 0


def test_a_traceback_of_the_generator_becomes_its_last_line(generate, package, monkeypatch, capsys, tmp_path):
    (tmp_path / "generator").write_text(f"#!{sys.executable}\nraise OSError('the disk is full')\n")
    (tmp_path / "generator").chmod(0o755)
    monkeypatch.setattr(generate, "BIN", tmp_path)
    monkeypatch.setattr(generate, "GENERATOR", "generator")
    assert failed(generate, monkeypatch, capsys) == [
        "OSError: the disk is full",
        "generator can't write generated/tiny_api from openapi.yaml, see above; nothing was changed.",
    ]


def test_a_run_that_is_ended_leaves_no_temporary_folder(tmp_path):
    (tmp_path / "project").mkdir()
    project = Project(tmp_path / "project")
    project.path("codegen-config.yml").write_text("post_hooks: ['touch ../started; sleep 30']\n")
    before = project.state()
    command = [sys.executable, project.path("scripts/generate.py")]
    with subprocess.Popen(command, start_new_session=True) as process:
        while not list(project.folder.glob(".spec-*/started")):
            assert process.poll() is None
            time.sleep(0.05)
        process.terminate()
        assert process.wait(60) == 128 + signal.SIGTERM
        os.killpg(process.pid, signal.SIGKILL)  # the hook, which sleeps
    assert list(project.folder.glob(".spec-*")) == []
    assert project.state() == before


def failing_rename(generate, monkeypatch, error):
    """Let the new package fail to take its place."""
    rename = generate.Path.rename

    def fail(path, target):
        if target == generate.PACKAGE:
            raise error
        return rename(path, target)

    monkeypatch.setattr(generate.Path, "rename", fail)


def test_a_run_that_is_cut_short_leaves_the_old_package(generate, package, monkeypatch):
    (package / "stale.py").touch()
    before = state(package)
    failing_rename(generate, monkeypatch, KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        run(generate, monkeypatch)
    assert state(package) == before


def test_the_old_package_is_back_when_the_new_one_can_not_take_its_place(generate, package, monkeypatch, capsys):
    (package / "stale.py").touch()
    failing_rename(generate, monkeypatch, PermissionError(errno.EACCES, "Permission denied"))
    assert failed(generate, monkeypatch, capsys) == [
        "generated/tiny_api can't be written: [Errno 13] Permission denied; nothing was changed."
    ]


def test_a_package_that_is_missing_is_written(generate, package, monkeypatch):
    shutil.rmtree(package)
    assert run(generate, monkeypatch) == 0
    assert (package / "client.py").is_file()


def test_what_is_not_as_generated_is_named_by_the_check(generate, package, monkeypatch, capsys):
    (package / "notes.txt").touch()
    assert run(generate, monkeypatch, "--check") == 1
    assert capsys.readouterr().err.splitlines() == [
        "differs from the spec: generated/tiny_api/notes.txt",
        "Run `make generate` and commit the result.",
    ]
