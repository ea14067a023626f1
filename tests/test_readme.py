"""What is written about the code is what the code says."""

from __future__ import annotations

import base64
import json
import re
import subprocess
import tomllib
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import jsonschema
import pytest

from scripts import readme, server_json, settings
from scripts.facts import NAME, clients
from scripts.house import ROOT
from scripts.links import LINKS
from sora_mcp import __version__
from sora_mcp.cli.parser import COMMANDS
from sora_mcp.cli.setup.clients import known_clients
from sora_mcp.cli.setup.yaml_entry import read_entry
from sora_mcp.config.settings import FLAGS, KEYS, SITES
from sora_mcp.domain import Vendor
from sora_mcp.server.tools import TOOLS
from sora_mcp.vendors import EVERY
from tests.each import each

TEXT = readme.README.read_text("utf-8")
DOCS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])


def test_the_generated_blocks_are_current() -> None:
    stale = [
        f"{page.name}: {name}"
        for page, blocks in readme.pages().items()
        for name, block in blocks.items()
        if readme.find_block(page.read_text("utf-8"), name) != block
    ]
    assert stale == [], "run: make readme"


def test_a_block_without_markers_is_noticed() -> None:
    with pytest.raises(KeyError):
        readme.fill("no markers here", {"vendors": ""})


def test_writing_the_blocks_changes_nothing_else() -> None:
    page = "a\n<!-- begin x -->\nold\n<!-- end x -->\nb\n"
    assert readme.fill(page, {"x": r"new \1"}) == "a\n<!-- begin x -->\nnew \\1\n<!-- end x -->\nb\n"


def test_the_readme_fits_on_two_pages() -> None:
    assert len(TEXT.splitlines()) <= 160


@each(
    ("page", "sentence", "has"),
    [
        ("money.md", r"vendor's live list \(([^)]*)\)", lambda vendor: vendor.listing or vendor.price_list),
        ("money.md", r"asking the vendor \(([^)]*)\)", lambda vendor: vendor.quote),
        ("money.md", r"- (.*) list their jobs\.", lambda vendor: vendor.find),
        ("money.md", r"shows the balance at (.*?)\. ", lambda vendor: vendor.balance),
        ("http.md", r"when the clip moves on: (.*?)\. ", lambda vendor: vendor.webhook),
    ],
)
def test_a_page_names_every_vendor_that_can_do_what_it_tells(page: str, sentence: str, has: Callable[[Vendor], object]) -> None:
    found = re.search(sentence, (ROOT / "docs" / page).read_text("utf-8"))
    assert found is not None, sentence
    assert sorted(re.split(", | and ", found[1])) == sorted(vendor.title for vendor in EVERY if has(vendor))


def test_the_page_of_the_settings_is_current() -> None:
    assert settings.FILE.read_text("utf-8") == settings.page(), "run: make readme"


def test_the_page_of_the_settings_has_every_row() -> None:
    page = settings.page()
    assert [row.variable for row in (*FLAGS, *KEYS, *SITES.values()) if f"| `{row.variable}` |" not in page] == []


def test_each_clients_block_can_be_read_by_that_client() -> None:
    command, key = "/somewhere/bin/sora-mcp", "PIXAZO_API_KEY"
    shown = {client.name: client for client in clients(command, key)}
    entry = {"command": command, "args": [], "env": {key: ""}}
    words = ["claude", "mcp", "add", "sora", "--scope", "user", "--env", f"{key}=", "--", command]
    assert (next(iter(shown)), shown["Claude Code"].text.split()) == ("Claude Code", words)
    for usual in ("Claude Desktop", "Cursor", "Gemini CLI", "Windsurf", "JetBrains"):
        assert json.loads(shown[usual].text) == {"mcpServers": {"sora": entry}}
    assert json.loads(shown["Zed"].text) == {"context_servers": {"sora": entry}}
    assert json.loads(shown["opencode"].text)["mcp"]["sora"]["command"] == [command]
    assert (read_entry(shown["goose"].text, "extensions", "sora") or {})["cmd"] == command
    assert json.loads(shown["VS Code"].text)["servers"] == {"sora": {"type": "stdio", **entry, "env": {key: "${input:video-key}"}}}
    assert tomllib.loads(shown["Codex"].text)["mcp_servers"]["sora"]["command"] == command


def test_every_client_of_setup_has_its_block() -> None:
    titles = {client.title for client in known_clients(Path("~"), {}, "linux")}
    assert titles == {client.name for client in clients()}
    assert [title for title in titles if f"\n## {title}\n" not in readme.CLIENTS.read_text("utf-8")] == []


def test_the_buttons_start_the_released_package() -> None:
    """Each link is decoded as its client does."""
    asked = {name: parse_qs(urlsplit(link()).query, strict_parsing=True) for name, link in LINKS.items()}
    entry = {"command": "uvx", "args": ["--from", "sora-mcp[media]", "sora-mcp"]}
    assert json.loads(base64.b64decode(asked["Cursor"]["config"][0])) == entry
    assert json.loads(asked["VS Code"]["config"][0]) == entry
    assert (asked["goose"]["cmd"], asked["goose"]["arg"]) == (["uvx"], entry["args"])
    assert {query["name"][0] for query in asked.values()} <= {"sora-mcp", "Sora MCP"}


def test_what_is_not_there_yet_is_not_there_yet() -> None:
    later = TEXT.split("Not yet:")[1].split("\n")[0]
    there = {*TOOLS, *(f"sora-mcp {command.name}" for command in COMMANDS if command.name not in ("approve", "serve"))}
    assert [name for name in there if f"`{name}`" in later] == []


def test_the_two_commands_are_the_first_two_of_the_readme() -> None:
    first, second = re.findall(r"```bash\n(python3 .*)\n```", TEXT)
    assert first.endswith("pip install -q '.[media]' && .venv/bin/sora-mcp demo")
    assert second.endswith("pip install -q -e '.[dev]' && .venv/bin/python -m pytest -q -n 8")


def test_a_source_archive_holds_all_that_the_tests_read() -> None:
    hatch = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["hatch"]
    read = {*(f"/{path.parent.name}" for path in ROOT.glob("*/__init__.py")), *(f"/{path.name}" for path in ROOT.glob("*.md"))}
    assert sorted(read - {*hatch["build"]["targets"]["sdist"]["include"]}) == []


def test_the_ci_runs_the_readmes_second_command() -> None:
    found = subprocess.run(["grep", "-m", "1", "-F", "--", "-m pytest", "README.md"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert found.stdout.strip() == re.findall(r"```bash\n(python3 .*)\n```", TEXT)[1]


def anchors(page: Path) -> set[str]:
    """Return the names that a page's headings can be linked by."""
    headings = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading).strip().lower().replace(" ", "-") for heading in headings}


def test_every_link_leads_to_a_file_and_a_heading_in_it() -> None:
    dead: list[str] = []
    for page in DOCS:
        for link in re.findall(r"\]\((?!https?://)([^)]+)\)", page.read_text("utf-8")):
            name, _, anchor = link.partition("#")
            target = (page.parent / name).resolve() if name else page
            if not target.exists() or (anchor and anchor not in anchors(target)):
                dead.append(f"{page.name}: {link}")
    assert dead == []


def test_registries_find_the_server_by_its_name_in_the_readme() -> None:
    assert f"<!-- mcp-name: {NAME} -->" in TEXT


# server.json, as the schema of 2025-12-11 has it, and stricter: an unknown field is a slip.

VARIABLE = {
    "type": "object",
    "required": ["name", "description", "isRequired", "isSecret", "format"],
    "additionalProperties": False,
    "properties": {
        "name": {"type": "string", "pattern": "^[A-Z][A-Z0-9_]+$"},
        "description": {"type": "string", "minLength": 1},
        "isRequired": {"const": False},
        "isSecret": {"type": "boolean"},
        "format": {"enum": ["string", "number", "boolean", "filepath"]},
    },
}
PACKAGE = {
    "type": "object",
    "required": ["registryType", "identifier", "version", "transport", "environmentVariables"],
    "additionalProperties": False,
    "properties": {
        "registryType": {"const": "pypi"},
        "identifier": {"const": "sora-mcp"},
        "version": {"type": "string", "pattern": r"^\d+\.\d+\.\d+$"},
        "runtimeHint": {"const": "uvx"},
        "runtimeArguments": {"const": [{"type": "named", "name": "--from", "value": f"sora-mcp[media]=={__version__}"}]},
        "transport": {"const": {"type": "stdio"}},
        "environmentVariables": {"type": "array", "items": VARIABLE},
    },
}
SERVER = {
    "type": "object",
    "required": ["$schema", "name", "description", "version", "packages"],
    "additionalProperties": False,
    "properties": {
        "$schema": {"const": "https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json"},
        "name": {"type": "string", "pattern": "^[a-zA-Z0-9.-]+/[a-zA-Z0-9._-]+$", "minLength": 3, "maxLength": 200},
        "title": {"type": "string", "minLength": 1, "maxLength": 100},
        "description": {"type": "string", "minLength": 1, "maxLength": 100},
        "version": {"type": "string", "pattern": r"^\d+\.\d+\.\d+$"},
        "repository": {
            "type": "object",
            "required": ["url", "source"],
            "additionalProperties": False,
            "properties": {"url": {"type": "string", "pattern": "^https://"}, "source": {"const": "github"}},
        },
        "packages": {"type": "array", "minItems": 1, "items": PACKAGE},
    },
}


def written() -> object:
    return json.loads(server_json.FILE.read_text("utf-8"))


def test_server_json_is_current() -> None:
    assert written() == server_json.content(), "run: make readme"


def test_server_json_is_what_registries_take() -> None:
    jsonschema.validate(written(), SERVER)


def test_server_json_has_the_packages_version_and_every_variable() -> None:
    content = server_json.content()
    package = content["packages"][0]
    assert (content["version"], package["version"]) == (__version__, __version__)
    variables = {variable["name"]: variable["isSecret"] for variable in package["environmentVariables"]}
    keys = {key: True for vendor in EVERY for key in vendor.keys}
    assert variables == keys | {row.variable: row.variable == "SORA_MCP_DATABASE_URL" for row in (*FLAGS, *SITES.values())}


def test_a_folder_of_conversations_belongs_to_a_vendor() -> None:
    folders = {path.name for path in Path(ROOT / "tests" / "vendors").iterdir() if path.is_dir() and not path.name.startswith("_")}
    assert folders <= {vendor.name for vendor in EVERY}
