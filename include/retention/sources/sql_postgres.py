"""PostgreSQL in Arrow: the driver speaks COPY in binary, so no row passes through Python."""

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass

import adbc_driver_postgresql.dbapi as adbc
import pyarrow as pa
import pyarrow.compute as pc

from retention.sources.cursor import start_of
from retention.sources.extractor import Feed, Page
from retention.sources.sql import SqlSource, named_columns
from retention.sql import literal, quoted

CURSOR = "_cursor"
# What COPY hands over as Arrow knows it; everything else comes as the text that PostgreSQL itself writes.
PLAIN = ("bool", "int2", "int4", "int8", "float4", "float8", "numeric", "text", "varchar", "bpchar", "date",
         "timestamp", "timestamptz")  # fmt: skip
NOW = {"timestamptz": "now()", "timestamp": "localtimestamp", "date": "current_date"}


@dataclass(frozen=True)
class PostgresDatabase:
    """An address of a PostgreSQL database.

    Attributes:
        timezone: of the session: in it a timestamp without time zone is compared with the clock.
    """

    declared: SqlSource
    address: str
    timezone: str

    def answer(self) -> str:
        """Ask for the version."""
        with closing(self._connect()) as connection, connection.cursor() as cursor:
            cursor.execute("select current_setting('server_version'), current_database()")
            version, database = cursor.fetchone() or ("", "")
        return f"PostgreSQL {version}, database {database}"

    def preview(self, feed: Feed, rows: int) -> pa.Table:
        """Fetch some rows, whichever come first."""
        with closing(self._connect()) as connection:
            columns = self._columns(connection, feed)
            sql = f"select {_listed(columns.plain)} from {self._relation(feed)} limit {rows:d}"
            with connection.cursor() as cursor:
                cursor.execute(sql)
                return _without_opaque(cursor.fetch_arrow_table())

    def estimate(self, feed: Feed, since: str | None) -> str:
        """Say what the planner expects: no row is read."""
        with closing(self._connect()) as connection, connection.cursor() as cursor:
            cursor.adbc_statement.set_options(**{"adbc.postgresql.use_copy": "false"})
            cursor.execute(f"explain (format json) select 1 from {self._relation(feed)}{_where(feed, since)}")
            (plan,) = cursor.fetchone() or ("[]",)
        expected = json.loads(plan)[0]["Plan"]["Plan Rows"]
        return f"about {expected:,} rows, as the planner sees it"

    def pages(self, feed: Feed, since: str | None, resume: str | None) -> Iterator[Page]:
        """Yield the rows in the order of the cursor; without a cursor, an extract that died begins afresh."""
        begin = since if resume is None else start_of(feed, resume)
        with closing(self._connect()) as connection:
            columns = self._columns(connection, feed)
            order = f" order by {quoted(columns.cursor)} nulls first" if columns.cursor else ""
            position = _cursor_sql(columns)
            sql = f"""select {_listed(columns.plain)}{position}
                from {self._relation(feed)}{_where(feed, begin, columns)}{order}"""
            with connection.cursor() as cursor:
                cursor.execute(sql)
                reached = resume
                for table, is_last in _tables(cursor.fetch_record_batch(), self.declared.page_rows):
                    rows = _without_opaque(table)
                    if columns.cursor:
                        reached = _last(rows.column(CURSOR)) or reached
                        rows = rows.drop_columns([CURSOR])
                    yield Page(rows, reached, None if is_last else reached or "")

    def _connect(self) -> adbc.Connection:
        connection = adbc.connect(self.address, autocommit=True)
        with connection.cursor() as cursor:
            cursor.execute(f"set timezone = {literal(self.timezone)}")
            cursor.execute("set default_transaction_read_only = on")
        return connection

    def _relation(self, feed: Feed) -> str:
        declared = self.declared.entity(feed.contract.entity)
        if declared.query is not None:
            return f"({declared.query.strip().rstrip(';')}) as source"
        return ".".join(quoted(part) for part in str(declared.table).split(".")) + " as source"

    def _columns(self, connection: adbc.Connection, feed: Feed) -> "_Columns":
        """What the relation has, with types, as the server describes it without a row read."""
        with connection.cursor() as cursor:
            schema = cursor.adbc_execute_schema(f"select * from {self._relation(feed)} limit 0")
        kinds = {field.name: _kind(field) for field in schema}
        named = named_columns(self.declared, feed, list(kinds))
        place = None
        if feed.cursor:
            place = feed.cursor if feed.cursor in kinds else next(n for n in kinds if n.lower() == feed.cursor.lower())
        plain = {
            name: quoted(column) if kinds[column] in PLAIN else f"{quoted(column)}::text"
            for name, column in named.items()
        }
        return _Columns(plain, place, kinds[place] if place else "")


@dataclass(frozen=True)
class _Columns:
    """SQL by contract column, and the cursor's column with its type."""

    plain: dict[str, str]
    cursor: str | None
    cursor_kind: str


def _kind(field: pa.Field) -> str:
    """PostgreSQL's name of a column's type."""
    said = (field.metadata or {}).get(b"ADBC:postgresql:typname")
    if said:
        return str(said.decode())
    arrow = field.type
    known = {
        pa.types.is_boolean: "bool", pa.types.is_int16: "int2", pa.types.is_int32: "int4", pa.types.is_int64: "int8",
        pa.types.is_float32: "float4", pa.types.is_float64: "float8", pa.types.is_string: "text",
        pa.types.is_date: "date",
    }  # fmt: skip
    if pa.types.is_timestamp(arrow):
        return "timestamptz" if arrow.tz else "timestamp"
    return next((name for test, name in known.items() if test(arrow)), "other")


def _listed(columns: dict[str, str]) -> str:
    return ", ".join(f"{sql} as {quoted(name)}" for name, sql in columns.items())


def _cursor_sql(columns: _Columns) -> str:
    """The cursor by itself. A day still to come counts as now, else it would hide all that is written until then."""
    if columns.cursor is None:
        return ""
    value, now = quoted(columns.cursor), NOW.get(columns.cursor_kind)
    if now:  # least() passes over a null
        value = f"case when {value} is not null then least({value}, {now}) end"
    elif columns.cursor_kind not in PLAIN:
        value = f"{value}::text"
    return f", {value} as {quoted(CURSOR)}"


def _where(feed: Feed, since: str | None, columns: _Columns | None = None) -> str:
    """Rows from a cursor value on; those without one could have changed, so they come every time."""
    if since is None or feed.cursor is None:
        return ""
    value = quoted(columns.cursor if columns and columns.cursor else feed.cursor)
    return f" where {value} >= {literal(since)} or {value} is null"


def _tables(reader: pa.RecordBatchReader, rows: int) -> Iterator[tuple[pa.Table, bool]]:
    """Cut batches, which the driver makes of 16 MB, into pages, and tell which is the last."""
    held = reader.schema.empty_table()
    for batch in reader:
        held = pa.concat_tables([held, pa.Table.from_batches([batch])])
        while held.num_rows > rows:
            yield held.slice(0, rows), False
            held = held.slice(rows)
    yield held, True


def _last(column: pa.ChunkedArray) -> str | None:
    """The last value, which is the highest: the server ordered them, nulls first."""
    value = column[len(column) - 1].as_py() if len(column) else None
    return None if value is None else str(value)


def _without_opaque(table: pa.Table) -> pa.Table:
    """Numbers of any precision come as text of a type of its own: as plain text, all their decimals stay."""
    for at, field in enumerate(table.schema):
        if isinstance(field.type, pa.BaseExtensionType):
            storage = pa.chunked_array([chunk.storage for chunk in table.column(at).chunks], field.type.storage_type)
            text = storage if pa.types.is_string(storage.type) else pc.cast(storage, pa.string())
            table = table.set_column(at, field.name, text)
    return table.replace_schema_metadata(None)
