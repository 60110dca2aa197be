"""What the README and the guide in docs/ say is so."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import pandas
import pytest

import napari_cdse
from napari_cdse.cli import COMMANDS, build_opening_parser, build_parser, main
from napari_cdse.cli.flags import flag_of
from napari_cdse.core.params import DetectionParams, ForestParams, describe
from napari_cdse.core.records import CLASSES
from napari_cdse.gui.shortcuts.registry import SHORTCUTS
from napari_cdse.io.export import annotator_table, micrograph_table, particle_csv
from napari_cdse.io.images import folder as folders
from napari_cdse.io.images.micrograph_file import SUFFIXES
from napari_cdse.project import Project

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
README = ROOT / "README.md"
NOT_IN_THE_GUIDE = {"architecture.md"}
PAGES = sorted(path for path in DOCS.glob("*.md") if path.name not in NOT_IN_THE_GUIDE)
TEXTS = {path: path.read_text("utf-8") for path in (README, *PAGES)}
PROGRAM = "napari-cdse"
NAMES = {command.name for command in COMMANDS}
LARGEST_BYTES = 4_000_000
"""Of the built guide in each wheel; the forest and the samples take 30 MB."""
LINES_OF_README = 80
OTHERS = r"^ *(uv|py|pipx|dask|srun|#SBATCH) .*$"
THEMES = ("dark", "light")
NAMES_OF_CONTROLS = {"italics", "Leave these out", "learn", "measure"}
"""What stands in italics in the glossary and is no term."""
FOR_DEVELOPERS = {"dev", "mutants"}
"""Extras that CONTRIBUTING.md is about."""
SUMMARIES = {
    "both": "Both commands write these:",
    "predict": "`predict` alone:",
    "export": "`export` alone:",
}
"""Sentences before the tables of keys, by whose they are."""

# Words in italics that name no control of ours.
OF_SYSTEMS = {
    "Open in Terminal", "Services", "New Terminal at Folder", "Downloads", "Windows",
    "Windows installer (64-bit)", "Install Now", "Show more options", "Send to",
    "Desktop (create shortcut)", "Plugins", "Layers", "Annotate", "Report", "Help",
    "File", "Open Sample", "IO Utilities", "Save Selected Layers...", "Classify",
    "Save Selected Layers",
    "More info", "Run anyway", "System Settings", "Privacy & Security", "Open Anyway",
}  # fmt: skip


def ids(paths):
    return [path.name for path in paths]


def blocks(text: str) -> list[str]:
    """Fenced code of a page, without what is only drawn as such."""
    found = re.findall(r"^ *```\n(.*?)^ *```$", text, flags=re.MULTILINE | re.DOTALL)
    return [re.sub(r"^ +", "", block, flags=re.MULTILINE) for block in found]


def command_lines(path: Path) -> list[list[str]]:
    """Words after the program's name in each line that can be typed as it stands."""
    return [
        shlex.split(line)[1:]
        for block in blocks(TEXTS[path])
        for line in block.splitlines()
        if line.split(" ")[0] == PROGRAM and path.name != "command-line.md"
    ]


def prose(text: str) -> str:
    return re.sub(r"```.*?```", "", text, flags=re.DOTALL)


def test_the_readme_is_one_page():
    assert len(TEXTS[README].splitlines()) <= LINES_OF_README


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.name)
def test_links_and_pictures_of_a_page_are_there(path):
    text = TEXTS[path]
    links = re.findall(r"\]\(([^)\s]+)\)", prose(text))
    links += re.findall(r"^```\{image\} (\S+)$", text, flags=re.MULTILINE)
    for link in links:
        if not link.startswith("https://napari.org"):
            assert (path.parent / link.partition("#")[0]).is_file(), link


def test_every_picture_is_shown_dark_and_light():
    shown = {
        name
        for path in PAGES
        for name in re.findall(r"pictures/([\w-]+\.png)", TEXTS[path])
    }
    stems = {name.rpartition("-")[0] for name in shown}
    assert shown == {f"{stem}-{theme}.png" for stem in stems for theme in THEMES}
    assert shown == {path.name for path in (DOCS / "pictures").glob("*.png")}


def test_every_command_has_help_and_stands_in_the_guide():
    told = TEXTS[DOCS / "command-line.md"]
    for command in COMMANDS:
        assert f"{PROGRAM} {command.name}" in told
        assert command.summary
        assert command.load().description
    words = re.findall(r"^napari-cdse ([a-z]+)", told, flags=re.MULTILINE)
    assert set(words) <= NAMES


def test_every_flag_of_the_guide_exists():
    known = {
        flag
        for sub in (*subparsers().values(), build_opening_parser(), build_parser())
        for action in sub._actions
        for flag in action.option_strings
    }
    for path, text in TEXTS.items():
        ours = re.sub(OTHERS, "", text, flags=re.MULTILINE)
        named = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", ours))
        assert named <= known, path.name


def subparsers():
    (found,) = (
        a for a in build_parser()._actions if hasattr(a, "choices") and a.choices
    )
    return found.choices


def test_each_command_has_its_flags_in_the_guide_and_no_others():
    """A section's table is of the commands that its heading names."""
    told = {name: set() for name in NAMES}
    for section in TEXTS[DOCS / "command-line.md"].split("\n## ")[1:]:
        heading, _, text = section.partition("\n")
        flags = re.findall(r"^\| `(--?[a-z][a-z-]*)", text, flags=re.MULTILINE)
        for name in re.findall(r"`(\w+)`", heading):
            assert not told[name] & set(flags), heading
            told[name] |= set(flags)
    known = {
        name: {flag for action in parser._actions for flag in action.option_strings}
        for name, parser in subparsers().items()
    }
    assert told == {name: flags - {"-h", "--help"} for name, flags in known.items()}


@pytest.mark.parametrize("owner", [DetectionParams, ForestParams])
def test_each_parameter_is_told_by_flag_name_and_default(owner):
    lines = re.findall(
        r"^\| `(--[a-z-]+)` \| (.*?) ?\| (\S+) \| .+ \|$",
        TEXTS[DOCS / "command-line.md"],
        flags=re.MULTILINE,
    )
    told = {flag: (name, usual) for flag, name, usual in lines}
    for info in describe(owner):
        name, usual = told.pop(flag_of(info, owner))
        unit = f" ({info.unit})" if info.unit else ""
        assert name in ("", info.label + unit)
        assert usual == str(info.default) or info.name == "method"
    other = ForestParams if owner is DetectionParams else DetectionParams
    assert set(told) == {flag_of(info, other) for info in describe(other)}


@pytest.mark.parametrize("path", PAGES, ids=ids(PAGES))
def test_command_lines_of_a_page_are_understood(path):
    for words in command_lines(path):
        if words and words[0] not in NAMES and not words[0].startswith("-"):
            build_opening_parser().parse_args(words)
        elif words and words != ["--version"]:
            build_parser(words[:1]).parse_args(words)


def test_command_lines_of_the_guide_do_what_they_say(
    labelled_folder, tmp_path, monkeypatch
):
    """In the order of the guide, on a folder that a user has labelled."""
    monkeypatch.chdir(tmp_path)
    for name in ("pictures", "others"):
        shutil.copytree(labelled_folder, tmp_path / name)
        Project.create_or_open(tmp_path / name).close()
    with_window = {command.name for command in COMMANDS if command.load().has_window}
    run = []
    for name in ("own-data", "retraining", "statistics", "projects"):
        for words in command_lines(DOCS / f"{name}.md"):
            if words[0] in NAMES - with_window:
                assert main(words) == 0, words
                run.append(words[0])
    assert {"export", "report", "predict", "train", "compare", "restore"} <= set(run)
    for made in ("results", "predicted", "again"):
        for name in ("particles.csv", "summary.json", "labels", "figures"):
            assert (tmp_path / made / name).exists()
    assert (tmp_path / "results" / "labels.csv").is_file()
    written = {name: told_in("summary.json", at) for name, at in SUMMARIES.items()}
    defects = told_in("summary.json", "In `visible_defects`:")
    for folder, name in (("predicted", "predict"), ("results", "export")):
        summary = json.loads((tmp_path / folder / "summary.json").read_text("utf-8"))
        assert {*written["both"], *written[name]} == set(summary)
        assert set(defects) == set(summary["visible_defects"])
    particles = pandas.read_csv(
        tmp_path / "predicted" / "particles.csv", keep_default_na=False, na_values=[""]
    )
    assert set(particles["label"]) <= set(CLASSES)
    assert 'na_values=[""]' in TEXTS[DOCS / "tables.md"]
    assert (tmp_path / "report.html").is_file()


def told_in(file: str, after: str = "") -> list[str]:
    """Names in the first column of the tables about a file, or of that after a line."""
    _, _, text = TEXTS[DOCS / "tables.md"].partition(f"\n## {file}\n")
    text = text.partition("\n## ")[0]
    if after:
        text = text.partition(f"\n{after}\n\n")[2].partition("\n\n")[0]
    cells = re.findall(r"^\| (`.+?) \|", text, flags=re.MULTILINE)
    return [name for cell in cells for name in re.findall("`([^`]+)`", cell)]


def test_every_column_of_the_tables_is_told_in_its_place():
    assert told_in("micrographs.csv") == [
        *micrograph_table.COLUMNS,
        micrograph_table.SAMPLE,
    ]
    assert told_in("labels.csv") == list(annotator_table.COLUMNS)
    assert told_in("particles.csv") == [*particle_csv.COLUMNS, *particle_csv.LAST]


def test_messages_that_the_guide_quotes_are_those_of_the_program():
    package = Path(napari_cdse.__file__).parent
    code = "\n".join(path.read_text("utf-8") for path in package.rglob("*.py"))
    quoted = re.findall(
        r'^\*\*"(.+?)"', TEXTS[DOCS / "troubleshooting.md"], re.MULTILINE
    )
    assert len(quoted) > 3
    assert {words for words in quoted if words not in code} == set()


def test_terms_of_the_glossary_are_in_order_and_those_in_italics_have_an_entry():
    text = TEXTS[DOCS / "glossary.md"]
    entries = re.findall(r"^\*\*(.+?)\.\*\*", text, flags=re.MULTILINE)
    assert entries == sorted(entries, key=str.casefold)
    bold = [*entries, *re.findall(r"\*\*([^*.]+)\*\*", text)]
    known = {part.strip().casefold() for one in bold for part in re.split("[,()]", one)}
    italics = re.findall(r"(?<!\*)\*([^*]+)\*(?!\*)", text)
    for term in {" ".join(one.split()) for one in italics} - NAMES_OF_CONTROLS:
        word = term.casefold().removesuffix("'s")
        assert {word, word.removesuffix("s"), word.removesuffix("es")} & known, term


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.name)
def test_extras_that_are_installed_exist(path):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    for words in re.findall(r"(?:\.|napari-cdse)\[([a-z0-9,]+)\]", TEXTS[path]):
        assert set(words.split(",")) <= set(project["optional-dependencies"])


def test_every_extra_is_explained_but_those_of_developers():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    _, _, text = TEXTS[DOCS / "install.md"].partition("words in brackets mean")
    told = re.findall(r"^\| `([\w-]+)` \|", text, flags=re.MULTILINE)
    assert sorted(told) == sorted({*project["optional-dependencies"]} - FOR_DEVELOPERS)


def test_the_table_of_keys_is_the_registry():
    rows = re.findall(
        r"^\| `(.+)` \| (.+) \|$", TEXTS[DOCS / "keys.md"], flags=re.MULTILINE
    )
    assert [(s.keys, s.description) for s in SHORTCUTS] == [
        (
            tuple(
                key.replace("Ctrl+", "Control-").replace("Shift+", "Shift-")
                for key in keys.split("` or `")
            ),
            text,
        )
        for keys, text in rows
    ]


def test_the_table_of_formats_names_every_ending():
    text = TEXTS[DOCS / "formats.md"]
    read, _, not_read = text.partition("**Not read:**")
    assert set(SUFFIXES) <= set(re.findall(r"`(\.\w+)`", read))
    not_read = not_read.partition("\n\n")[0]
    assert tuple(re.findall(r"`(\.\w+)`", not_read)) == folders._UNSUPPORTED_SUFFIXES


def test_controls_that_the_guide_names_are_in_the_window():
    package = Path(napari_cdse.__file__).parent
    sources = [*package.glob("gui/**/*.py"), package / "napari.yaml"]
    sources += [package / "core" / "params.py"]
    sources += [package / "io" / "annotations" / "format_names.py"]
    code = "\n".join(path.read_text("utf-8") for path in sources).casefold()
    code = code.replace(r"\u2026", "\u2026")
    missing = set()
    for name in (
        *("tour", "own-data", "retraining", "projects", "troubleshooting"),
        *("window", "spectrum", "statistics", "formats", "install"),
    ):
        text = re.sub(r"`[^`]*`", "", prose(TEXTS[DOCS / f"{name}.md"]))
        italics = re.findall(r"(?<!\*)\*([^*]+)\*(?!\*)", text)
        for words in {" ".join(each.split()) for each in italics} - OF_SYSTEMS:
            for part in words.casefold().split(": "):
                if part not in code:
                    missing.add((name, part))
    assert missing == set()


class _Page(HTMLParser):
    """What a built page links to, loads, and can be linked to."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.links, self.loaded, self.anchors = [], [], {""}
        self.feed(path.read_text("utf-8"))

    def handle_starttag(self, tag, attrs):
        told = dict(attrs)
        self.anchors.add(told.get("id") or "")
        if tag == "a":
            self.links.append(told.get("href") or "")
        elif tag == "link" and told.get("rel") in ("stylesheet", "icon", "preload"):
            self.loaded.append(told["href"])
        elif told.get("src"):
            self.loaded.append(told["src"])


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Path:
    """Build the guide as ``make docs`` does."""
    out = tmp_path_factory.mktemp("guide")
    words = ["-q", "-W", "-b", "html", "-d", out / ".trees", DOCS, out / "html"]
    done = subprocess.run(
        [sys.executable, "-m", "sphinx", *words],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return out / "html"


def test_the_built_guide_has_every_page_and_stays_small(built):
    for path in PAGES:
        assert (built / f"{path.stem}.html").is_file()
    assert not (built / "architecture.html").exists()
    size = sum(path.stat().st_size for path in built.rglob("*") if path.is_file())
    assert size < LARGEST_BYTES


def test_the_built_guide_works_without_a_network(built):
    pages = {path: _Page(path) for path in built.glob("*.html")}
    for path, page in pages.items():
        for name in page.loaded:
            local = name.partition("?")[0]
            assert not re.match(r"(https?:)?//", name)
            assert local.startswith("data:") or (path.parent / local).is_file()
        for link in page.links:
            if re.match(r"https?://", link):
                continue
            name, _, anchor = link.partition("#")
            target = path.parent / name if name else path
            assert target.is_file(), link
            assert unquote(anchor) in pages[target].anchors, link
    for style in built.rglob("*.css"):
        assert not re.search(r"url\([\"']?https?:", style.read_text("utf-8"))


def test_the_built_guide_tells_nothing_of_the_machine_that_built_it(built):
    for path in built.rglob("*"):
        if path.suffix in (".html", ".js", ".css", ".txt"):
            assert str(ROOT) not in path.read_text("utf-8")
