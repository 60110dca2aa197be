"""A wheel, a source archive and this checkout all find their forest and samples."""

import subprocess
import sys
import tarfile
import zipfile
from importlib.metadata import distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

import napari_cdse

ROOT = Path(__file__).resolve().parents[1]
FIND = (
    "from napari_cdse import resources;"
    "print(resources.__file__);"
    "assert resources.default_model_path().is_file();"
    "assert resources.network_path().is_file();"
    "assert len(list((resources.sample_data_dir() / 'images').iterdir())) == 6"
)


@pytest.fixture(scope="module")
def archives(tmp_path_factory):
    """Build the source archive, and the wheel from it, as a release is built."""
    out = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", "--outdir", out, ROOT],
        check=True,
        capture_output=True,
    )
    return next(out.glob("*.whl")), next(out.glob("*.tar.gz"))


def test_wheel_carries_forest_samples_and_manifest(archives, tmp_path):
    wheel, _ = archives
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path)
    done = subprocess.run(
        [sys.executable, "-P", "-c", FIND],
        env={"PYTHONPATH": str(tmp_path), "PATH": ""},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(str(tmp_path))
    assert (tmp_path / "napari_cdse" / "_guide" / "searchindex.js").is_file()
    for name in ("napari.yaml", "py.typed", "__main__.py", "_guide/index.html"):
        assert (tmp_path / "napari_cdse" / name).is_file()
    (info,) = tmp_path.glob("*.dist-info")
    licence = (info / "licenses" / "LICENSE").read_text("utf-8")
    assert licence == (ROOT / "LICENSE").read_text("utf-8")
    metadata = (info / "METADATA").read_text("utf-8")
    assert f"Version: {napari_cdse.__version__}\n" in metadata
    base = [line for line in metadata.splitlines() if line.startswith("Requires-Dist")]
    bindings = ("pyqt5", "pyqt6", "pyside")
    assert not [
        line
        for line in base
        if "extra ==" not in line and any(name in line.lower() for name in bindings)
    ]


def test_source_archive_has_what_the_tests_need(archives):
    with tarfile.open(archives[1]) as archive:
        names = {name.split("/", 1)[1] for name in archive.getnames() if "/" in name}
    for needed in (
        "Makefile",
        "tests/test_packaging.py",
        "models/cdse.skops",
        "sample_data/SOURCES.md",
        ".constraints.txt",
        ".bundle/contents.py",
        ".bundle/napari-cdse.spec",
        ".bundle/start.py",
        ".ci/system-packages",
        ".github/workflows/test.yml",
        "LICENSE",
        "CHANGELOG.md",
        "CONTRIBUTING.md",
        "CITATION.cff",
        "docs/glossary.md",
        "docs/conf.py",
        "docs/pictures/window-dark.png",
        "hatch_build.py",
    ):
        assert needed in names


def test_this_installation_finds_them():
    done = subprocess.run(
        [sys.executable, "-c", FIND], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("python", ["3.11.2", "3.14.0"])
def test_pinned_releases_install_on_the_pythons_promised(python):
    """3.11.2 is Debian 12's own, and a release that asks for 3.11.5 stops there."""
    lines = (ROOT / ".constraints.txt").read_text("utf-8").splitlines()
    pins = [Requirement(line) for line in lines if line and not line.startswith("#")]
    names = {
        canonicalize_name(each.name)
        for each in pins
        if each.marker is None or each.marker.evaluate({"python_version": python[:4]})
    }
    asked = {
        canonicalize_name(each.metadata["Name"]): each.metadata.get("Requires-Python")
        for each in distributions()
    }
    known = names & asked.keys()
    assert len(known) > len(names) / 2
    refused = {
        name: asked[name]
        for name in known
        if asked[name] and python not in SpecifierSet(asked[name])
    }
    assert not refused
