"""What surrounds the code says the same as the code."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

import napari_cdse

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
FORMS = sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml"))
QT_BINDINGS = {"pyqt5", "pyqt6"}
APART = {"bundle", "train-unet"}
"""Extras that no test needs: building an application, PyTorch."""

# https://docs.github.com/communities: syntax for GitHub's form schema.
FORM_KEYS = {"name", "description", "title", "labels", "assignees", "body"}
ATTRIBUTES = {
    "markdown": {"value"},
    "textarea": {"label", "description", "placeholder", "value", "render"},
    "input": {"label", "description", "placeholder", "value"},
    "dropdown": {"label", "description", "multiple", "options", "default"},
    "checkboxes": {"label", "description", "options"},
}


def parsed(path: Path) -> dict:
    return yaml.safe_load(path.read_text("utf-8"))


def pythons() -> list[str]:
    lines = PROJECT["classifiers"]
    found = (re.fullmatch(r".*:: Python :: (3\.\d+)", line) for line in lines)
    return [one[1] for one in found if one]


@pytest.fixture(scope="module")
def workflow() -> dict:
    return parsed(ROOT / ".github" / "workflows" / "test.yml")


def test_the_matrix_is_what_the_classifiers_promise(workflow):
    matrix = workflow["jobs"]["test"]["strategy"]["matrix"]
    assert matrix["python"] == pythons()
    assert set(matrix["qt"]) == QT_BINDINGS
    systems = {name.partition("-")[0] for name in matrix["os"]}
    assert systems == {"ubuntu", "windows", "macos"}


def test_the_readme_names_the_first_and_the_last_python():
    readme = (ROOT / "README.md").read_text("utf-8")
    assert f"Python {pythons()[0]} to {pythons()[-1]}" in readme
    assert PROJECT["requires-python"] == f">={pythons()[0]}"


def test_each_step_of_the_workflow_runs_or_uses_something(workflow):
    # YAML reads the key "on" as true.
    assert set(workflow) >= {"name", True, "permissions", "jobs"}
    for job in workflow["jobs"].values():
        assert "runs-on" in job
        assert all(("run" in step) != ("uses" in step) for step in job["steps"])


@pytest.mark.skipif(shutil.which("make") is None, reason="no make")
def test_make_test_installs_every_extra(tmp_path, workflow):
    printed = subprocess.run(
        ["make", "-n", "test", f"VENV={tmp_path}", "QT=pyqt6"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    told = "\n".join(str(s.get("run")) for s in workflow["jobs"]["test"]["steps"])
    for place in (printed, told):
        (extras,) = re.findall(r'--editable "\.\[(.*)\]"', place)
        wanted = set(PROJECT["optional-dependencies"]) - QT_BINDINGS - APART
        assert set(extras.split(",")[1:]) == wanted


@pytest.mark.parametrize(
    "path", [f for f in FORMS if f.stem != "config"], ids=lambda path: path.stem
)
def test_an_issue_form_has_what_github_asks_for(path):
    form = parsed(path)
    assert {"name", "description", "body"} <= set(form) <= FORM_KEYS
    for part in form["body"]:
        assert set(part) <= {"type", "id", "attributes", "validations"}
        assert set(part["attributes"]) <= ATTRIBUTES[part["type"]]
        assert part["attributes"].get("label", part["type"] == "markdown")
        assert set(part.get("validations", {})) <= {"required"}
        options = part["attributes"].get("options")
        assert (options is not None) == (part["type"] in ("dropdown", "checkboxes"))
        assert options is None or len(options) == len(set(map(str, options)))
    ids = [part["id"] for part in form["body"]]
    assert len(set(ids)) == len(ids)


def test_the_changelog_begins_with_what_is_unreleased_then_tells_of_this_version():
    headings = re.findall(
        r"^## \[(.+?)\](?: - \d{4}-\d\d-\d\d)?$",
        (ROOT / "CHANGELOG.md").read_text("utf-8"),
        flags=re.MULTILINE,
    )
    assert headings[:2] == ["Unreleased", napari_cdse.__version__]


def test_the_citation_names_what_the_package_does():
    cited = parsed(ROOT / "CITATION.cff")
    assert cited["cff-version"] == "1.2.0"
    assert {"message", "title", "authors"} <= set(cited)
    assert cited["title"] == PROJECT["name"]
    assert cited["license"] == PROJECT["license"]
    assert cited["authors"] == PROJECT["authors"]


def test_the_version_stands_in_one_place_and_is_told_by_the_module():
    assert "version" in PROJECT["dynamic"]
    done = subprocess.run(
        [sys.executable, "-m", "napari_cdse", "--version"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == napari_cdse.__version__
