"""What only a process of its own shows: start-up imports, closed pipes, full disks, Ctrl-C."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from elevenlabs_history import __version__
from elevenlabs_history_backup import Backup
from elevenlabs_history_simulator import Fault

COMMAND = Path(sys.executable).parent / "elevenlabs-history"
posix = pytest.mark.skipif(os.name == "nt", reason="uses bash and POSIX signals")


def test_the_installed_command_prints_its_version():
    completed = subprocess.run([COMMAND, "--version"], capture_output=True, encoding="utf-8", check=True)
    assert completed.stdout == f"elevenlabs-history {__version__}\n"


def test_the_package_can_be_run():
    command = [sys.executable, "-m", "elevenlabs_history_cli", "--version"]
    completed = subprocess.run(command, capture_output=True, encoding="utf-8", check=True)
    assert completed.stdout == f"elevenlabs-history {__version__}\n"


@pytest.mark.parametrize("arguments", [["backup", "--help"], ["help"], [], ["nonsense"]], ids=" ".join)
def test_help_and_usage_errors_load_the_parser_alone(arguments):
    heavy = {"elevenlabs_history", "elevenlabs_history_backup", "elevenlabs_history_api", "httpx", "attrs", "sqlite3"}
    heavy |= {"asyncio", "json", "logging", "tqdm", "importlib.metadata", "pathlib", "tomllib"}
    script = (
        "import sys; from elevenlabs_history_cli import main\n"
        f"try: main({arguments})\n"
        f"finally: print(sorted({heavy} & set(sys.modules)))"
    )
    completed = subprocess.run([sys.executable, "-c", script], capture_output=True, encoding="utf-8", check=False)
    assert completed.stdout.splitlines()[-1] == "[]"


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere names of files are Unicode")
def test_a_locale_that_can_not_name_the_files_is_one_line(environment, simulator, tmp_path, monkeypatch):
    item = simulator.history.add(voice_name="夜")
    for name, value in {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}.items():
        monkeypatch.setenv(name, value)
    for command in (["backup", tmp_path / "a"], ["download", item.id, "-o", tmp_path / "b"]):
        completed = subprocess.run([COMMAND, *command], capture_output=True, encoding="ascii", check=False)
        assert completed.returncode == 1
        assert "file names have the encoding ascii here. Use a UTF-8 locale, such as LC_ALL=C.UTF-8" in completed.stderr
        assert "bug" not in completed.stderr
    verify = [COMMAND, "verify", tmp_path / "a"]
    subprocess.run([COMMAND, "backup", tmp_path / "a"], env=os.environ | {"PYTHONUTF8": "1"}, check=True)
    completed = subprocess.run(verify, capture_output=True, encoding="ascii", check=False)
    assert (completed.returncode, completed.stderr.count("\n")) == (1, 1)
    assert "the encoding ascii does not have. Use a UTF-8 locale" in completed.stderr


@posix
def test_a_reader_that_stops_reading_is_not_an_error(environment):
    command = f"{COMMAND} list --all | head -n 1"
    completed = subprocess.run(["bash", "-o", "pipefail", "-c", command], capture_output=True, check=False)
    assert (completed.returncode, completed.stderr) == (0, b"")


@posix
@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("download {ids} -o {folder} | head -n 1", 0),
        ("backup {folder} --json | head -n 1", 0),
        ("backup {folder} --json | head -n 0", 0),
        ("verify {broken} | head -n 0", 5),
        ("verify {broken} --json -v | head -n 1", 5),
        ("doctor {folder} --json | head -n 1", 0),
    ],
)
def test_a_command_that_acts_or_judges_goes_on_without_its_reader(environment, simulator, tmp_path, command, code):
    broken, folder = tmp_path / "broken", tmp_path / "folder"
    subprocess.run([COMMAND, "backup", broken, "--quiet"], capture_output=True, check=True)
    for path in list(broken.rglob("*.mp3"))[:3]:
        path.unlink()
    simulator.history.fill(300)
    ids = " ".join(item.id for item in list(simulator.history)[:50])
    command = f"{COMMAND} {command.format(folder=folder, broken=broken, ids=ids)}; echo ${{PIPESTATUS[0]}}"
    completed = subprocess.run(["bash", "-c", command], capture_output=True, encoding="utf-8", check=False)
    assert "Traceback" not in completed.stderr
    assert completed.stdout.splitlines()[-1] == str(code)
    if "download" in command:
        assert len(list(folder.rglob("*.mp3"))) == 50
    if "backup {" in command:
        with Backup(folder) as backup:
            assert len(backup) == 320
            assert backup.verify().ok


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="writes to a device that is full")
@pytest.mark.parametrize("command", ["list --json", "completion bash"])
def test_an_output_that_cannot_be_written_is_one_line(environment, command):
    completed = subprocess.run(
        ["bash", "-c", f"{COMMAND} {command} > /dev/full"], capture_output=True, encoding="utf-8", check=False
    )
    assert completed.returncode == 1
    assert completed.stderr == (
        "elevenlabs-history: Can't use the output: No space left on device. Saved files stay.\n"
    )


@posix
def test_a_command_runs_without_any_output(environment, tmp_path):
    completed = subprocess.run(["bash", "-c", f"{COMMAND} backup {tmp_path} >&- 2>&-"], check=False)
    assert completed.returncode == 0
    assert len(list(tmp_path.rglob("*.mp3"))) == 20


def test_the_output_to_a_pipe_is_plain(environment, tmp_path):
    completed = subprocess.run([COMMAND, "backup", tmp_path, "-v"], capture_output=True, encoding="utf-8", check=True)
    assert not {"\x1b", "\r", "|"} & set(completed.stdout + completed.stderr)
    assert completed.stderr.count("(time)") + completed.stderr.count("(only item)") == 20


@pytest.fixture
def start(environment):
    def start(*arguments):
        return subprocess.Popen([COMMAND, *arguments], stderr=subprocess.PIPE, encoding="utf-8")

    return start


def wait_for(condition, process):
    while not condition():
        assert process.poll() is None
        time.sleep(0.01)


@posix
def test_ctrl_c_stops_the_run_and_keeps_saved_files(start, simulator, tmp_path):
    simulator.history.fill(1000)
    with start("backup", tmp_path, "--batch-size", "10", "--workers", "2") as process:
        wait_for(lambda: list(tmp_path.rglob("*.mp3")), process)
        process.send_signal(signal.SIGINT)
        stderr = process.stderr.read()
    assert process.returncode == 130
    assert "Stopping. Press Ctrl-C again to stop at once." in stderr
    assert "Interrupted. Saved files stay and no partial file was left. Run it again to continue." in stderr
    assert "Traceback" not in stderr
    with Backup(tmp_path) as backup:
        assert 0 < len(backup) < 1000
        assert backup.verify().issues == []


@posix
def test_metadata_is_looked_up_concurrently_and_ctrl_c_need_not_wait_for_it(start, simulator, tmp_path):
    simulator.faults.add(Fault.hang(), on="get")
    ids = [item.id for item in simulator.history][:10]
    with start("download", *ids, "-o", tmp_path) as process:
        wait_for(lambda: sum(request.operation == "get" for request in simulator.requests) >= len(ids), process)
        process.send_signal(signal.SIGINT)
        stderr = process.stderr.read()
    assert process.returncode == 130
    assert stderr.endswith("Interrupted. Saved files stay and no partial file was left. Run it again to continue.\n")
    assert "Traceback" not in stderr
    assert list(tmp_path.iterdir()) == []


@posix
def test_sigterm_ends_in_order_even_if_the_server_says_nothing(start, simulator, tmp_path):
    simulator.history.fill(100)
    simulator.faults.add(Fault.hang(), on="download", skip=3, times=100)
    with start("backup", tmp_path, "--batch-size", "10", "--workers", "4") as process:
        wait_for(lambda: list(tmp_path.rglob("*.mp3")), process)
        begin = time.monotonic()
        process.send_signal(signal.SIGTERM)
        stderr = process.stderr.read()
        # Far below the time that a read may take.
        assert (process.wait(), time.monotonic() - begin < 60) == (143, True)
    assert "Terminated. Saved files stay and no partial file was left. Run it again to continue." in stderr
    assert "Traceback" not in stderr
    with Backup(tmp_path) as backup:
        assert 0 < len(backup) < 120
        assert backup.verify().issues == []


@posix
@pytest.mark.parametrize("arguments", [["list"], ["list", "--json"], ["show", "{id}"], ["search", "{folder}", "z"]])
def test_an_ascii_locale_prints_what_it_can(environment, simulator, tmp_path, arguments):
    item = simulator.history.add(text="z \ud83d 日本 é", voice_name="Zoë 😀", date=2_000_000_000)
    subprocess.run([COMMAND, "backup", tmp_path, "--quiet"], capture_output=True, check=True)
    completed = subprocess.run(
        [COMMAND, *(each.format(id=item.id, folder=tmp_path) for each in arguments)],
        capture_output=True,
        env=os.environ
        | {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii:strict", "PYTHONCOERCECLOCALE": "0"},
        check=False,
    )
    assert (completed.returncode, completed.stderr) == (0, b"")
    assert item.id.encode() in completed.stdout


@posix
def test_a_second_ctrl_c_stops_at_once(start, simulator, tmp_path):
    simulator.faults.add(Fault.hang(), on="download")
    with start("backup", tmp_path) as process:
        wait_for(lambda: any(request.operation == "download" for request in simulator.requests), process)
        process.send_signal(signal.SIGINT)
        assert "Press Ctrl-C again" in "".join(process.stderr.readline() for _ in range(3))
        assert process.poll() is None
        process.send_signal(signal.SIGINT)
        assert (process.wait(), process.stderr.read()) == (130, "")
