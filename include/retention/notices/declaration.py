"""`notices.yml`: to whom alerts go. Addresses are secrets and stand in the environment or an Airflow connection.

language: en
default: {secret: {env: NOTICES_DEFAULT}}
operators: {secret: {connection: notices_operators}}
owners:
  - owner: East team
    secret: {connection: notices_east}
    language: zh
"""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import Field, ValidationError, field_validator

from retention.errors import SettingsError
from retention.sources.credentials import connection_parts, resolve
from retention.sources.declaration import Declared, Duration, Secret

GUIDE = "docs/guides/notices.md describes every key."
MISSING = "Write it (notices.example.yml shows how), or correct --notices or RETENTION_NOTICES."
OF_HOSTS = ("form", "forms", "http", "https", "json", "jsons", "mailto", "mailtos", "xml", "xmls")
"""Schemes of addresses whose host is a host; in those of chats a key stands in its place."""
HOST = re.compile(r"localhost|[a-z0-9-]+(\.[a-z0-9-]+)+", re.IGNORECASE)
DEFAULT, OPERATORS = "default", "operators"
"""Names of the two recipients that are no owners."""


class Recipient(Declared):
    """Where a digest goes, and in which language."""

    secret: Secret = Field(description="One or more Apprise addresses, parted by blanks, by reference.")
    language: Literal["en", "zh"] | None = Field(None, description="Default: the language of the file.")


class Owner(Recipient):
    """A recipient of one owner's alerts."""

    owner: str = Field(min_length=1, description="As column owner of table alerts: an account owner, or a role's code.")


class Notices(Declared):
    """The whole file."""

    language: Literal["en", "zh"] = Field("en", description="Language of digests.")
    lines: int = Field(40, ge=1, le=5000, description="Alerts in one digest at most; others wait for a later day.")
    tries: int = Field(3, ge=1, le=10, description="How often a sending is tried within one command.")
    wait: Duration = Field(timedelta(seconds=2), description="Before the second try; it doubles from try to try.")
    patience: Duration = Field(timedelta(seconds=20), description="How long a service may take to answer.")
    age: Duration = Field(timedelta(days=7), description="Of days longer ago nothing is told: they are no news.")
    keep: Duration = Field(
        timedelta(days=400),
        ge=timedelta(days=62),
        description="How long the ledger is read whole; older months are archived, with what stands carried over.",
    )
    default: Recipient | None = Field(None, description="For owners without an address of their own; without it, none.")
    operators: Recipient | None = Field(None, description="Who hears of runs that failed.")
    owners: tuple[Owner, ...] = ()

    @field_validator("owners")
    @classmethod
    def _once(cls, owners: tuple[Owner, ...]) -> tuple[Owner, ...]:
        names = [one.owner for one in owners]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise ValueError(f"owner '{twice}' stands there twice")
        return owners

    def recipients(self) -> dict[str, Recipient]:
        """All of them by name; an owner's is `owner <name>`."""
        found = {DEFAULT: self.default, OPERATORS: self.operators}
        named = {name: recipient for name, recipient in found.items() if recipient is not None}
        return named | {f"owner {one.owner}": one for one in self.owners}

    @property
    def tells_alerts(self) -> bool:
        """Whether anybody is named who hears of alerts: operators hear of runs alone."""
        return self.default is not None or bool(self.owners)

    def recipient_of(self, owner: str | None) -> str | None:
        """The name of the recipient of an owner's alerts; None where there is none."""
        if any(one.owner == owner for one in self.owners):
            return f"owner {owner}"
        return DEFAULT if self.default is not None else None


def read_notices(path: Path, *, is_named: bool = False) -> Notices | None:
    """Read the file; None where there is none.

    Args:
        is_named: somebody named this file; only the default one may be missing.

    Raises:
        SettingsError: it is wrong; the message names the key. What stands there is not repeated: it might be a secret.
            Or it was named and is not there.
    """
    if not path.exists():
        if is_named:
            raise SettingsError(f"{path} is not there, so nobody can be told.", MISSING)
        return None
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        mark = getattr(error, "problem_mark", None)
        raise SettingsError(f"{path}{f', line {mark.line + 1}' if mark else ''}: no valid YAML.", GUIDE) from None
    if not isinstance(content, dict):
        raise SettingsError(f"{path}: must be a mapping of keys.", GUIDE)
    try:
        return Notices.model_validate(content)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        key = ".".join(str(part) for part in first["loc"])
        raise SettingsError(f"{path}: key {key}: {_said(first['msg'])}.", GUIDE) from None


def _said(message: str) -> str:
    problem = message.removeprefix("Value error, ").rstrip(".")
    known = {"Extra inputs are not permitted": "there is no such key", "Field required": "is missing"}
    return known.get(problem, problem[0].lower() + problem[1:])


def connections(notices: Notices | None) -> list[str]:
    """The Airflow connections that the file names."""
    found = notices.recipients().values() if notices is not None else ()
    return list(dict.fromkeys(one.secret.connection for one in found if one.secret.connection))


def addresses(recipient: Recipient, where: str) -> list[str]:
    """The recipient's addresses, as Apprise reads them.

    A connection holds them as its password, as `extra.config` (as Airflow's own Apprise connections do), or is one.

    Args:
        where: file and recipient, for the message.

    Raises:
        SettingsError: the secret is not there, or holds no address.
    """
    text = resolve(recipient.secret, where) or ""
    found = text.split() if recipient.secret.env else _of_connection(text)
    if not found or not all("://" in one for one in found):
        raise SettingsError(f"{where}: secret: what it refers to is no address.", "docs/guides/notices.md shows some.")
    return found


def shown(address: str) -> str:
    """What may be said of an address: its scheme, and its host where that is certain to be one."""
    scheme, _, rest = address.partition("://")
    authority, *behind = re.split(r"[/?#]", rest, maxsplit=1)
    # A sign in a password that is not written as %2F, %3F or %23 ends the host's part too early.
    is_cut = any("@" in part.partition("=")[0] for one in behind for part in one.split("&"))
    host, _, port = authority.rpartition("@")[2].partition(":")
    is_host = scheme.lower() in OF_HOSTS and not is_cut and (not port or port.isdigit()) and HOST.fullmatch(host)
    return f"{scheme}://{host}" if is_host else f"{scheme}://…"


def _of_connection(text: str) -> list[str]:
    parts: dict[str, Any] = connection_parts(text) if text.startswith("{") or "@" in text else {}
    password = str(parts.get("password") or "")
    if "://" in password:
        return password.split()
    extra = parts.get("extra")
    config = extra.get("config") if isinstance(extra, dict) else None
    listed = config if isinstance(config, list) else [config]
    paths = [one["path"] for one in listed if isinstance(one, dict) and isinstance(one.get("path"), str)]
    return paths or text.split()
