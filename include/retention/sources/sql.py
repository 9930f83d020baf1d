"""SQL databases: PostgreSQL in Arrow over its COPY protocol, any other by SQLAlchemy.

Rows come in the order of the cursor, from one statement, which sees one state of the database. A page ends anywhere;
what a run that died has not fetched is asked for as a new extract would: from the overlap before its last cursor
value. Rows that come twice by that are equal, and landing counts them as duplicates.
"""

from typing import Literal
from urllib.parse import parse_qs, quote, urlsplit

from pydantic import Field, field_validator, model_validator

from retention.errors import SettingsError
from retention.sources.declaration import EntityDeclared, SourceDeclared, no_secret_in
from retention.sources.extractor import Extractor, Feed

POSTGRES = ("postgresql", "postgres")
PAGE_ROWS = 200_000


class SqlEntity(EntityDeclared):
    """An entity that a table or a query delivers."""

    table: str | None = Field(None, description="Table or view, with its schema: public.orders.")
    query: str | None = Field(None, description="SELECT in the database's own SQL, without a semicolon at its end.")

    @field_validator("query")
    @classmethod
    def _without_semicolon(cls, query: str | None) -> str | None:
        """Take a semicolon off the end, and close a comment there: the query stands in brackets later."""
        return query if query is None else f"{query.strip().rstrip(';').rstrip()}\n"

    @model_validator(mode="after")
    def _one_of_both(self) -> "SqlEntity":
        if (self.table is None) == (self.query is None):
            raise ValueError("name either table or query")
        return self


class SqlSource(SourceDeclared):
    """A database."""

    kind: Literal["sql"]
    url: str | None = Field(
        None,
        description="Address without a password: postgresql://etl@db.example.com/crm. The secret is then the password "
        "alone; without a url, the secret is the whole address.",
    )
    page_rows: int = Field(PAGE_ROWS, ge=1, description="Rows that are written down at a time.")
    entities: list[SqlEntity] = Field(min_length=1)

    @model_validator(mode="after")
    def _no_password(self) -> "SqlSource":
        if self.url is not None and "://" not in self.url:
            raise ValueError("url must begin like postgresql://")
        if self.url is not None and ":" in self.url.partition("://")[2].rpartition("@")[0]:
            raise ValueError("a password stands in url; put it in the environment, and name it as secret")
        if self.url is not None:
            no_secret_in(parse_qs(urlsplit(self.url).query, keep_blank_values=True), "url")
        if self.url is None and self.secret is None:
            raise ValueError("name url, secret or both")
        return self

    def uri(self, entity: str) -> str:
        """Name the table; a query has no name."""
        declared = self.entity(entity)
        return f"sql://{self.name}/{declared.table or f'{entity} (query)'}"

    def entity(self, name: str) -> SqlEntity:
        """The declaration of an entity."""
        return next(one for one in self.entities if one.entity == name)


def open_sql(declared: SqlSource, secret: str | None, *, timezone: str) -> Extractor:
    """Open a database; nothing is asked of it yet.

    Raises:
        SettingsError: the secret is no address.
    """
    address = _address(declared, secret)
    if address.partition("://")[0].partition("+")[0] in POSTGRES:
        from retention.sources.sql_postgres import PostgresDatabase  # noqa: PLC0415  # the driver takes half a second

        return PostgresDatabase(declared, "postgresql://" + address.partition("://")[2], timezone)
    from retention.sources.sql_alchemy import OtherDatabase  # noqa: PLC0415  # as above

    return OtherDatabase(declared, address)


def named_columns(declared: SqlSource, feed: Feed, there: list[str]) -> dict[str, str]:
    """Match what a table or query has with the contract, without regard to case.

    Args:
        there: its columns.

    Returns:
        Contract column → column of the table, for all that are there.

    Raises:
        SettingsError: a mapped, required or cursor column is not there.
    """
    by_tidy = {name.lower(): name for name in reversed(there)} | {name: name for name in there}
    called = {column.name: feed.columns.get(column.name, column.name) for column in feed.contract.columns}
    needed = {*feed.contract.required, *feed.columns}
    found = {name: by_tidy.get(one, by_tidy.get(one.lower())) for name, one in called.items()}
    missing = [called[name] for name in called if name in needed and found[name] is None]
    if feed.cursor and feed.cursor not in by_tidy and feed.cursor.lower() not in by_tidy:
        missing.append(feed.cursor)
    if missing:
        raise SettingsError(
            f"{feed.label}: no column {', '.join(missing)} in {declared.uri(feed.contract.entity)}.",
            f"It has {', '.join(there)}. Map them in sources.yml, as columns: {{contract's name: name in the table}}.",
        )
    return {name: one for name, one in found.items() if one is not None}


def _address(declared: SqlSource, secret: str | None) -> str:
    if declared.url is None:
        if "://" not in (secret or ""):
            raise SettingsError(
                f"{declared.name}: the secret is no address of a database.",
                "Write it as postgresql://user:password@host/database, or declare url and keep the password alone.",
            )
        return str(secret)
    if secret is None:
        return declared.url
    scheme, _, rest = declared.url.partition("://")
    user, at, place = rest.rpartition("@")
    password = quote(urlsplit(secret).password or "", safe="") if "://" in secret else quote(secret, safe="")
    return f"{scheme}://{user}:{password}{at or '@'}{place}"
