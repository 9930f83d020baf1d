"""`sources.yml` read: which sources there are, what each delivers, and how each is opened.

Only the module of a kind that is asked for is imported: drivers take up to a second.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from retention.errors import NotThereError, SettingsError
from retention.landing.contracts import Contract
from retention.landing.extracts import FILES
from retention.sources.credentials import Redactor, resolve, secret_for
from retention.sources.declaration import EntityDeclared, SourceDeclared
from retention.sources.declared_file import GUIDE, declared_sources
from retention.sources.extractor import Extractor, Feed

INSTALL = "Run: make setup, or: pip install 'retention-pipeline[sources]'."


@dataclass(frozen=True)
class Kind:
    """A kind of source: where its code is, and whether its opener takes the time zone."""

    module: str
    declared: str
    opener: str
    is_zoned: bool = False


KINDS: Mapping[str, Kind] = {
    "files": Kind("retention.sources.files", "FilesSource", "open_files", is_zoned=True),
    "sql": Kind("retention.sources.sql", "SqlSource", "open_sql", is_zoned=True),
    "rest": Kind("retention.sources.rest", "RestSource", "open_rest"),
}


@dataclass(frozen=True)
class Source:
    """One source of `sources.yml`.

    Attributes:
        place: file and source, as error messages name them.
        feeds: what it delivers, by entity.
    """

    declared: SourceDeclared
    place: str
    feeds: Mapping[str, Feed]
    timezone: str

    @property
    def name(self) -> str:
        return self.declared.name

    def secret(self) -> str | None:
        """The secret, in the form that the kind reads.

        Raises:
            SettingsError: it is referred to and not there.
        """
        declared = self.declared.secret
        return secret_for(self.declared.kind, declared, resolve(declared, self.place))

    def redactor(self) -> Redactor:
        """What cuts the secret out of all that this source says."""
        return Redactor(resolve(self.declared.secret, self.place), self.secret())

    def open(self) -> Extractor:
        """Open it. Nothing is asked of the source yet.

        Raises:
            SettingsError: the secret is not there, or no secret of this kind.
            NotThereError: a package that it needs is not installed.
        """
        module, kind = _module(self.declared.kind), KINDS[self.declared.kind]
        zone = {"timezone": self.timezone} if kind.is_zoned else {}
        opened: Extractor = getattr(module, kind.opener)(self.declared, self.secret(), **zone)
        return opened


def read_sources(path: Path, contracts: Mapping[str, Contract], timezone: str) -> list[Source]:
    """Read `sources.yml`; without the file there are no sources.

    Args:
        timezone: the business's time zone.

    Raises:
        SettingsError: it is wrong; the message names file, source and key.
    """
    items = declared_sources(path)
    sources = [_source(path, item, at, contracts, timezone) for at, item in enumerate(items, start=1)]
    names = [source.name for source in sources]
    for name in names:
        if names.count(name) > 1:
            raise SettingsError(f"{path}: source '{name}': key name: stands there twice.", "Rename one of them.")
    return sources


def choose(sources: Sequence[Source], names: Sequence[str], path: Path) -> list[Source]:
    """The sources of these names; all of them when none is named.

    Raises:
        NotThereError: there is no source of a name, or none at all.
    """
    if not sources:
        raise NotThereError(f"{path} declares no source.", "Write one: sources.example.yml shows each kind.")
    by_name = {source.name: source for source in sources}
    for name in names:
        if name not in by_name:
            raise NotThereError(f"There is no source '{name}' in {path}.", f"Use one of {', '.join(by_name)}.")
    return [by_name[name] for name in dict.fromkeys(names)] or list(sources)


def _module(kind: str) -> Any:
    try:
        return import_module(KINDS[kind].module)
    except ModuleNotFoundError as error:
        raise NotThereError(f"A source of kind '{kind}' needs the package {error.name}.", INSTALL) from None


def _source(path: Path, item: Any, at: int, contracts: Mapping[str, Contract], timezone: str) -> Source:
    name = item.get("name") if isinstance(item, dict) else None
    place = f"{path}: source '{name}'" if isinstance(name, str) else f"{path}: source {at}"
    if not isinstance(item, dict):
        raise SettingsError(f"{place}: must be a mapping of keys.", GUIDE)
    kind = str(item.get("kind"))
    if kind not in KINDS:
        raise SettingsError(f"{place}: key kind: must be one of {', '.join(KINDS)}.", GUIDE)
    model: type[SourceDeclared] = getattr(_module(kind), KINDS[kind].declared)
    try:
        declared = model.model_validate(item)
    except ValidationError as error:
        raise _wrong(place, error, item) from None  # its own text shows values, which may be a secret in a wrong place
    if declared.name == FILES:
        raise SettingsError(f"{place}: key name: '{FILES}' names the landing folder.", "Choose another name.")
    entities: Sequence[EntityDeclared] = getattr(declared, "entities", ())
    feeds: dict[str, Feed] = {}
    for one in entities:
        if one.entity in feeds:
            raise SettingsError(
                f"{place}: entity '{one.entity}': stands there twice.", "Declare a source of another name for it."
            )
        feeds[one.entity] = _feed(place, declared.name, one, contracts)
    return Source(declared, place, feeds, timezone)


def _feed(place: str, source: str, declared: EntityDeclared, contracts: Mapping[str, Contract]) -> Feed:
    where = f"{place}, entity '{declared.entity}'"
    contract = contracts.get(declared.entity)
    if contract is None:
        raise SettingsError(f"{where}: key entity: no contract describes it.", f"Use one of {', '.join(contracts)}.")
    known = {column.name for column in contract.columns}
    for name in declared.columns:
        if name not in known:
            raise SettingsError(
                f"{where}: key columns.{name}: the contract has no such column.",
                f"See expectations/contracts/{declared.entity}.odcs.yaml; on the left stands the contract's name.",
            )
    cursor = declared.cursor
    if cursor is None:
        return Feed(source, contract, declared.columns)
    overlap = cursor.overlap
    seconds = overlap.total_seconds() if isinstance(overlap, timedelta) else 0
    steps = overlap if isinstance(overlap, int) else 0
    return Feed(source, contract, declared.columns, cursor.column, seconds, steps)


def _wrong(place: str, error: ValidationError, item: Mapping[str, Any]) -> SettingsError:
    first = error.errors(include_input=False, include_url=False)[0]
    path = list(first["loc"])
    where = place
    if len(path) > 1 and path[0] == "entities" and isinstance(path[1], int):
        where = f"{place}, entity '{_entity_name(item, path[1])}'"
        path = path[2:]
    key = ".".join(str(part) for part in path)
    problem = first["msg"].removeprefix("Value error, ")
    problem = {"Extra inputs are not permitted": "there is no such key", "Field required": "is missing"}.get(
        problem, problem[0].lower() + problem[1:]
    )
    return SettingsError(f"{where}: {f'key {key}: ' if key else ''}{problem.rstrip('.')}.", GUIDE)


def _entity_name(item: Mapping[str, Any], at: int) -> str:
    entities = item.get("entities")
    named = entities[at] if isinstance(entities, list) and at < len(entities) else None
    return str(named.get("entity", at + 1)) if isinstance(named, dict) else str(at + 1)
