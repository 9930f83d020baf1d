"""One reader per form of file: each turns a delivery into `staged` and `rejected`, every record accounted for."""

import csv
import io
import zipfile
import zlib
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path

import duckdb

from retention.landing import textfile
from retention.landing.deliveries import Delivery, check_header
from retention.landing.staging import Source, stage
from retention.landing.textfile import Survey
from retention.sql import file_literal, literal, quoted

DELIMITERS = (",", ";", "\t", "|")
UNTEXT = "\x01"  # a delimiter that no text has
QUOTE_TROUBLE = ("UNQUOTED VALUE", "INVALID STATE", "LINE SIZE OVER MAXIMUM")
LONGEST_LINE = 8 << 20


@dataclass(frozen=True)
class Reading:
    """What every reader works with."""

    connection: duckdb.DuckDBPyConnection
    delivery: Delivery
    scratch: Path

    def one(self, sql: str) -> tuple[int, ...]:
        """The only row of a query over counts."""
        row = self.connection.execute(sql).fetchone()
        return tuple(int(value or 0) for value in row or ())

    def stage(self, source: Source) -> Source:
        """Read the source into `staged`."""
        stage(self.connection, self.delivery.contract, source)
        return source


def read(reading: Reading) -> Source:
    """Read a delivery into `staged` and `rejected`.

    Raises:
        LoadRefusedError: the file can't be read by its contract.
    """
    forms = {"csv": _read_csv, "jsonl": _read_jsonl, "parquet": _read_parquet, "xlsx": _read_xlsx}
    reading.connection.execute(
        "create or replace table rejected (ordinal bigint, reason varchar, raw varchar); "
        "drop table if exists reject_errors; drop table if exists reject_scans"
    )
    return forms[reading.delivery.form](reading)


# --- CSV ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Layout:
    """The header line: column names by position, the delimiter, and line breaks inside the names."""

    names: list[str]
    delimiter: str
    present: dict[str, int]

    @property
    def columns(self) -> list[str]:
        """Names for the reader."""
        by_place = {place: name for name, place in self.present.items()}
        return [by_place.get(place, f"_other_{place}") for place in range(len(self.names))]

    @property
    def lines(self) -> int:
        """Physical lines that the header takes."""
        return 1 + sum(name.count("\n") for name in self.names)


def _read_csv(reading: Reading) -> Source:
    delivery = reading.delivery
    facts = textfile.survey(delivery)
    path, encoding = delivery.path, "utf-8"
    if not textfile.head_is_utf8(facts.head):
        path, encoding = _in_utf8(reading, facts)
    layout = _layout(delivery, facts.head, encoding)
    is_sound = _try_csv(reading, path, layout, facts.has_quote)
    if encoding == "utf-8" and (not is_sound or _count(reading, "error_type = 'INVALID ENCODING'")):
        path, encoding = _in_utf8(reading, facts)
        if encoding != "utf-8":
            is_sound = _try_csv(reading, path, layout, facts.has_quote)
    if not is_sound or not _accounted(reading, facts, layout, delivery, path):
        _read_mended(reading, path, layout)
    else:
        _collect_rejects(reading)
    return _source(delivery, path, layout, facts.has_quote, encoding)


def _in_utf8(reading: Reading, facts: Survey) -> tuple[Path, str]:
    encoding = textfile.find_encoding(reading.delivery, facts.lines)
    if encoding == "utf-8":
        return reading.delivery.path, encoding
    return textfile.to_utf8(reading.delivery, encoding, reading.scratch / "transcoded.csv"), encoding


def _layout(delivery: Delivery, head: bytes, encoding: str) -> _Layout:
    text = head.decode(encoding, "replace").removeprefix("\ufeff")
    layouts = []
    for delimiter in DELIMITERS:
        try:
            names = next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), [])
        except csv.Error as error:
            raise delivery.refuse("the header line can't be read", "Check its quotes.") from error
        called = {delivery.name_of(column.name) for column in delivery.contract.columns}
        known = called & {name.strip().lower() for name in names}
        layouts.append((len(known), names, delimiter))
    _, names, delimiter = max(layouts, key=lambda layout: layout[0])
    return _Layout(names, delimiter, check_header(delivery, names))


def _source(delivery: Delivery, path: Path, layout: _Layout, has_quote: bool, encoding: str) -> Source:
    wanted = ", ".join(quoted(name) for name in layout.present)
    return Source(
        sql=f"(select {wanted} from {_scan(delivery, path, layout, has_quote)})",
        present=tuple(layout.present),
        ignored=tuple(name.strip() for place, name in enumerate(layout.names) if place not in layout.present.values()),
        first_line=2,
        encoding=encoding,
        has_empty=False,
    )


def _scan(delivery: Delivery, path: Path, layout: _Layout, has_quote: bool) -> str:
    """DuckDB's own reader over all columns as text, those of no contract under a number."""
    types = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in layout.columns)
    quote = literal('"' if has_quote else "")
    packed = "gzip" if path == delivery.path and delivery.is_gzip else "none"
    return f"""read_csv({file_literal(path)}, header = true, auto_detect = false, delim = {literal(layout.delimiter)},
        quote = {quote}, escape = {quote}, compression = '{packed}', max_line_size = {LONGEST_LINE},
        columns = {{{types}}}, store_rejects = true)"""


def _try_csv(reading: Reading, path: Path, layout: _Layout, has_quote: bool) -> bool:
    """Read by DuckDB's own parser; false where it lost its way, which the mended copy will show it."""
    connection = reading.connection
    connection.execute("drop table if exists reject_errors; drop table if exists reject_scans")
    try:
        reading.stage(_source(reading.delivery, path, layout, has_quote, "utf-8"))
    except duckdb.InvalidInputException:  # mixed line ends, or a line beyond the longest
        return False
    trouble = ", ".join(map(literal, QUOTE_TROUBLE))
    return _count(reading, f"error_type in ({trouble})") == 0


def _count(reading: Reading, test: str) -> int:
    return reading.one(f"select count(*) from reject_errors where {test}")[0]


def _accounted(reading: Reading, facts: Survey, layout: _Layout, file: Delivery, path: Path) -> bool:
    """Whether header, records, rejected lines and blank lines make up all the lines of the file."""
    (good,) = reading.one("select count(*) from staged")
    raw = "ltrim(csv_line, chr(10) || chr(13))"
    rejects, swallowed = reading.one(f"""
        select count(*), coalesce(sum(lines), 0) from (
            select max(length({raw}) - length(replace({raw}, chr(10), ''))) as lines
            from reject_errors group by line)""")
    if swallowed:  # a torn quote runs over line ends
        return False
    rest = facts.lines - layout.lines - good - rejects
    if rest > 0 and facts.has_quote:
        rest -= _line_breaks(reading, _scan(file, path, layout, facts.has_quote), layout)
    # Blank lines are no records. Where lines were rejected too, their numbers need a copy without blank lines.
    return rest == 0 or (rest > 0 and rejects == 0 and rest == textfile.blank_lines(file))


def _line_breaks(reading: Reading, scan: str, layout: _Layout) -> int:
    """Count the line breaks inside values."""
    counted = "case when contains({0}, chr(10)) then length({0}) - length(replace({0}, chr(10), '')) else 0 end"
    breaks = " + ".join(counted.format(quoted(name)) for name in layout.columns)
    return reading.one(f"select sum({breaks}) from {scan.replace('store_rejects', 'ignore_errors')}")[0]


def _collect_rejects(reading: Reading) -> None:
    """Fill `rejected` from DuckDB's own table, which has a row per fault, not per line, and counts the header."""
    reading.connection.execute("""
        insert into rejected
        select line - 2,
            case when bool_or(error_type = 'INVALID ENCODING') then 'broken line' else 'wrong number of fields' end,
            any_value(ltrim(csv_line, chr(10) || chr(13)))
        from reject_errors group by line""")


def _read_mended(reading: Reading, path: Path, layout: _Layout) -> None:
    """Read a copy in which broken lines are marked, and put the lines themselves in the place of the marks."""
    delivery, connection = reading.delivery, reading.connection
    if delivery.is_gzip and path == delivery.path:
        path = textfile.to_utf8(delivery, "utf-8", reading.scratch / "unpacked.csv")
    copy = reading.scratch / "mended.csv"
    broken = textfile.mend(path, copy, len(layout.names), layout.delimiter)
    mended = replace(delivery, path=copy)
    sound = _try_csv(reading, copy, layout, has_quote=True)
    if not sound or not _accounted(reading, textfile.survey(mended), layout, mended, copy):
        raise delivery.refuse(
            "the quoting of the file is broken beyond repair", "Export it again, with quotes doubled."
        )
    _collect_rejects(reading)
    stand_in = f"'{textfile.MARK}' || broken.number || {literal(layout.delimiter * len(layout.names) + 'x')}"
    if broken.stat().st_size:
        connection.execute(f"""
            update rejected set reason = 'broken line', raw = broken.raw
            from read_json({file_literal(broken)}, format = 'newline_delimited',
                columns = {{number: 'BIGINT', raw: 'VARCHAR'}}) as broken
            where rejected.raw = {stand_in}""")


# --- JSON lines ---------------------------------------------------------------------------------------------


def _read_jsonl(reading: Reading) -> Source:
    delivery, connection = reading.delivery, reading.connection
    facts = textfile.survey(delivery)
    encoding = textfile.find_encoding(delivery, facts.lines)
    # What can't be decoded becomes a control character, which makes its line invalid JSON: a broken line.
    path = textfile.to_utf8(delivery, encoding, reading.scratch / "lines.jsonl", undecoded="\x1a")
    try:
        connection.execute(f"""
            create or replace table lines as select ltrim(line, chr(65279)) as line, json_valid(line) as is_json
            from read_csv({file_literal(path)}, header = false, auto_detect = false, delim = '{UNTEXT}', quote = '',
                escape = '', max_line_size = {LONGEST_LINE}, columns = {{line: 'VARCHAR'}})""")
    except duckdb.Error:
        raise delivery.refuse("a line is too long or can't be read", "Write one JSON object per line.") from None
    names = [
        name
        for (name,) in connection.execute("""
            select distinct unnest(json_keys(line)) as name from lines where is_json and json_type(line) = 'OBJECT'
            order by name""").fetchall()
    ]
    present = check_header(delivery, names)
    fields = ", ".join(f"{literal(names[place])} : 'VARCHAR'" for place in present.values())
    connection.execute("""
        insert into rejected select rowid, 'broken line', line from lines
        where trim(line) <> '' and (not is_json or json_type(if(is_json, line, '0')) <> 'OBJECT')""")
    columns = ", ".join(f"record.{quoted(names[place])} as {quoted(name)}" for name, place in present.items())
    return reading.stage(
        Source(
            sql=f"""(select {columns}, rowid as _place from (
                select json_transform(line, {literal("{" + fields.replace("'", '"') + "}")}) as record, rowid
                from lines where is_json and json_type(if(is_json, line, '0')) = 'OBJECT'))""",
            present=tuple(present),
            ignored=tuple(name for place, name in enumerate(names) if place not in present.values()),
            first_line=1,
            encoding=encoding,
            has_place=True,
        )
    )


# --- Parquet and Excel --------------------------------------------------------------------------------------


def _read_parquet(reading: Reading) -> Source:
    delivery, connection = reading.delivery, reading.connection
    file = f"read_parquet({file_literal(delivery.path)})"
    try:
        names = [str(row[0]) for row in connection.execute(f"describe select * from {file}").fetchall()]
        present = check_header(delivery, names)
        columns = ", ".join(f"{quoted(names[place])}::varchar as {quoted(name)}" for name, place in present.items())
        return reading.stage(
            Source(
                sql=f"(select {columns} from {file})",
                present=tuple(present),
                ignored=tuple(name for place, name in enumerate(names) if place not in present.values()),
                first_line=1,
            )
        )
    except duckdb.Error:
        raise delivery.refuse("the Parquet file is damaged or cut short", "Deliver it again.") from None


def _read_xlsx(reading: Reading) -> Source:
    delivery, connection = reading.delivery, reading.connection
    if not _is_workbook(delivery.path):
        raise delivery.refuse("the Excel file is damaged or cut short", "Save it again.")
    extensions = files("duckdb_extension_excel") / "extensions" / f"v{duckdb.__version__}"
    connection.load_extension(str(extensions / "excel.duckdb_extension"))
    try:
        connection.execute(f"""
            create or replace table cells as
            from read_xlsx({literal(str(delivery.path))}, header = false, all_varchar = true, stop_at_empty = false)""")
    except duckdb.Error:
        raise delivery.refuse(
            "the first sheet of the Excel file can't be read, or is empty", "Put the rows on the first sheet."
        ) from None
    cells = [str(row[0]) for row in connection.execute("describe cells").fetchall()]
    header = connection.execute("select * from cells where rowid = 0").fetchone() or ()
    names = [str(name or "") for name in header]
    present = check_header(delivery, names)
    columns = ", ".join(f"{quoted(cells[place])} as {quoted(name)}" for name, place in present.items())
    filled = f"coalesce({', '.join(quoted(cell) for cell in cells)}) is not null"
    return reading.stage(
        Source(
            sql=f"(select {columns}, rowid - 1 as _place from cells where rowid > 0 and {filled})",
            present=tuple(present),
            ignored=tuple(name for place, name in enumerate(names) if name and place not in present.values()),
            first_line=2,
            has_place=True,
            has_serial_dates=True,
        )
    )


def _is_workbook(path: Path) -> bool:
    """Whether the file is a whole zip archive with a workbook: DuckDB's reader never returns from a damaged one."""
    try:
        with zipfile.ZipFile(path) as archive:
            return "xl/workbook.xml" in archive.namelist() and archive.testzip() is None
    except (zipfile.BadZipFile, OSError, EOFError, zlib.error, RuntimeError, NotImplementedError):
        return False
