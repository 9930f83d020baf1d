"""What people judged in a list, taken in as one load: all of it, or nothing where a row is wrong.

A row counts where its status is not the one that it was written with, or where it has a note. A review's ID follows
from what is judged, what stood there when the list was written, and the judgement: the same file a second time says
nothing new, whatever has been judged since.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb

from retention.errors import LoadRefusedError, NotThereError, SettingsError
from retention.labels.lists import HIDDEN, SHOWN
from retention.labels.standing import ReviewDesk
from retention.landing import Column, Contract, Delivery, land_one
from retention.landing.readers import Reading, read
from retention.landing.vault import scratch_folder, sweep_scratch
from retention.languages import LANGUAGES
from retention.publication.workbooks import SUFFIXES
from retention.sql import file_literal, literal
from retention.warehouse.lock import writer_lock

SOURCE = "reviews"
MOST_TOLD = 10
ID_DIGITS = 16
REMEDY = "Correct these rows and import the file again; nothing of it was taken."
NOT_A_LIST = "Import a file that retention labels export has written; only its status and note may be changed."
# Columns of a list by the names of reviews: those that people see, and those that are hidden.
SEEN = {"customer_id": "customer_id", "status": "status_name", "note": "note"}
KEPT = {"label": "label_code", **{name: name for name in HIDDEN[1:]}}
NEEDED = ("customer_id", "label", "rule_version", "exported_status", "status")
LIST = Contract(
    entity="label_reviews",
    version="1",
    description="A list of labels as people give it back.",
    grain="one row per customer and label",
    columns=tuple(
        Column(name, "VARCHAR", "string", "", required=name in NEEDED, key_position=None) for name in (*SEEN, *KEPT)
    ),
    key=("customer_id", "label"),
    version_column=None,
    event_column=None,
    max_bad_share=1.0,
    refresh_cycle_days=1.0,
)

GIVEN = """
    create table given as
    select
        {line} as line, staged._fault as fault, staged.* exclude (status, exported_status),
        trim(staged.status) as status_given, words.code as status, lower(staged.exported_status) as exported_status,
        labels.rule_version as rule_version_now, labels.rule_text, customers.customer_id is not null as is_known
    from staged
    left join (
        select word, min(code) as code
        from (
            select lower(unnest([code, name_en, name_zh])) as word, code
            from published.marts.dim_labels where code_set = 'review_status'
        )
        group by word
    ) as words on lower(trim(staged.status)) = words.word
    left join (
        select distinct label, rule_version, rule_text from published.marts.customer_labels
    ) as labels on staged.label = labels.label
    left join (
        select customer_id from published.marts.dim_customers
        union
        select customer_id from published.marts.customer_merges
    ) as customers on staged.customer_id = customers.customer_id
"""
DECIDED = f"""
    create table decided as
    select
        *,
        left(sha256(concat_ws(chr(31), customer_id, label, rule_version, coalesce(review_id, ''), status,
            coalesce(note, ''))), {ID_DIGITS}) as new_review_id
    from given
    where fault is null and status is not null and (status != exported_status or note is not null)
"""
PROBLEMS = """
    select problem, min(line) as line, count(*) as number
    from (
        select ordinal + 1 as line, 'it cannot be read (' || reason || ')' as problem from rejected
        union all
        select given.line, case when faults.column_name = 'status' then 'it has no status' else
            'the column ' || faults.column_name || ', which the list needs, is empty' end
        from given inner join faults on given.fault = faults.fault
        union all
        select line, 'the status ''' || status_given || ''' is none of ' || {statuses}
        from given where fault is null and status is null
        union all
        select line, 'label ' || label || ' is held by nobody in the published release'
        from decided where rule_version_now is null
        union all
        select line, 'label ' || label || ' was judged by version ' || rule_version || ' of its rule, which is now '
            || rule_version_now || ' (' || rule_text || '): export it anew and judge that'
        from decided where rule_version != rule_version_now
        union all
        select line, 'customer ''' || customer_id || ''' is not in the published release'
        from decided where not is_known
        union all
        select max(line), 'label ' || label || ' of customer ''' || customer_id || ''' is judged otherwise in row '
            || min(line)
        from decided group by customer_id, label, rule_version having count(distinct new_review_id) > 1
    )
    group by problem
    order by line, problem
"""
NEW = """
    create table new_reviews as
    select distinct on (decided.new_review_id)
        decided.new_review_id as review_id, timestamp {now} as reviewed_at, decided.customer_id, decided.label,
        decided.rule_version, decided.status, {reviewer} as reviewer, decided.note, decided.rule_text,
        in_force.reviewer is not null and in_force.review_id is distinct from decided.review_id as is_over_another
    from decided
    left join published.marts.customer_merges as merges on decided.customer_id = merges.customer_id
    left join in_force
        on coalesce(merges.golden_customer_id, decided.customer_id) = in_force.customer_id
            and decided.label = in_force.label and decided.rule_version = in_force.rule_version
    where decided.new_review_id not in (select review_id from reviews)
    order by decided.new_review_id, decided.line
"""


@dataclass(frozen=True)
class Taken:
    """What an import did.

    Attributes:
        rows: rows of the file.
        recorded: new reviews by status.
        known: judgements that were recorded before.
        over_others: new reviews of labels that others have judged since the file was written; the new ones count.
        load_id: the load of the new reviews; None when there are none.
    """

    rows: int
    recorded: dict[str, int]
    known: int
    over_others: int
    load_id: str | None


def import_labels(desk: ReviewDesk, path: Path, reviewer: str) -> Taken:
    """Take the judgements of a list in.

    Args:
        path: a workbook or CSV file that export_labels wrote, with statuses or notes changed.
        reviewer: who judged.

    Raises:
        LoadRefusedError: the file is no such list, or rows of it are wrong; nothing was recorded.
        NotThereError: there is no such file, or nothing has been published.
        SettingsError: the file's ending or the reviewer's name is missing.
    """
    if not path.is_file():
        raise NotThereError(f"There is no file {path}.", "Name one that retention labels export has written.")
    if path.suffix.lower() not in SUFFIXES:
        raise SettingsError(f"{path.name} is neither CSV nor a workbook.", f"Give a file in {' or '.join(SUFFIXES)}.")
    if not reviewer.strip():
        raise SettingsError("Nobody is named as the reviewer.", "Give --reviewer NAME.")
    with writer_lock(desk.home, f"labels import {path.name}"), desk.opened() as connection, _scratch(desk) as scratch:
        line = _read(connection, path, scratch)
        connection.execute(GIVEN.format(line=line))
        connection.execute(DECIDED)
        _refuse_problems(desk, connection, path)
        now = datetime.now(ZoneInfo(desk.timezone)).replace(tzinfo=None, microsecond=0)
        connection.execute(NEW.format(now=literal(now), reviewer=literal(reviewer.strip())))
        return _record(desk, connection, scratch)


@contextmanager
def _scratch(desk: ReviewDesk) -> Iterator[Path]:
    try:
        yield scratch_folder(desk.home)
    finally:
        sweep_scratch(desk.home)


def _read(connection: duckdb.DuckDBPyConnection, path: Path, scratch: Path) -> str:
    """Read the list into `staged` and `rejected` with landing's own readers; SQL of a row's number as Excel counts.

    Headers may be those of either language.
    """
    for language in LANGUAGES:
        names = {column: SHOWN[shown][language] for column, shown in SEEN.items()} | KEPT
        delivery = Delivery(path, LIST, path.suffix.lower().removeprefix("."), names)
        try:
            source = read(Reading(connection, delivery, scratch))
        except LoadRefusedError as error:
            if "missing" in error.problem and language != LANGUAGES[-1]:
                continue
            problem = error.problem.replace(f"{delivery.label}: ", f"{path.name}: ", 1)
            raise LoadRefusedError(problem, NOT_A_LIST) from error
        place = "_place" if source.has_place else "staged.rowid"
        return f"{place} + {source.first_line}"
    raise AssertionError


def _refuse_problems(desk: ReviewDesk, connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Stop where a row is wrong, naming the rows."""
    names = desk.label_names(connection, "review_status")
    statuses = ", ".join(f"{one['en']} ({one['zh']})" for one in names.values())
    found = connection.execute(PROBLEMS.format(statuses=literal(statuses))).fetchall()
    if not found:
        return
    lines = [
        f"  row {line}{f' and {number - 1:,} more' if number > 1 else ''}: {problem}"
        for problem, line, number in found[:MOST_TOLD]
    ]
    if len(found) > MOST_TOLD:
        lines.append(f"  and {len(found) - MOST_TOLD:,} further problems")
    count = sum(number for *_, number in found)
    rows = "1 row is" if count == 1 else f"{count:,} rows are"
    raise LoadRefusedError("\n".join([f"{path.name}: {rows} wrong.", *lines, ""]), REMEDY)


def _record(desk: ReviewDesk, connection: duckdb.DuckDBPyConnection, scratch: Path) -> Taken:
    """Land the new reviews as one load, if there are any."""
    [(rows, decided)] = connection.execute(
        "select (select count(*) from given), (select count(distinct new_review_id) from decided)"
    ).fetchall()
    recorded = dict(connection.execute("select status, count(*) from new_reviews group by 1 order by 1").fetchall())
    [(others,)] = connection.execute("select count(*) from new_reviews where is_over_another").fetchall()
    number = sum(recorded.values())
    if not number:
        return Taken(rows, {}, decided, 0, None)
    file = scratch / "label_reviews.parquet"
    columns = ", ".join(column.name for column in desk.contract.columns)
    connection.execute(f"copy (select {columns} from new_reviews) to {file_literal(file)} (format parquet)")
    delivery = Delivery(file, desk.contract, "parquet")
    load = land_one(desk.home, delivery, timezone=desk.timezone, source=SOURCE)
    return Taken(rows, recorded, decided - number, others, str(load["load_id"]))
