"""Any other database, through SQLAlchemy and the driver that its address names; rows become Arrow a page at a time."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import sqlalchemy as sa

from retention.errors import NotThereError, SettingsError
from retention.sources.cursor import start_of
from retention.sources.extractor import Feed, Page
from retention.sources.sql import SqlSource, named_columns

CURSOR = "_cursor"


class OtherDatabase:
    """An address of a database.

    Raises:
        SettingsError: SQLAlchemy knows no such kind of address.
        NotThereError: the driver is not installed.
    """

    def __init__(self, declared: SqlSource, address: str) -> None:
        self.declared = declared
        try:
            self.engine = sa.create_engine(address, poolclass=sa.NullPool, hide_parameters=True)
        except ModuleNotFoundError as error:
            raise NotThereError(
                f"{declared.name}: the database's driver {error.name} is not installed.", f"pip install {error.name}"
            ) from None
        except (sa.exc.ArgumentError, ValueError):
            raise SettingsError(
                f"{declared.name}: the address is none that SQLAlchemy knows.",
                "Write it as kind+driver://user:password@host/database; special characters of a password as %40.",
            ) from None

    def answer(self) -> str:
        """Connect, and ask for the version."""
        with self._connect() as connection:
            version = ".".join(str(part) for part in connection.dialect.server_version_info or ())
            return f"{connection.dialect.name} {version}, database {self.engine.url.database}"

    def preview(self, feed: Feed, rows: int) -> pa.Table:
        """Fetch some rows, whichever come first."""
        with self._connect() as connection:
            statement = self._select(feed, self._columns(connection, feed))
            result = connection.execute(statement.limit(rows))
            return _table(list(result.keys()), result.fetchall())

    def estimate(self, feed: Feed, since: str | None) -> str:
        """Count."""
        with self._connect() as connection:
            columns = self._columns(connection, feed)
            statement = self._since(connection, feed, self._select(feed, columns), since)
            counted = connection.execute(sa.select(sa.func.count()).select_from(statement.subquery())).scalar_one()
            return f"{counted:,} rows"

    def pages(self, feed: Feed, since: str | None, resume: str | None) -> Iterator[Page]:
        """Yield the rows in the order of the cursor; without a cursor, an extract that died begins afresh."""
        begin = since if resume is None else start_of(feed, resume)
        with self._connect() as connection:
            columns = self._columns(connection, feed)
            statement = self._select(feed, columns)
            if feed.cursor:
                place: sa.ColumnClause[Any] = sa.column(feed.cursor)
                statement = statement.add_columns(place.label(CURSOR))
                # Not every database knows NULLS FIRST; a column that tells nulls apart sorts alike in all.
                statement = statement.order_by(sa.case((place.is_(None), 0), else_=1), place)
            streamed = connection.execution_options(stream_results=True, yield_per=self.declared.page_rows)
            result = streamed.execute(self._since(connection, feed, statement, begin))
            names, reached = list(result.keys()), resume
            for rows, is_last in _with_last(result.partitions()):
                page = _table(names, rows)
                if feed.cursor:
                    reached = _spelt(rows[-1][-1]) or reached if rows else reached
                    page = page.drop_columns([CURSOR])
                yield Page(page, reached, None if is_last else reached or "")

    @contextmanager
    def _connect(self) -> Iterator[sa.Connection]:
        with self.engine.connect() as connection:
            yield connection

    def _relation(self, feed: Feed) -> sa.FromClause:
        declared = self.declared.entity(feed.contract.entity)
        if declared.query is not None:
            columns = sa.text(declared.query.strip().rstrip(";")).columns()
            return columns.subquery("source")
        schema, _, table = str(declared.table).rpartition(".")
        return sa.table(table, schema=schema or None)

    def _columns(self, connection: sa.Connection, feed: Feed) -> dict[str, str]:
        relation = self._relation(feed)
        empty = sa.select(sa.text("*")).select_from(relation).where(sa.false())
        return named_columns(self.declared, feed, list(connection.execute(empty).keys()))

    def _select(self, feed: Feed, columns: dict[str, str]) -> sa.Select[Any]:
        listed: list[sa.Label[Any]] = [sa.column(there).label(name) for name, there in columns.items()]
        return sa.select(*listed).select_from(self._relation(feed))

    def _since(
        self, connection: sa.Connection, feed: Feed, statement: sa.Select[Any], since: str | None
    ) -> sa.Select[Any]:
        """Narrow to rows from a cursor value on; those without one could have changed, so they come every time."""
        if since is None or feed.cursor is None:
            return statement
        place: sa.ColumnClause[Any] = sa.column(feed.cursor)
        probe = sa.select(place).select_from(self._relation(feed)).where(place.is_not(None)).limit(1)
        value = _bound(since, connection.execute(probe).scalar())
        return statement.where(sa.or_(place >= value, place.is_(None)))


def _bound(text: str, example: object) -> object:
    """The cursor value as the driver gives such values."""
    if isinstance(example, datetime):
        return datetime.fromisoformat(text)
    if isinstance(example, date):
        return date.fromisoformat(text)
    if isinstance(example, int | float | Decimal):
        return type(example)(text)
    return text


def _spelt(value: object) -> str | None:
    return None if value is None else str(value)


def _with_last(pages: Iterator[Sequence[Any]]) -> Iterator[tuple[Sequence[Any], bool]]:
    """Tell which page is the last; there is one, be it empty."""
    held: Sequence[Any] | None = None
    for page in pages:
        if held is not None:
            yield held, False
        held = page
    yield held or [], True


def _table(names: list[str], rows: Sequence[Any]) -> pa.Table:
    """Turn a page into columns. The driver's rows are Python's anyway; they are turned column by column."""
    columns = list(zip(*rows, strict=True)) or [()] * len(names)
    return pa.table([_array(values) for values in columns], names=names)


def _array(values: Sequence[Any]) -> pa.Array:
    try:
        return pa.array(values)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError):  # kinds mixed, as SQLite lets them be
        return pa.array([None if value is None else str(value) for value in values], pa.string())
