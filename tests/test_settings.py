"""The environment at the door: what counts, what wins, and what is refused without showing it."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from sora_mcp.cli import main
from sora_mcp.cli.setup.clients import find_clients, find_home
from sora_mcp.config.logging import describe_exposed_password
from sora_mcp.config.setting import BadSetting
from sora_mcp.config.settings import ROWS, SETTINGS, Settings, describe_bad_key, load
from sora_mcp.config.sources import config_file, describe_unknown
from sora_mcp.domain import Rate
from sora_mcp.domain.money import usd
from sora_mcp.domain.secret import Secret
from tests.each import each
from tests.s3 import needs_s3

TODAY = date(2026, 11, 21)
MARK = "s3cr3t-v4lue"


def loaded(environ: Mapping[str, str] | None = None, flags: Mapping[str, str] | None = None, *, config: Path | None = None) -> Settings:
    return load(environ or {}, flags, today=TODAY, config=config or Path(os.devnull))


def refusal(environ: Mapping[str, str], *, config: Path | None = None) -> str:
    with pytest.raises(BadSetting) as caught:
        loaded(environ, config=config)
    return str(caught.value)


def filed(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    """A config file."""
    (config := folder / "config.toml").write_text(text, encoding)
    return config


def test_nothing_has_to_be_set() -> None:
    settings = loaded()
    assert (settings.per_video, settings.daily, settings.monthly, settings.confirm_above) == (usd("5"), usd("10"), usd("100"), usd("2"))
    assert (settings.linger, settings.poll_seconds, settings.log) == (True, None, "warning")
    assert (settings.image_dirs, settings.trusted_hosts, dict(settings.keys)) == ((), frozenset(), {})
    assert settings.database_url == f"sqlite:///{settings.home / 'sora.db'}"
    assert settings.output_dir.name == "sora-mcp"


def test_every_setting_can_be_set(tmp_path: Path) -> None:
    settings = loaded(
        {
            "SORA_MCP_HOME": str(tmp_path),
            "SORA_MCP_OUTPUT_DIR": str(tmp_path / "out"),
            "SORA_MCP_IMAGE_DIRS": os.pathsep.join([str(tmp_path / "a"), "", str(tmp_path / "b")]),
            "SORA_MCP_PER_VIDEO_USD": "1.50",
            "SORA_MCP_DAILY_USD": "3",
            "SORA_MCP_MONTHLY_USD": "30",
            "SORA_MCP_CONFIRM_ABOVE_USD": "0",
            "SORA_MCP_TIMEZONE": "Europe/Lisbon",
            "SORA_MCP_DATABASE_URL": "postgres://somewhere/sora",
            "SORA_MCP_LINGER": "off",
            "SORA_MCP_TRUSTED_HOSTS": "Files.example:443, [::1]:9000",
            "SORA_MCP_POLL_SECONDS": "0.5",
            "SORA_MCP_LOG": "DEBUG",
        }
    )
    assert (settings.home, settings.output_dir, settings.image_dirs) == (tmp_path, tmp_path / "out", (tmp_path / "a", tmp_path / "b"))
    assert (settings.per_video, settings.daily, settings.monthly, settings.confirm_above) == (usd("1.50"), usd("3"), usd("30"), usd("0"))
    assert (settings.zone, settings.database_url) == (ZoneInfo("Europe/Lisbon"), "postgresql+psycopg://somewhere/sora")
    assert (settings.linger, settings.poll_seconds, settings.log) == (False, 0.5, "debug")
    assert settings.trusted_hosts == {"files.example:443", "[::1]:9000"}


def test_a_flag_wins_over_the_environment_and_that_over_the_file(tmp_path: Path) -> None:
    text = 'daily_usd = 1\nmonthly-usd = 2.5\nSORA_MCP_PER_VIDEO_USD = "3"\nlinger = false\nPIXAZO_API_KEY = "from-file"\n'
    settings = loaded({"SORA_MCP_MONTHLY_USD": "20", "SORA_MCP_PER_VIDEO_USD": "4"}, {"PER_VIDEO_USD": "0.5"}, config=filed(tmp_path, text))
    assert (settings.daily, settings.monthly, settings.per_video) == (usd("1"), usd("20"), usd("0.5"))
    assert (settings.linger, settings.keys["pixazo"].reveal()) == (False, "from-file")


@pytest.mark.fault("R10")
@each("text", ["", "  ", "${DAILY}", " ${user_config.daily} ", "${DAILY:-}", "${DAILY:-${DAY}}"])
def test_an_empty_value_or_an_unfilled_placeholder_is_no_value(text: str) -> None:
    settings = loaded({"SORA_MCP_DAILY_USD": text, "MUVI_API_KEY": text})
    assert (settings.daily, dict(settings.keys)) == (usd("10"), {})


@each(
    ("environ", "file", "said"),
    [
        ({"SORA_MCP_DAYLY_USD": "1"}, "", "'SORA_MCP_DAYLY_USD' is not a setting and has no effect: did you mean SORA_MCP_DAILY_USD?"),
        ({}, "dayly_usd = 1", "'DAYLY_USD' is not a setting and has no effect: did you mean SORA_MCP_DAILY_USD?"),
        ({}, 'muvi_base_ulr = "x"', "'MUVI_BASE_ULR' is not a setting and has no effect: did you mean SORA_MCP_MUVI_BASE_URL?"),
        ({"SORA_MCP_QWERTY": MARK}, "", "'SORA_MCP_QWERTY' is not a setting and has no effect."),
    ],
)
def test_a_name_that_is_no_setting_is_told(environ: dict[str, str], file: str, said: str, tmp_path: Path) -> None:
    [name] = loaded(environ, config=filed(tmp_path, file)).unknown_names
    assert describe_unknown(name, ROWS) == said


def test_addresses_of_oauth_are_kept_as_they_are_compared() -> None:
    issuers = ("https://Idp.example", "https://idp.example/", "https://idp.example:8443/realms/film/", "http://localhost:9000")
    assert [loaded({"SORA_MCP_ISSUER": text}).issuer for text in issuers] == list(issuers)
    taken = {"https://Videos.example/": "https://videos.example", "https://h:443": "https://h", "http://[::1]:80": "http://[::1]"}
    taken |= {"https://h:8443": "https://h:8443", "http://127.0.0.1:443": "http://127.0.0.1:443"}
    assert {text: loaded({"SORA_MCP_PUBLIC_URL": text}).public_url for text in taken} == taken
    settings = loaded({"SORA_MCP_SCOPE": " videos  openid videos ", "SORA_MCP_AUDIENCE": "api://videos"})
    assert (settings.scopes, settings.audience, settings.person_claim) == (("videos", "openid"), "api://videos", "sub")


def test_webhooks_need_a_public_address_with_tls() -> None:
    public = {"SORA_MCP_PUBLIC_URL": "https://videos.example"}
    assert loaded({}).webhook_url is None
    assert loaded(public).webhook_url == loaded(public | {"SORA_MCP_WEBHOOKS": "1"}).webhook_url == "https://videos.example"
    assert loaded(public | {"SORA_MCP_WEBHOOKS": "0"}).webhook_url is None
    for here in ({}, {"SORA_MCP_PUBLIC_URL": "http://127.0.0.1:8000"}, {"SORA_MCP_PUBLIC_URL": "https://localhost:8443"}):
        assert loaded(here).webhook_url is None
        assert refusal(here | {"SORA_MCP_WEBHOOKS": "1"}).startswith("SORA_MCP_WEBHOOKS needs SORA_MCP_PUBLIC_URL with https")


def test_scripts_may_approve_only_by_the_config_file(tmp_path: Path) -> None:
    name = "SORA_MCP_APPROVE_WITHOUT_TERMINAL"
    settings = loaded({name: "1"}, {"APPROVE_WITHOUT_TERMINAL": "1"})
    assert (settings.approve_without_terminal, settings.unknown_names) == (False, (name,))
    assert describe_unknown(name, ROWS) == f"{name} counts in config.toml only, and has no effect in the environment."
    assert loaded({name: "0"}, config=filed(tmp_path, "approve_without_terminal = true")).approve_without_terminal is True


@each("name", ["muvi_base_url", "muvi-base-url", "MUVI_BASE_URL", "SORA_MCP_MUVI_BASE_URL", "sora-mcp-muvi-base-url"])
def test_a_vendors_address_in_the_file_may_stand_without_the_prefix(name: str, tmp_path: Path) -> None:
    settings = loaded(config=filed(tmp_path, f'{name} = "https://gateway.example"\n'))
    assert {vendor.name: vendor.base_url for vendor in settings.catalogue.vendors}["muvi"] == "https://gateway.example"
    assert settings.unknown_names == ()


def test_every_name_of_ours_and_of_others_is_nothing_strange(tmp_path: Path) -> None:
    ours = {row.variable: "" for row in SETTINGS} | {"SORA_MCP_MUVI_BASE_URL": "", "SORA_MCP_COMPATIBLE_API_KEY": "", "PATH": "/bin"}
    config = filed(tmp_path, 'daily_usd = 3\nmuvi_api_key = "k-12345678"\nkeychain = ""\n')
    assert loaded(ours, config=config).unknown_names == ()


def test_a_byte_order_mark_is_no_fault_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "prices.toml").write_text('["muvi:sora-2"]\nper_second = "0.05"', "utf-8-sig")
    settings = loaded({"SORA_MCP_PRICES": str(tmp_path / "prices.toml")}, config=filed(tmp_path, "daily_usd = 3", "utf-8-sig"))
    assert (settings.daily, settings.catalogue.get("muvi:sora-2") is None) == (usd("3"), False)


@each("text", ["~", "~/x", "$HOME", "$HOME/x", "${HOME}/x", "%USERPROFILE%", "%USERPROFILE%/x"])
def test_the_home_folder_in_a_path_may_be_spelt_as_every_shell_does(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(variable, str(tmp_path))
    assert loaded({"SORA_MCP_OUTPUT_DIR": text}).output_dir == (tmp_path / "x" if text.endswith("/x") else tmp_path)
    assert loaded({"SORA_MCP_IMAGE_DIRS": f"{text}{os.pathsep}/y"}).image_dirs[1] == Path("/y")


@each(
    "name, text",
    [
        *(("OUTPUT_DIR", path) for path in ("$XDG_VIDEOS_DIR/x", "${USER}/films", "/v/${HOMEX}", "$HOMEDIR", "%APPDATA%/x", "a/%TEMP%/b")),
        *(("OUTPUT_DIR", path) for path in ("$(pwd)/v", "`pwd`/v", "{{HOME}}/v")),
        *(("HOME", path) for path in ("${XDG_DATA_HOME}/s", "$HOME_1/x")),
        *(("IMAGE_DIRS", f"/ok{os.pathsep}{path}") for path in ("$PICTURES", "%PICTURES%")),
        ("DATABASE_URL", "sqlite:///${DATA}/sora.db"),
        ("PRICES", "$CONF/prices.toml"),
    ],
)
def test_a_variable_that_nobody_expands_is_no_folder_of_that_name(name: str, text: str) -> None:
    assert refusal({f"SORA_MCP_{name}": text}).startswith(f"SORA_MCP_{name} must be ")


@pytest.fixture
def homeless(monkeypatch: pytest.MonkeyPatch) -> None:
    """A user id without a name, as a container may have one, and no HOME."""

    def find_nobody(_: int) -> Any:
        raise KeyError

    pytest.importorskip("pwd")
    monkeypatch.setattr("pwd.getpwuid", find_nobody)
    for variable in ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_VIDEOS_DIR"):
        monkeypatch.delenv(variable, raising=False)


@pytest.mark.usefixtures("homeless")
def test_a_user_without_a_name_and_a_home_hears_which_setting_is_missing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = {"SORA_MCP_TIMEZONE": "UTC"}
    for name, folder in (("SORA_MCP_HOME", "home"), ("SORA_MCP_OUTPUT_DIR", "videos")):
        assert main.run(["jobs"], given) == 2
        assert capsys.readouterr() == ("", f"sora-mcp: {name} must be set: this user has no home folder.\n")
        given[name] = str(tmp_path / folder)
    settings = load(given, today=TODAY)
    assert (settings.home, settings.marks) == (tmp_path / "home", None)
    assert main.run(["jobs"], given) == 0
    with pytest.raises(BadSetting, match="HOME or XDG_CONFIG_HOME must be set"):
        config_file()
    assert find_clients(find_home()) == []
    assert refusal({**given, "SORA_MCP_OUTPUT_DIR": "~/x"}) == "SORA_MCP_OUTPUT_DIR must be a path of a folder."


@pytest.mark.skipif(sys.platform != "linux", reason="/proc, where nobody can make a folder")
def test_a_home_in_which_nothing_can_be_made_names_the_setting(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("HOME", "/proc/nobody")
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    monkeypatch.setattr(os, "access", lambda place, mode: not str(place).startswith("/proc"))  # root may write everywhere
    assert main.run(["jobs"], {"SORA_MCP_TIMEZONE": "UTC"}) == 2
    said = "SORA_MCP_HOME must be set to a folder that can be written: /proc/nobody/.local/share/sora-mcp, the usual one, cannot be made."
    assert capsys.readouterr().err == f"sora-mcp: {said}\n"


def test_a_setting_says_where_it_comes_from(tmp_path: Path) -> None:
    config = filed(tmp_path, "log = 'info'\nlinger = 0\n")
    environ = {"SORA_MCP_LINGER": "1", "SORA_MCP_TIMEZONE": "${ZONE}", "FAL_KEY": MARK, "PATH": "/bin"}
    assert loaded(environ, {"DAILY_USD": "3"}, config=config).sources == {
        "SORA_MCP_LOG": "config.toml",
        "SORA_MCP_LINGER": "the environment",
        "FAL_KEY": "the environment",
        "SORA_MCP_DAILY_USD": "a flag",
    }


NOBODYS = f"~nobody-{MARK}/x"
"""In the folder of a user whom this machine does not know."""
BAD = {
    "HOME": ["a\0b", os.devnull, f"{__file__}/{MARK}", NOBODYS],
    "OUTPUT_DIR": ["\0", "$MOVIES/x", "${HOME}/${MOVIES}", "/x/%APPDATA%/y", f"{os.devnull}/{MARK}", NOBODYS],
    "IMAGE_DIRS": ["a\0b", "/x$PICTURES", f"pictures{os.pathsep}{NOBODYS}"],
    "PER_VIDEO_USD": ["-1", "NaN", "Infinity", MARK, "$5", "1000001", "1_000", "\u0663"],
    "DAILY_USD": ["-0.01", MARK],
    "MONTHLY_USD": ["1e9", MARK],
    "CONFIRM_ABOVE_USD": [MARK, "sNaN"],
    "TIMEZONE": ["Nowhere/Atall", "../../etc/passwd", MARK],
    "PRICES": [f"missing/{MARK}.toml", NOBODYS],
    "DATABASE_URL": [
        *("mysql://host/db", MARK, "sqlite:", "sqlite://", "sqlite:///", "sqlite:///:memory:", "sqlite:///a\0b", f"sqlite:///{NOBODYS}"),
        *(f"sqlite:///{os.path.dirname(__file__)}", f"sqlite:///{__file__}/{MARK}", "sqlite://host/x.db"),
        *("postgresql://", f"postgresql://u:{MARK}@h:notaport/db", f"postgresql://u:{MARK}@h:0/db", "postgresql://h:65536"),
        *("postgresql://h:/db", "postgresql://[bad", f"postgresql://u:{MARK}@[bad/db", "postgresql://h:1,h:2/db"),
    ],
    "SECRET": ["short", ",".join(["a" * 32] * 2), "a" * 32 + ","],
    "DRAIN_SECONDS": ["-1", "0", "3601", MARK],
    "PUBLIC_URL": [
        MARK,
        "http://videos.example",
        "https://videos.example/sora",
        "https://a_b.example",
        "https://u:p@h",
        "https://h:0",
        "https://h?x=1",
    ],
    "KEEP_DAYS": [MARK, "0", "-1", "1.5", "36501", "1e9"],
    "WEBHOOKS": [MARK, "2"],
    "ISSUER": [
        MARK,
        "http://idp.example",
        "ftp://idp.example",
        "https://u:p@idp.example",
        "https://idp.example?x=1",
        "https://idp.example#x",
    ],
    "SCOPE": ['videos "all"', "a\\b", "vidéos"],
    "AUDIENCE": ["a b", 'a"b', "a\nb"],
    "PERSON_CLAIM": ["e mail", "\u0663"],
    "CLIENT_ID": ["a b", 'a"b'],
    "CLIENT_SECRET": ["a b", "gehëim"],
    "YES": ["form", "yes", MARK],
    "GROUPS_CLAIM": ["my groups", "\u0663"],
    "ARTIFACT_URL": [
        *("s3://", "s3:bucket", "bucket", "/videos", "https://bucket.s3.amazonaws.com", "s3://Bucket", "s3://b", "s3://bucket/a b"),
        *(f"s3://u:{MARK}@bucket", "s3://bucket/../x", "s3://bucket//x", "s3://bucket/./x", f"s3://bucket/x?key={MARK}"),
    ],
    "LINGER": ["maybe", "2"],
    "APPROVAL_PAGE": ["maybe", "2"],
    "NOTIFY": ["maybe", "2"],
    "TRUSTED_HOSTS": ["no-port", "a:1/path", "a b:1", "a:1,*:2", "a:0", "a:65536"],
    "POLL_SECONDS": ["0", "-1", "nan", "inf", "3601", "1_0", MARK],
    "LOG": ["loud", MARK],
    "LOG_FORMAT": ["xml", MARK],
    "METRICS_PORT": ["0", "65536", "-1", "1_0", "http", MARK],
    "METRICS_HOST": ["a b", 'a"b'],
}


@each(("name", "text"), [(name, text) for name, texts in BAD.items() for text in texts])
def test_a_bad_value_is_refused_by_name_and_shape_and_never_shown(name: str, text: str) -> None:
    assert refusal({f"SORA_MCP_{name}": text}) == ROWS[f"SORA_MCP_{name}"].requirement


@each(
    "rest",
    ["/sora", "/sora?host=/run/postgresql", "u:p#a/s?s@h:5432/sora", "u@[::1]:5432/sora", "h", "u:100%25@h/sora?sslmode=require"],
)
def test_an_address_of_postgresql_is_taken_as_it_stands(rest: str) -> None:
    taken = loaded({"SORA_MCP_DATABASE_URL": f"postgresql://{rest}"}).database_url
    assert taken == f"postgresql+psycopg://{rest}"
    assert sa.make_url(taken).database in ("sora", None)


def test_a_database_file_may_stand_in_the_home_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(variable, str(tmp_path))
    monkeypatch.chdir(tmp_path)
    for text in ("~/new/x?.db", "new/x?.db", f"{tmp_path}/new/x?.db"):
        assert loaded({"SORA_MCP_DATABASE_URL": f"sqlite:///{text}"}).database_url == f"sqlite:///{tmp_path / 'new' / 'x?.db'}"


def test_every_setting_has_bad_values() -> None:
    assert {row.name for row in SETTINGS} - set(BAD) == {"APPROVE_WITHOUT_TERMINAL"}


BUCKET = {"SORA_MCP_ARTIFACT_URL": "s3://my-bucket/team/a/"}
OPENED = {**BUCKET, "AWS_ACCESS_KEY_ID": "AKIA", "AWS_SECRET_ACCESS_KEY": MARK}


@needs_s3
def test_a_bucket_is_taken_with_its_credentials() -> None:
    access = loaded(OPENED | {"AWS_ENDPOINT_URL": "http://minio:9000/", "AWS_REGION": "eu-west-1"}).artifact_url
    assert access is not None
    assert (access.bucket, access.prefix) == ("my-bucket", "team/a")
    assert {name: secret.reveal() for name, secret in access.variables.items()} == {
        "AWS_ACCESS_KEY_ID": "AKIA",
        "AWS_SECRET_ACCESS_KEY": MARK,
        "AWS_ENDPOINT_URL": "http://minio:9000",
        "AWS_REGION": "eu-west-1",
    }
    assert MARK not in repr(loaded(OPENED))
    assert loaded(BUCKET | {"AWS_WEB_IDENTITY_TOKEN_FILE": "/run/token"}).artifact_url is not None


@needs_s3
def test_a_bucket_without_usable_credentials_is_refused_in_one_line() -> None:
    without = "must be set beside SORA_MCP_ARTIFACT_URL: S3 takes nothing without credentials."
    assert refusal(BUCKET) == f"AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY {without}"
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        assert refusal(OPENED | {name: ""}) == f"{name} {without}"
    for name, text in (("AWS_ENDPOINT_URL", f"http://u:{MARK}@h"), ("AWS_ENDPOINT_URL", "minio:9000"), ("AWS_REGION", MARK + "!")):
        assert refusal(OPENED | {name: text}) == ROWS[name].requirement


def test_variables_of_aws_mean_nothing_without_a_bucket() -> None:
    assert loaded({"AWS_ENDPOINT_URL": "nonsense", "AWS_REGION": "?"}).artifact_url is None


def test_the_first_key_that_is_set_counts() -> None:
    settings = loaded({"AIMLAPI_API_KEY": "${AIML}", "AIMLAPI_KEY": "second", "AIML_API_KEY": "third", "PIXELBYTE_API_KEY": "old-name"})
    assert {name: key.reveal() for name, key in settings.keys.items()} == {"aimlapi": "second", "muvi": "old-name"}
    assert settings.catalogue.keyed == {"aimlapi", "muvi"}


MULEROUTER = {"MULEROUTER_API_KEY": "k-2", "FAL_KEY": "good"}


@each(
    ("given", "address"),
    [
        ({}, "https://api.mulerouter.ai"),
        ({"MULEROUTER_SITE": "mulerouter"}, "https://api.mulerouter.ai"),
        ({"MULEROUTER_SITE": " MuleRun "}, "https://api.mulerun.com"),
        ({"MULEROUTER_BASE_URL": "https://gateway.example/"}, "https://gateway.example"),
        ({"MULEROUTER_SITE": "mulerun", "MULEROUTER_BASE_URL": "https://api.mulerouter.ai"}, "https://api.mulerouter.ai"),
        ({"MULEROUTER_SITE": "mulerouter", "SORA_MCP_MULERUN_BASE_URL": "https://mine.example"}, "https://mine.example"),
        ({"SORA_MCP_MULERUN_BASE_URL": "https://mine.example"}, "https://mine.example"),
        ({"MULERUN_API_KEY": "k-2", "MULEROUTER_SITE": "mulerouter"}, "https://api.mulerun.com"),
    ],
    ids=[
        "its own name's site",
        "a site",
        "the other",
        "an address",
        "the address before the site",
        "ours before both",
        "ours alone",
        "the key of one site",
    ],
)
def test_a_key_that_counts_at_several_sites_goes_to_its_own(given: dict[str, str], address: str) -> None:
    settings = loaded({**MULEROUTER, **given})
    assert (settings.keys["mulerun"].reveal(), settings.bad_keys) == ("k-2", ())
    assert {vendor.name: vendor.base_url for vendor in settings.catalogue.vendors}["mulerun"] == address


@each(
    ("given", "name", "must"),
    [
        ({"MULEROUTER_SITE": "elsewhere"}, "MULEROUTER_SITE", "mulerouter or mulerun, wherever MULEROUTER_API_KEY is from"),
        (
            {"MULEROUTER_SITE": "mulerun", "MULEROUTER_BASE_URL": "http://a.example"},
            "MULEROUTER_BASE_URL",
            ROWS["MULEROUTER_BASE_URL"].kind.expected,
        ),
    ],
    ids=["another site", "an address without TLS"],
)
def test_a_key_whose_site_is_misnamed_is_sent_nowhere(given: dict[str, str], name: str, must: str) -> None:
    settings = loaded({**MULEROUTER, **given})
    assert (set(settings.keys), settings.catalogue.keyed, settings.bad_keys) == ({"fal"}, {"fal"}, (name,))
    assert ROWS[name].requirement == f"{name} must be {must}."


def test_a_key_cannot_be_printed() -> None:
    key = Secret(MARK)
    assert (str(key), repr(key), f"{key}", repr([key])) == ("***", "***", "***", "[***]")
    assert not hasattr(key, "__dict__")


@pytest.mark.fault("I11", "R10")
@each("text", ["two words", "line\nend", "key\r\nX-Other: 1", "ключ", "nul\0", "k" * 5000, "k" * 10_240])
def test_a_key_that_could_be_no_header_disables_its_vendor_only(text: str) -> None:
    settings = loaded({"PIXAZO_API_KEY": text, "FAL_KEY": "good"})
    assert (set(settings.keys), settings.catalogue.keyed, settings.bad_keys) == ({"fal"}, {"fal"}, ("PIXAZO_API_KEY",))
    assert text not in repr(settings)


@each(
    "text",
    [
        *("k-1", " k-1\r\n", "\tk-1\n\n", "\ufeffk-1", "\u00a0k-1\u00a0"),
        *('"k-1"', "'k-1'", "`k-1`", "\u201ck-1\u201d", '"k-1\n"\n', '" k-1 "'),
        *("Bearer k-1", "bearer  k-1", '"Bearer k-1"', "Bearer k-1\r\n", "BEARER\tk-1", "Key k-1"),
    ],
)
def test_what_was_copied_with_a_key_is_no_part_of_it(text: str) -> None:
    settings = loaded({"FAL_KEY": text, "PIXAZO_API_KEY": "good"})
    assert (settings.keys["fal"].reveal(), settings.bad_keys, set(settings.keys)) == ("k-1", (), {"fal", "pixazo"})


@each("text", ['"', '""', "Bearer ", '"Bearer"x y', "Authorization: Bearer k", "FAL_KEY=a b", "Bearer a b"])
def test_what_is_no_key_even_without_it_disables_its_vendor_only(text: str) -> None:
    settings = loaded({"FAL_KEY": text, "PIXAZO_API_KEY": "good"})
    assert set(settings.keys) | set(settings.bad_keys) >= {"pixazo"}
    assert settings.keys.get("fal") is None or " " not in settings.keys["fal"].reveal()


@each(
    "text",
    [
        *("http://example.com", "https://user:pass@example.com", "https://example.com/?a=1", "https://example.com/#a", "https://"),
        *("https://example.com:0", "https://example.com:99999", "https://exa\x01mple.com", "http://[::1", "ftp://example.com", MARK),
    ],
)
def test_a_vendors_address_has_to_keep_the_key_safe(text: str) -> None:
    assert refusal({"SORA_MCP_MUVI_BASE_URL": text}) == (
        "SORA_MCP_MUVI_BASE_URL must be an https:// address, or http:// on this machine, without user, query or fragment."
    )


def test_a_vendors_address_can_be_changed() -> None:
    environ = {"SORA_MCP_MUVI_BASE_URL": "http://127.0.0.1:8081/v2/ ", "SORA_MCP_PIXAZO_BASE_URL": "https://gateway.example"}
    addresses = {vendor.name: vendor.base_url for vendor in loaded(environ).catalogue.vendors}
    assert (addresses["muvi"], addresses["pixazo"]) == ("http://127.0.0.1:8081/v2", "https://gateway.example")


@pytest.mark.fault("C12")
def test_a_price_file_wins_over_the_catalogue_and_a_bad_row_of_it_is_named(tmp_path: Path) -> None:
    file = tmp_path / "prices.toml"
    file.write_text('["mulerun:sora-2-pro"]\nper_second = "0.30"\n')
    offer = loaded({"SORA_MCP_PRICES": str(file)}).catalogue.get("mulerun:sora-2-pro")
    assert offer is not None
    assert [(rate.micros, rate.per) for rate in offer.rates] == [(usd("0.30"), "second")]
    assert (offer.source, offer.checked, offer.confidence) == ("your price file", TODAY, "configured")
    file.write_text('["muvi:nothing"]\nper_second = "0.30"\n')
    said = "SORA_MCP_PRICES: no model is called 'muvi:nothing'; write it as vendor:model, in quotes."
    assert refusal({"SORA_MCP_PRICES": str(file)}) == said


def test_a_config_file_that_is_not_there_is_no_config_file(tmp_path: Path) -> None:
    assert loaded(config=tmp_path / "none.toml").daily == usd("10")


SWITCHLESS = ("daily_usd", "sora-mcp-poll-seconds", "prices", "log", "muvi_base_url", "MUVI_API_KEY", "keychain")


@each(
    ("text", "said"),
    [
        *((text, "config.toml in the config folder must be readable TOML.") for text in ("a = = 3", "\udcff", "a = " + "[" * 100_000)),
        ("image_dirs = ['a', 'b']", "image_dirs in config.toml must be a text or a number."),
        *(
            (f"{name} = {value}", f"{name} in config.toml must be a text or a number, not true or false.")
            for name in SWITCHLESS
            for value in ("true", "false")
        ),
    ],
    ids=lambda row: row[0][:40],
)
def test_a_config_file_is_toml_of_texts_and_numbers_and_only_a_switch_is_true_or_false(text: str, said: str, tmp_path: Path) -> None:
    (config := tmp_path / "config.toml").write_bytes(text.encode("utf-8", "surrogateescape"))
    assert refusal({}, config=config) == said


@each(("row", "on"), [("linger = true", True), ("SORA_MCP_LINGER = false", False), ("lingers = false", True)])
def test_a_switch_may_be_true_or_false_and_a_slip_is_only_told(row: str, on: bool, tmp_path: Path) -> None:
    assert loaded(config=filed(tmp_path, row)).linger is on


def test_a_key_without_the_address_of_its_server_disables_that_vendor_only() -> None:
    settings = loaded({"SORA_MCP_COMPATIBLE_API_KEY": MARK, "FAL_KEY": "good", "PIXAZO_API_KEY": "two words"})
    assert (set(settings.keys), settings.catalogue.keyed) == ({"fal"}, {"fal"})
    assert [describe_bad_key(settings, name) for name in sorted(settings.bad_keys)] == [
        "PIXAZO_API_KEY must be a key without blanks, line ends or special characters (from the environment). The key is not used.",
        "SORA_MCP_COMPATIBLE_BASE_URL must be set beside SORA_MCP_COMPATIBLE_API_KEY (from the environment). The key is not used.",
    ]


@each("address", ["https://videos.example", "https://videos.example/", "https://videos.example/v1", "https://videos.example/v1/"])
def test_a_server_of_ones_own_sells_what_the_price_file_names(address: str, tmp_path: Path) -> None:
    prices = tmp_path / "prices.toml"
    prices.write_text('["compatible:My-Model"]\nper_second = "0.10"\nseconds = [6]\n', "utf-8")
    environ = {"SORA_MCP_COMPATIBLE_API_KEY": MARK, "SORA_MCP_COMPATIBLE_BASE_URL": address, "SORA_MCP_PRICES": str(prices)}
    catalogue = loaded(environ).catalogue
    offer = catalogue.get("compatible:My-Model")
    assert offer is not None
    assert (catalogue.get_vendor(offer).base_url, offer.slug, offer.confidence) == ("https://videos.example", "My-Model", "configured")
    assert (offer.seconds, offer.rates, offer.checked) == ((6,), (Rate(usd("0.10"), "second"),), TODAY)
    assert catalogue.is_usable(offer)


@each(
    ("address", "source", "is_told"),
    [
        ("postgresql+psycopg://ada:s3cr3t@db:5432/sora", "a flag", True),
        ("postgresql+psycopg://ada:p@ss/word@db/sora", "a flag", True),
        ("postgresql+psycopg://db/sora?user=ada&password=s3cr3t", "a flag", True),
        ("postgresql+psycopg://ada:s3cr3t@db/sora", "the environment", False),
        ("postgresql+psycopg://ada:s3cr3t@db/sora", "config.toml", False),
        ("postgresql+psycopg://ada@db:5432/sora", "a flag", False),
        ("postgresql+psycopg://db:5432/sora", "a flag", False),
        ("sqlite:////data/a:b@c.db", "a flag", False),
    ],
)
def test_a_password_among_the_flags_is_told_and_not_repeated(address: str, source: str, is_told: bool) -> None:
    settings = replace(loaded(), database_url=address, sources={"SORA_MCP_DATABASE_URL": source})
    told = describe_exposed_password(settings)
    assert (told is not None) == is_told
    assert told is None or ("SORA_MCP_DATABASE_URL" in told and "s3cr3t" not in told and "p@ss" not in told)
