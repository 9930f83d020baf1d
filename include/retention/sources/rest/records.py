"""From an answer to a table: DuckDB reads the JSON, so that no row is walked through in Python."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import duckdb
import pyarrow as pa

from retention.landing.contracts import Contract
from retention.sources.extractor import Feed, SourceError
from retention.sources.rest.declaration import OTHERWISE, Request, RestEntity
from retention.sql import literal, quoted

DIGEST = 16
"""Letters of a record's digest: within one extract two records with the same one are the same."""

SHOWN_KEYS = 12
CURSOR_TEXT = "%Y-%m-%dT%H:%M:%S.%f"


def json_path(column: str) -> str:
    """Turn a column of a declaration into a JSON path: `buyer.id` is `$."buyer"."id"`, what begins with `$` stays."""
    if column.startswith("$"):
        return column
    steps = []
    for step in column.split("."):
        name, bracket, rest = step.partition("[")
        steps.append('."' + name.replace('"', "") + '"' + bracket + rest)
    return "$" + "".join(steps)


@dataclass(frozen=True)
class Records:
    """What an answer holds.

    Attributes:
        count: number of records.
        digests: one per record, in order.
        last_key: the key of the last record, when one was asked for.
        token: what the answer says of the next page, when that was asked for.
        newest: the highest cursor value, as text that sorts; None without any.
    """

    count: int
    digests: tuple[str, ...]
    last_key: str | None
    token: str | None
    newest: str | None


class RecordReader:
    """Reads the answers of one feed."""

    def __init__(self, feed: Feed, entity: RestEntity) -> None:
        self.feed = feed
        self._entity = entity
        self._connection = duckdb.connect(config={"threads": 1})
        self._connection.execute("set TimeZone = 'UTC'")  # an instant without a zone is taken for one of UTC
        self._connection.execute("create table records (position bigint, record json, digest varchar)")

    def read(self, text: str, request: Request, key: str | None, token: str | None) -> Records:
        """Take an answer in; `rows` then gives its rows.

        Args:
            key: JSON path, in a record, of the key that paging goes by.
            token: JSON path, in the answer, of what it says of the next page.

        Raises:
            SourceError: the list of records is not where the declaration has it, or a cursor value cannot be read.
        """
        answer = self._connection.from_arrow(pa.table({"body": pa.array([text], pa.string())}))
        answer.create_view("answer", replace=True)
        self._find_list(request.records)
        self._connection.execute(
            f"""
            create or replace table records as
            with found as (select json_extract(body, {literal(request.records + "[*]")}) as list from answer)
            select
                unnest(range(len(list))) as position,
                unnest(list) as record,
                left(md5(unnest(list)::varchar), {DIGEST}) as digest
            from found
            """
        )
        last_key = f"arg_max({_text('record', key)}, position)" if key else "null"
        [(digests, last)] = self._connection.sql(
            f"select list(digest order by position), {last_key} from records"
        ).fetchall()
        [(next_token,)] = self._connection.sql(
            f"select {_text('body', token) if token else 'null'} from answer"
        ).fetchall()
        digests = tuple(digests or ())
        return Records(len(digests), digests, last, next_token, self._newest())

    def rows(self, without: Iterable[str] = ()) -> pa.Table:
        """Give the rows of the answer that was read, columns named by the contract, all of them as text.

        Args:
            without: digests of records that were given before.
        """
        known = ", ".join(literal(digest) for digest in without)
        condition = f"where digest not in ({known})" if known else ""
        columns = ", ".join(
            f"({self._value(column.name)})::varchar as {quoted(column.name)}" for column in self.feed.contract.columns
        )
        return self._connection.sql(f"select {columns} from records {condition} order by position").to_arrow_table()

    def require_columns(self, names: Iterable[str]) -> None:
        """Check that columns are in at least one record of the answer that was read, when it has any.

        Raises:
            SourceError: one is in none of them; the message names what the records hold.
        """
        paths = {name: json_path(self.feed.columns.get(name, name)) for name in names}
        checked = {name: path for name, path in paths.items() if name not in self._entity.constants}
        if not checked:
            return
        tests = ", ".join(f"bool_or({_exists(path)})" for path in checked.values())
        found = self._connection.sql(f"select count(*), {tests} from records").fetchall()[0]
        if not found[0]:
            return
        missing = [name for name, there in zip(checked, found[1:], strict=True) if not there]
        if missing:
            listed = ", ".join(f"{name} ({self.feed.columns.get(name, name)})" for name in missing)
            raise SourceError(
                f"{self.feed.label}: no record has {listed}; the records have: {self._keys()}.",
                "Correct columns in sources.yml.",
            )

    def _find_list(self, path: str) -> None:
        try:
            [(kind,)] = self._connection.sql(f"select json_type(body, {literal(path)}) from answer").fetchall()
        except duckdb.Error as error:
            raise SourceError(
                f"{self.feed.label}: records {path!r} is no JSON path: {_first_line(error)}.", "Correct it."
            ) from None
        if kind != "ARRAY":
            [(keys,)] = self._connection.sql("select json_keys(body) from answer").fetchall()
            raise SourceError(
                f"{self.feed.label}: no list of records at {path}; the answer has: {', '.join(keys or ['no names'])}.",
                "Correct records of the entity.",
            )

    def _newest(self) -> str | None:
        cursor = self._entity.cursor
        if cursor is None:
            return None
        value = _text("record", json_path(cursor.column))
        instant = {
            "text": value,
            "number": f"try_cast({value} as hugeint)",
            "epoch_ms": f"epoch_ms(try_cast({value} as bigint))",
            "epoch_s": f"epoch_ms(1000 * try_cast({value} as bigint))",
            "iso": f"(try_cast({value} as timestamptz) at time zone 'UTC')",
        }.get(cursor.format, f"try_cast({value} as timestamp)")
        is_plain = cursor.format in ("text", "number")
        newest = f"max({instant})" if is_plain else f"strftime(max({instant}), {literal(CURSOR_TEXT)})"
        [(found, unread)] = self._connection.sql(
            f"select {newest}, any_value({value}) filter ({value} is not null and {instant} is null) from records"
        ).fetchall()
        if unread is not None:
            raise SourceError(
                f"{self.feed.label}: cursor {cursor.column} holds {unread!r}, which is not of the format "
                f"{cursor.format}.",
                "Correct format of the cursor.",
            )
        return None if found is None else str(found)

    def _value(self, name: str) -> str:
        """SQL for one column of the contract."""
        if name in self._entity.constants:
            return literal(self._entity.constants[name])
        value = _text("record", json_path(self.feed.columns.get(name, name)))
        return _mapped(value, self._entity.values.get(name, {}))

    def _keys(self) -> str:
        [(keys,)] = self._connection.sql(
            f"select list(distinct name)[:{SHOWN_KEYS}] from (select unnest(json_keys(record)) as name from records)"
        ).fetchall()
        return ", ".join(sorted(keys or ())) or "no names"


def mapped_columns(contract: Contract, feed: Feed) -> list[str]:
    """Columns that the declaration maps, and those that a row cannot do without."""
    return [column.name for column in contract.columns if column.name in feed.columns or column.required]


def _text(json: str, path: str) -> str:
    """SQL for the text at a path; a list is joined by `;`, and an empty one is nothing."""
    at = literal(path)
    if "*" in path:
        return _joined(f"json_extract_string({json}, {at})")
    every = literal(path + "[*]")
    return (
        f"case json_type({json}, {at}) when 'ARRAY' then {_joined(f'json_extract_string({json}, {every})')} "
        f"else json_extract_string({json}, {at}) end"
    )


def _joined(texts: str) -> str:
    return f"nullif(array_to_string(list_filter({texts}, lambda text: text is not null), ';'), '')"


def _exists(path: str) -> str:
    if "*" in path:
        return f"len(json_extract(record, {literal(path)})) > 0"
    return f"json_exists(record, {literal(path)})"


def _mapped(value: str, values: Mapping[str, str]) -> str:
    if not values:
        return value
    cases = " ".join(
        f"when {literal(source)} then {literal(target)}" for source, target in values.items() if source != OTHERWISE
    )
    otherwise = literal(values[OTHERWISE]) if OTHERWISE in values else value
    return f"case {value} {cases} else {otherwise} end" if cases else otherwise


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0]
