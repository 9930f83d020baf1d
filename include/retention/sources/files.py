"""Files in folders and object stores: whatever fsspec opens (a local path, s3://, sftp://, …)."""

import json
import tempfile
import time
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Literal

import duckdb
import fsspec
import pyarrow as pa
from fsspec.utils import get_protocol
from pydantic import Field, field_validator, model_validator

from retention.errors import SettingsError
from retention.landing.deliveries import Delivery, form_of
from retention.landing.readers import Reading, read
from retention.landing.vault import set_key
from retention.sources.declaration import Duration, EntityDeclared, SourceDeclared
from retention.sources.extractor import Feed, RemoteFile, SourceError
from retention.sql import literal, quoted

TAGS = ("ETag", "etag", "md5", "md5Hash", "contentHash")
TIMES = ("mtime", "LastModified", "last_modified", "updated", "modified")
SECRET_OPTIONS = ("secret", "password", "token", "key")
CHUNK = 1 << 22


class FilesEntity(EntityDeclared):
    """An entity that files deliver."""

    path: str = Field(description="Address with a pattern: exports/orders-*.csv.gz, s3://bucket/orders/**/*.parquet.")

    @model_validator(mode="after")
    def _no_cursor(self) -> "FilesEntity":
        if self.cursor is not None:
            raise ValueError("cursor: files have none; each version of a file is fetched once")
        return self


class FilesSource(SourceDeclared):
    """Files."""

    kind: Literal["files"]
    settle: Duration = Field("10s", validate_default=True, description="How long a file must have stood unchanged.")
    options: dict[str, Any] = Field(
        default_factory=dict,
        description="Options of fsspec's file system, such as {endpoint_url: https://minio.example.com}. Keys and "
        "passwords are no options: the secret holds them, as key:secret or as JSON of options.",
    )
    entities: list[FilesEntity] = Field(min_length=1)

    @field_validator("options")
    @classmethod
    def _no_secret(cls, options: dict[str, Any]) -> dict[str, Any]:
        for name in options:
            if name.lower() in SECRET_OPTIONS:
                raise ValueError(f"{name} is a secret; put it in the environment, and name it as secret")
        return options

    def entity(self, name: str) -> FilesEntity:
        """The declaration of an entity."""
        return next(one for one in self.entities if one.entity == name)


class Files:
    """The files of a source."""

    def __init__(self, declared: FilesSource, options: dict[str, Any], timezone: str) -> None:
        self.declared, self.options, self.timezone = declared, options, timezone

    def answer(self) -> str:
        """List the files of each entity."""
        counted = [f"{len(self._list(one))} of {one.entity}" for one in self.declared.entities]
        return f"files found: {', '.join(counted)}"

    def files(self, feed: Feed) -> list[RemoteFile]:
        """List the files, by name; those that are being written are marked."""
        return self._list(self.declared.entity(feed.contract.entity))

    def fetch(self, feed: Feed, file: RemoteFile, target: Path) -> bool:
        """Copy a file, and look whether it is what was listed, before and behind."""
        del feed
        system = self._system(file.uri)
        with system.open(file.path, "rb") as source, target.open("wb") as copy:
            while piece := source.read(CHUNK):
                copy.write(piece)
        system.invalidate_cache()
        now = system.info(file.path)
        return _version(now) == file.version and target.stat().st_size == file.size

    def estimate(self, feed: Feed, since: str | None) -> str:
        """Say how many files there are, and how large."""
        del since
        found = self.files(feed)
        return f"{len(found)} files, {sum(file.size for file in found):,} bytes"

    def preview(self, feed: Feed, rows: int) -> pa.Table:
        """Read the newest file as landing would, and show its first rows."""
        found = [file for file in self.files(feed) if file.size and form_of(Path(file.name))]
        if not found:
            raise SourceError(
                f"{feed.label}: no file at {self.declared.entity(feed.contract.entity).path}.",
                "Check path in sources.yml; a pattern such as *.csv must match the whole name.",
            )
        with tempfile.TemporaryDirectory() as folder:  # private to its owner, and gone afterwards
            target = Path(folder) / found[-1].name
            if not self.fetch(feed, found[-1], target):
                raise SourceError(f"{feed.label}: {found[-1].name} changes while it is read.", "Try again later.")
            return self._read(feed, target, Path(folder), rows)

    def _read(self, feed: Feed, file: Path, scratch: Path, rows: int) -> pa.Table:
        delivery = Delivery(file, feed.contract, form_of(file) or "", feed.columns)
        with duckdb.connect(config={"autoinstall_known_extensions": False}) as connection:
            connection.execute(f"set timezone = {literal(self.timezone)}")
            set_key(connection, bytes(1))  # hashes are not shown
            source = read(Reading(connection, delivery, scratch))
            listed = ", ".join(quoted(name) for name in source.present)
            return connection.execute(f"select {listed} from staged limit {rows:d}").to_arrow_table()

    def _system(self, path: str) -> Any:
        return fsspec.filesystem(get_protocol(path), **self.options, skip_instance_cache=True, use_listings_cache=False)

    def _list(self, declared: FilesEntity) -> list[RemoteFile]:
        protocol = get_protocol(declared.path)
        system = self._system(declared.path)
        pattern = str(Path(declared.path).expanduser().resolve()) if protocol == "file" else declared.path
        found = system.glob(system._strip_protocol(pattern), detail=True)
        files = []
        for path, facts in sorted(found.items()):
            if facts.get("type") == "file" and path.rsplit("/", 1)[-1][0] not in "._~":
                uri = Path(path).as_uri() if protocol == "file" else f"{protocol}://{path}"
                unsettled = self._unsettled(_changed_at(facts))
                files.append(RemoteFile(uri, path, _version(facts), int(facts.get("size") or 0), unsettled))
        return files

    def _unsettled(self, changed_at: float | None) -> str | None:
        """A time still to come is another clock's: then the look before and behind the copy decides alone."""
        if changed_at is None:
            return None
        age = time.time() - changed_at
        settle = self.declared.settle.total_seconds()
        return f"it changed {age:.0f} s ago, less than {settle:.0f} s" if 0 <= age < settle else None


def open_files(declared: FilesSource, secret: str | None, *, timezone: str) -> Files:
    """Open the files; nothing is asked of them yet.

    Raises:
        SettingsError: the secret is neither key:secret nor JSON.
    """
    return Files(declared, declared.options | _secret_options(declared, secret), timezone)


def _secret_options(declared: FilesSource, secret: str | None) -> dict[str, Any]:
    if secret is None:
        return {}
    if secret.startswith("{"):
        try:
            content = json.loads(secret)
        except ValueError:
            content = None
        if isinstance(content, dict):
            return content
    key, colon, password = secret.partition(":")
    if not colon or secret.startswith("{"):
        raise SettingsError(
            f"{declared.name}: the secret is neither key:secret nor JSON.",
            'Write it as key:secret, or as JSON of fsspec\'s options: {"key": "…", "secret": "…"}.',
        )
    return {"key": key, "secret": password}


def _version(facts: dict[str, Any]) -> str:
    """What tells one version of a file from the next: its tag, else its size and time."""
    tag = next((str(facts[name]).strip('"') for name in TAGS if facts.get(name)), None)
    return f"{facts.get('size')}-{tag or _changed_at(facts)}"


def _changed_at(facts: dict[str, Any]) -> float | None:
    value = next((facts[name] for name in TIMES if facts.get(name) is not None), None)
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).timestamp()
    return float(value) if isinstance(value, int | float) and not isinstance(value, date) else None
