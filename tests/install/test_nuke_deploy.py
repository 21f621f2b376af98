"""`python3 install nuke`: whole or not at all. Real environments and pip; the wheels are made here."""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from gvm_matte import __version__
from nuke_support import DEAD, ROOT, make_checkout, tree, use_wheels, write_lock

from install import nuke_environment
from install.nuke import main
from install.nuke_deploy import deploy, uninstall
from install.nuke_words import sentence
from install.steps import InstallError

BROKEN = "this is no Python\n"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A checkout and a deployment from it, which tests copy."""
    root = make_checkout(tmp_path_factory.mktemp("checkout"))
    folder = tmp_path_factory.mktemp("share") / "gvm"
    with pytest.MonkeyPatch.context() as patch:
        use_wheels(patch, root)
        assert deploy(root, folder).replaced == ""
    return root, folder


@pytest.fixture
def root(made: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The checkout, for this test to change."""
    use_wheels(monkeypatch, made[0])
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("USERPROFILE", str(tmp_path / "home"))
    monkeypatch.delenv("NUKE_PATH", raising=False)
    shutil.copytree(made[0] / "plugin", tmp_path / "checkout" / "plugin")
    write_lock(tmp_path / "checkout", "1.0")
    return tmp_path / "checkout"


@pytest.fixture
def folder(made: tuple[Path, Path], tmp_path: Path) -> Path:
    """The deployment, moved to another place: a copy for this test to change."""
    return Path(shutil.copytree(made[1], tmp_path / "moved" / "gvm", symlinks=True))


def engine_python(folder: Path) -> Path:
    """The engine's interpreter as a client finds it: relative to the package, links left as they are."""
    named = json.loads((folder / "gvm_matte" / "engine.json").read_text(encoding="utf-8"))["python"]
    return Path(os.path.normpath(folder / "gvm_matte" / named))


def ask(folder: Path, expression: str) -> str:
    """What the engine's Python says to an expression."""
    code = f"import gvm_matte, torch, hair; print({expression})"
    command = [str(engine_python(folder)), "-B", "-c", code]
    return subprocess.run(command, capture_output=True, text=True, check=True, cwd=folder.parent).stdout.strip()


@pytest.fixture
def running(folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process of the deployed engine's Python that does nothing until it is ended."""
    code = "import sys; print(flush=True); sys.stdin.read()"
    process = subprocess.Popen([engine_python(folder), "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout is not None and process.stdout.readline()
    yield process
    process.communicate()


def test_a_deployment_has_its_parts_and_nothing_else(folder: Path) -> None:
    (engine,) = folder.glob("gvm-engine-*")
    names = {path.name for path in folder.iterdir()}
    assert names == {"gvm-matte.json", "init.py", "menu.py", "gvm_matte", engine.name, ".install.lock"}
    package, source = tree(folder / "gvm_matte"), tree(ROOT / "plugin")
    assert set(package) - {"engine.json"} == {name for name in source if not name.endswith(".pyc")}
    assert not list((folder / "gvm_matte").rglob("__pycache__"))


def test_the_engines_python_imports_the_package_beside_it_wherever_the_folder_was_moved(folder: Path) -> None:
    said = ask(folder, "gvm_matte.__file__, torch.version, hair.version")
    assert said == f"{folder / 'gvm_matte' / '__init__.py'} 2.0 1.0"


def test_nuke_can_import_the_package_and_its_two_files_and_nothing_else(folder: Path) -> None:
    code = (
        "import sys, importlib.util; sys.path[:] = [sys.argv[1]]\n"
        "print(*[name for name in sys.argv[2:] if importlib.util.find_spec(name)])"
    )
    inner = {path.stem for path in (folder / "gvm_matte").iterdir() if path.stem.isidentifier()}
    names = {path.stem for path in folder.iterdir() if path.name[0] != "."} | inner - {"__init__"}
    assert {"gvm_matte", "engine", "client"} <= names and any(name.startswith("gvm-engine") for name in names)
    command = [sys.executable, "-I", "-S", "-B", "-c", code, str(folder), *sorted(names)]
    importable = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    # A name with a hyphen in it cannot stand in an import.
    assert {name for name in importable if name.isidentifier()} == {"gvm_matte", "init", "menu"}


def test_an_update_replaces_the_package_and_keeps_the_environment(root: Path, folder: Path) -> None:
    before = engine_python(folder).lstat().st_ino
    (folder / "gvm_matte" / "stale.py").touch()
    (folder / "our_gizmo.gizmo").touch()
    file = root / "plugin" / "__init__.py"
    file.write_text(file.read_text(encoding="utf-8").replace(f'"{__version__}"', '"99.0"'), encoding="utf-8")
    done = deploy(root, folder)
    assert (done.version, done.replaced, done.running) == ("99.0", __version__, [])
    assert ask(folder, "gvm_matte.__version__") == "99.0"
    assert not (folder / "gvm_matte" / "stale.py").exists() and (folder / "our_gizmo.gizmo").exists()
    assert engine_python(folder).lstat().st_ino == before
    assert {path.name for path in folder.glob(".gvm*")} == set()


@pytest.mark.skipif(os.name != "posix", reason="this system does not tell what runs from a folder")
def test_an_environment_in_use_goes_with_the_next_update(
    root: Path, folder: Path, running: subprocess.Popen[bytes], capfd: pytest.CaptureFixture[str]
) -> None:
    old = engine_python(folder)
    write_lock(root, "1.1")
    assert main(root, ["--nuke-path", str(folder)]) == 0
    said = capfd.readouterr()
    assert f"still running (process {running.pid})" in said.out and "is in use; the next installation" in said.err
    assert ask(folder, "hair.version") == "1.1" and old.exists() and running.poll() is None
    running.communicate()
    deploy(root, folder)
    assert not old.exists() and len(list(folder.glob("gvm-engine-*"))) == 1


def test_a_package_that_does_not_start_changes_nothing(root: Path, folder: Path) -> None:
    before = tree(folder)
    (root / "plugin" / "engine" / "__main__.py").write_text(BROKEN, encoding="utf-8")
    with pytest.raises(InstallError, match=r"does not start from this package: SyntaxError.*Get a whole copy"):
        deploy(root, folder)
    assert tree(folder) == before


def test_a_renaming_that_was_cut_off_is_put_back(root: Path, folder: Path) -> None:
    before = tree(folder)
    (folder / ".gvm-staging").mkdir()
    (folder / ".gvm-old").mkdir()
    (folder / "gvm_matte").rename(folder / ".gvm-old" / "gvm_matte")  # as if the power went here
    (root / "plugin" / "engine" / "__main__.py").write_text(BROKEN, encoding="utf-8")
    with pytest.raises(InstallError, match="does not start"):
        deploy(root, folder)
    assert tree(folder) == before and not list(folder.glob(".gvm*"))


def test_without_an_index_nothing_is_left_but_the_log(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    no_index = {"NO_INDEX": "0", "FIND_LINKS": "", "INDEX_URL": DEAD, "RETRIES": "1", "CONFIG_FILE": os.devnull}
    for name, value in no_index.items():
        monkeypatch.setenv(f"PIP_{name}", value)
    with pytest.raises(InstallError, match=r"(?s)torch 2\.0 failed.*index cannot be reached.*The whole log: ") as caught:
        deploy(root, tmp_path / "new" / "gvm")
    log = Path(str(caught.value).rpartition("The whole log: ")[2])
    assert "torch==2.0" in log.read_text(encoding="utf-8")
    log.unlink()
    assert not (tmp_path / "new" / "gvm").exists()


def begin(root: Path, folder: Path) -> subprocess.Popen[str]:
    """A first deployment in a process and session of its own, which has begun with the environment."""
    code = (  # a shell's background jobs, and all that they start, ignore SIGINT otherwise
        "import signal, sys; from pathlib import Path; from install.nuke import main\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))"
    )
    command = [sys.executable, "-c", code, str(root), "--nuke-path", str(folder)]
    environment = {**os.environ, "TMPDIR": str(folder.parent)}
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    assert process.stderr is not None and "Setting up" in process.stderr.readline()
    return process


@pytest.mark.skipif(os.name != "posix", reason="signals are sent as POSIX has them")
def test_an_interruption_leaves_nothing(root: Path, tmp_path: Path) -> None:
    process = begin(root, tmp_path / "gvm")
    process.send_signal(signal.SIGINT)
    said = process.communicate()[1]
    assert process.returncode == 3 and said.strip().endswith("what had been begun is gone."), said
    assert not (tmp_path / "gvm").exists()


@pytest.mark.skipif(os.name != "posix", reason="signals are sent as POSIX has them")
def test_what_a_killed_run_leaves_is_known_as_ours(root: Path, tmp_path: Path) -> None:
    process = begin(root, tmp_path / "gvm")
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    assert list((tmp_path / "gvm").glob("gvm-engine-*")) and not (tmp_path / "gvm" / "init.py").exists()
    assert uninstall(tmp_path / "gvm").left == [] and not (tmp_path / "gvm").exists()


@pytest.mark.skipif(os.name != "posix", reason="only POSIX limits the size of files")
def test_a_disk_that_takes_no_more_is_told_in_a_sentence(root: Path, tmp_path: Path) -> None:
    code = (
        "import resource, sys; from pathlib import Path; from install.nuke_deploy import deploy\n"
        "from install.steps import InstallError\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))\n"  # the weights are larger
        "try: deploy(Path(sys.argv[1]), Path(sys.argv[2]))\n"
        "except InstallError as exc: print(exc)"
    )
    command = [sys.executable, "-B", "-c", code, str(root), str(tmp_path / "gvm")]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert "cannot be written (File too large). Check the disk" in said and said.count("\n") == 1
    assert not (tmp_path / "gvm").exists()


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (errno.ENOSPC, "The disk of share is full"),
        (errno.EACCES, "share/x may not be written to (Permission denied)"),
        (errno.EROFS, "share/x may not be written to (Read-only file system)"),
        (errno.EIO, "share/x cannot be written (Input/output error)"),
    ],
)
def test_each_failure_of_the_disk_has_its_sentence(number: int, said: str) -> None:
    assert sentence(OSError(number, os.strerror(number), "share/x"), Path("share")).startswith(said)


@pytest.mark.parametrize(
    ("place", "said"),
    [("full", "that GVM Matte did not put there"), ("full/file", "is a file"), ("full/file/below", "Not a directory")],
)
def test_a_folder_that_is_not_ours_is_left_alone(root: Path, tmp_path: Path, place: str, said: str) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").write_text("theirs", encoding="utf-8")
    for change in (lambda: deploy(root, tmp_path / place), lambda: uninstall(tmp_path / place)):
        with pytest.raises(InstallError, match=f"{said}|There is no deployment of GVM Matte in .*{place}"):
            change()
    with pytest.raises(InstallError, match=said):
        deploy(root, tmp_path / place)
    assert tree(tmp_path / "full") == {"file": b"theirs"}


def test_a_python_without_locked_packages_is_refused(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nuke_environment, "PYTHONS", ((3, 98), (3, 99)))
    with pytest.raises(InstallError, match=r"locked for Python 3\.98 to 3\.99; this is Python 3\..*Run it with another"):
        main(root, ["--nuke-path", str(tmp_path / "gvm")])
    assert not (tmp_path / "gvm").exists()


def test_uninstalling_removes_what_was_deployed_and_no_more(
    root: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "our_gizmo.gizmo").touch()
    (folder / "__pycache__").mkdir()
    (folder / "__pycache__" / "init.cpython-39.pyc").touch()
    assert main(root, ["--nuke-path", str(folder), "--uninstall"]) == 0
    assert [path.name for path in folder.iterdir()] == ["our_gizmo.gizmo"]
    assert "Not removed, since it is not GVM Matte's: our_gizmo.gizmo" in capsys.readouterr().out


def test_uninstalling_removes_the_folder_that_was_made_for_it(folder: Path) -> None:
    assert uninstall(folder).left == [] and not folder.exists() and folder.parent.exists()


def test_a_folder_that_was_there_before_stays(root: Path, folder: Path) -> None:
    mark = folder / "gvm-matte.json"
    mark.write_text(mark.read_text(encoding="utf-8").replace("true", "false"), encoding="utf-8")
    deploy(root, folder)
    assert uninstall(folder).left == [] and list(folder.iterdir()) == []


def test_the_init_file_is_only_touched_when_that_is_asked_for(
    root: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    init = Path.home() / ".nuke" / "init.py"
    assert main(root, ["--nuke-path", str(folder)]) == 0
    said = capsys.readouterr().out
    assert f"nuke.pluginAddPath({folder.as_posix()!a})" in said and "NUKE_PATH" in said and not init.exists()
    assert main(root, ["--nuke-path", str(folder), "--add-to-init"]) == 0
    assert f"nuke.pluginAddPath({folder.as_posix()!a})" in init.read_text(encoding="utf-8")
    assert main(root, ["--nuke-path", str(folder)]) == 0
    assert capsys.readouterr().out.endswith(f"Nuke knows of it by {init}\n")
    assert main(root, ["--nuke-path", str(folder), "--uninstall"]) == 0
    assert not init.exists()
