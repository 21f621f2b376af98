"""The bundle: made, unpacked and installed with no index that answers; and the command's own words."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from nuke_support import DEAD, ROOT, make_checkout, use_wheels

from install.nuke_bundle import INSTALLER, Bundle, make_bundle
from install.steps import InstallError

Made = tuple[Path, Bundle]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """A checkout in small and its bundle."""
    root = make_checkout(tmp_path_factory.mktemp("checkout"))
    with pytest.MonkeyPatch.context() as patch:
        use_wheels(patch, root)
        return root, make_bundle(root, tmp_path_factory.mktemp("bundles") / "gvm.zip")


@pytest.fixture
def unpacked(made: Made, tmp_path: Path) -> Path:
    """The bundle's folder, below one with a blank in its name."""
    with zipfile.ZipFile(made[1].path) as archive:
        archive.extractall(tmp_path / "from a stick")
    (folder,) = (tmp_path / "from a stick").iterdir()
    return folder


def install(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Runs the bundle's installer where every index and proxy that pip may have heard of is dead."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
    environment.update(PIP_INDEX_URL=DEAD, PIP_RETRIES="0", http_proxy=DEAD, https_proxy=DEAD, HOME=str(folder.parent))
    command = [sys.executable, str(folder / "install.py"), *words]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)


def test_a_bundle_installs_without_a_network(unpacked: Path, tmp_path: Path) -> None:
    done = install(unpacked, "--nuke-path", str(tmp_path / "share" / "gvm"))
    assert done.returncode == 0, done.stderr
    assert 'export NUKE_PATH="' in done.stdout or "setx NUKE_PATH" in done.stdout
    package = tmp_path / "share" / "gvm" / "gvm_matte"
    python = os.path.normpath(package / json.loads((package / "engine.json").read_text(encoding="utf-8"))["python"])
    code = "import gvm_matte, torch, hair; print(gvm_matte.__file__, torch.version, hair.version)"
    said = subprocess.run([python, "-B", "-c", code], capture_output=True, text=True, check=True).stdout
    assert said.strip() == f"{package / '__init__.py'} 2.0 1.0"


def test_a_bundle_for_another_python_says_which(unpacked: Path, tmp_path: Path) -> None:
    file = unpacked / "bundle.json"
    file.write_text(json.dumps({**json.loads(file.read_text(encoding="utf-8")), "python": "3.99"}), encoding="utf-8")
    done = install(unpacked, "--nuke-path", str(tmp_path / "gvm"))
    assert done.returncode == 2 and "has packages for Python 3.99" in done.stderr and "python3.99 install.py" in done.stderr
    assert not (tmp_path / "gvm").exists()


def test_a_bundle_makes_no_bundle(unpacked: Path) -> None:
    done = install(unpacked, "--bundle", "again.zip")
    assert done.returncode == 1 and done.stderr.strip() == "This is a bundle already; copy the archive itself."


def test_the_size_that_is_told_is_the_size(made: Made) -> None:
    _, bundle = made
    assert bundle.size == bundle.path.stat().st_size > bundle.wheels_size and bundle.wheels == 3
    assert [path.name for path in bundle.path.parent.iterdir()] == ["gvm.zip"]


def test_both_kinds_of_archive_hold_the_same(made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root, bundle = made
    use_wheels(monkeypatch, root)
    other = make_bundle(root, tmp_path / "new" / "gvm.tar.gz")
    with zipfile.ZipFile(bundle.path) as zipped, tarfile.open(other.path) as tarred:
        assert sorted(zipped.namelist()) == sorted(tarred.getnames())


def test_a_wheel_that_cannot_be_had_leaves_no_archive(made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use_wheels(monkeypatch, made[0])
    (tmp_path / "plugin").symlink_to(made[0] / "plugin", target_is_directory=True)
    (tmp_path / "requirements.lock").write_text("torch==3.0\n", encoding="utf-8")
    with pytest.raises(InstallError, match=r"(?s)torch 3\.0 failed.*The whole log: .*gvm\.zip\.log"):
        make_bundle(tmp_path, tmp_path / "out" / "gvm.zip")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["gvm.zip.log"]


def test_old_pythons_can_read_the_bundles_installer() -> None:
    source = (ROOT / "install" / "nuke_offline.py").read_text(encoding="utf-8")
    assert isinstance(ast.parse(source, feature_version=(3, 6)), ast.Module)  # else it raises


@pytest.mark.parametrize("name", INSTALLER)
def test_what_deploys_needs_the_standard_library_alone(name: str) -> None:
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); import install\n"
        f"__import__({'install.' + name[:-3]!r})\n"
        "print(sorted({n.split('.')[0] for n in sys.modules} - set(sys.stdlib_module_names) - {'install', '__main__'}))"
    )
    done = subprocess.run([sys.executable, "-I", "-S", "-c", code, str(ROOT)], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--help",), 0, "--nuke-path DIR"),
        (("--bundle", "gvm.rar"), 1, "should end in .zip or .tar.gz"),
        (("--bundle", "x.zip", "--nuke-path", "y"), 2, "--bundle deploys nothing"),
        (("--uninstall", "--add-to-init"), 2, "--add-to-init goes with a deployment"),
        (("--uninstall", "--nuke-path", "nowhere"), 1, "There is no deployment of GVM Matte in"),
    ],
)
def test_the_command_says_what_it_takes(words: tuple[str, ...], code: int, said: str) -> None:
    command = [sys.executable, str(ROOT / "install"), "nuke", *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, said in done.stdout + done.stderr) == (code, True), done.stderr
