"""docs/performance.md, written from the records alone: the same records give the same page."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from retention.benchmark import capacity
from retention.benchmark.capacity_section import capacity_section
from retention.benchmark.charts import Panel, draw
from retention.benchmark.goals import Outcome, judge, shown, shown_bound, shown_spread
from retention.benchmark.history_section import history_section
from retention.benchmark.profile import profile_section, reason
from retention.benchmark.records import Spread, figures, ratios, read_records
from retention.benchmark.tables import plain, table
from retention.benchmark.value_section import value_section

Records = Sequence[Mapping[str, Any]]
PAGE, CHART = Path("docs/performance.md"), Path("docs/performance-growth.svg")
PIECES = {
    "load": "load (`retention load`)",
    "floor": "floor, into a file",
    "floor_in_memory": "floor, in memory",
    "full_run": "full run (`retention run`)",
    "increment": "the next day's run",
}
CURVES = {"load": "load", "full_run": "full run", "increment": "next day", "floor": "floor"}
KINDS = {"marts": "RFM and cohorts", "summary": "summary per customer"}
WHOLE_PROJECT = {
    "product_full_run": "**this product**, full run: checks, audit and release included",
    "bare_dbt": "plain dbt: `dbt build` of the same project",
    "spark_1": "`retention run --target spark`, local mode on one core",
    "spark_2": "`retention run --target spark`, local mode on two cores",
}
INTRODUCTION = """\
# Performance

This page is written by `retention bench --page` from the records in [benchmarks/results](../benchmarks/results); a
test holds it against them. Every figure was measured, none is typed in.
"""
WHOLE_COMPANY = """\
- **Entities**: records with `written` in their notes are of the whole simulated company: every entity of the contracts
  lands, is checked and built, and the notes say how many rows of each and how long writing them took. Second profiles
  are left out, since the peers read orders and returns alone. Other records are of orders and returns alone.
"""
HOW = """\
## How it is measured
- **Company**: made by DuckDB from one seed (`include/retention/simulation`): one customer per 20 orders, most with a
  few and some with hundreds, seasons, 2 % cancelled, 3 % returned, 1 % corrected by a later file, 0.5 % delivered late;
  33 months of files. The next day brings as many orders to every company from 1,000,000 orders on: 10,000 new ones,
  1,000 late ones of the last 60 days, 500 corrections and returns.
- **Round**: load, floor, full run, peers, the next day's run, CSV: each piece once, in turn, so that a ratio compares
  what ran in the same minutes. A figure is the median of the rounds, then least and most. A goal is judged by the
  median of the ratios round by round.
- **Floor**: DuckDB alone takes the raw Parquet of all orders, all columns, into a table and sums it once per customer.
  The goals use the variant into a new file with a checkpoint, since the product must keep its tables too; its seconds
  are those of the statements, without Python's start. The variant in memory stands beside it.
- **Product**: whole processes as a user starts them, Python's start and imports included.
- **Our own steps**: wall time of the whole run less the time in which at least one dbt model was being executed (the
  union of the spans in dbt's run results). dbt's own start, its tests and its seeds count as ours.
- **RFM and cohorts**: the product's compiled SQL of `customer_rfm`, `int_cohort_activity` and all that they read, from
  raw Parquet into new tables in files, one model after the other, then the cells of monthly cohorts, in a process of
  its own; of month-ends the as-of day alone, as peers have no history. Seconds of all sides are without imports. The
  answers (customers, purchases, spend, cohort members) must be equal, or the benchmark stops.
- **Plain dbt**: `dbt build` without unit tests, which `retention run` leaves out too: they judge the code, not the
  day's data. Where a row says that they are included, dbt did more than the run beside it.
- **Contact calendar**: the product's compiled SQL of `contact_calendar`, `contact_exclusions` and of all that these
  read and that depends on the seeds of contacts, from the tables of the run's release into a new file. One scan of
  the customer table, beside it, reads every column of `dim_customers` (median of five). Seconds of both are without
  imports.
- **Processor time** is user and system time of a process and all that it waited for (`wait4`). **Memory** is the
  largest sum of resident memory over the process tree, looked at every 50 ms; shared pages count in each process.
- **Provisional** is what was measured while others used more than 5 % of the machine's processor time.
"""
LEFT_OUT = """

SQLMesh is left out. Its release 0.236.4 reads dbt projects, but where a macro of this one asks for rule rows while a
model is rendered, an open bound comes back as `nan` and the plan fails (`Referenced column "nan" not found`). Nor does
it attach the second file or know our way to change a table in place.
"""
REPRODUCE = """\
## Measure it again
```
make bench
```

It installs the peers into an environment of their own (`benchmarks/peers.lock`), measures
1,000,000 and 10,000,000 orders three times over, the month-end history and the fit of a value model, prints the goals
and writes this page. `make bench BENCH="--rows 100k --repeats 1"` takes minutes; `.venv/bin/retention bench --help`
names every choice.

"""


def write_page(project_dir: Path, results: Path) -> list[Path]:
    """Write the page and its chart from a folder of records.

    Raises:
        SettingsError: there are no records.
    """
    records = read_records(results)
    written = []
    for place, text in ((PAGE, page(records)), (CHART, chart(records))):
        path = project_dir / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        written.append(path)
    return written


def page(records: Records) -> str:
    """The text of the page."""
    outcomes = judge(records)
    sections = [
        INTRODUCTION,
        _goals(outcomes),
        _reasons(outcomes, records),
        _growth(records),
        profile_section(records),
        _peers(records),
        _fixed(records),
        history_section(records),
        value_section(records),
        capacity_section(records),
        HOW + (WHOLE_COMPANY if any("written" in record["notes"] for record in records) else ""),
        REPRODUCE + _provenance(records),
    ]
    return "\n".join(section for section in sections if section)


def chart(records: Records) -> str:
    """Growth curves: wall time and memory by number of orders."""
    panels = [
        Panel(title, {label: capacity.points(records, piece, figure) for piece, label in CURVES.items()})
        for title, figure in (("Seconds (wall)", "wall_seconds"), ("Peak memory, MB", "peak_memory_mb"))
    ]
    return draw(panels, "Wall time and peak memory of load, full run, next day and floor by number of orders")


def _goals(outcomes: Sequence[Outcome]) -> str:
    rows = [
        [
            outcome.goal.name,
            shown_bound(outcome.goal),
            shown_spread(outcome),
            f"{outcome.rows:,}" if outcome.rows and outcome.spread else "–",
            outcome.verdict + (", provisional" if outcome.is_provisional else ""),
        ]
        for outcome in outcomes
    ]
    head = ["Goal", "Bound", "Measured: median (least–most)", "Orders", "Verdict"]
    return "## Goals\n" + table(head, rows)


def _reasons(outcomes: Sequence[Outcome], records: Records) -> str:
    """Why each missed goal was missed, from the profile of the run that missed it."""
    missed = [outcome for outcome in outcomes if outcome.verdict == "MISSED"]
    if not missed:
        return ""
    lines = [f"- **{outcome.goal.name}**: {reason(outcome, records)}" for outcome in missed]
    return "### Why goals were missed\n" + "\n".join(lines) + "\n"


def _growth(records: Records) -> str:
    found = [record for record in records if record["what"] == "pipeline"]
    if not found:
        return ""
    rows = []
    for record in found:
        for piece, label in PIECES.items():
            if not record["pieces"].get(piece):
                continue
            rows.append([
                f"{record['rows']:,}", label, _seconds(record, piece, "wall_seconds"),
                _seconds(record, piece, "cpu_seconds"), _each(record, piece, "peak_memory_mb", lambda mb: f"{mb:,.0f}"),
            ])  # fmt: skip
    disk = [
        [
            f"{record['rows']:,}",
            *(_megabytes(record, name) for name in ("raw_bytes", "warehouse_bytes", "release_bytes")),
        ]
        for record in found
    ]
    return (
        "## Growth\n![Wall time and memory by number of orders.](performance-growth.svg)\n\n"
        + table(["Orders", "Piece", "Wall, s", "Processor, s", "Memory, MB"], rows)
        + "\nOn disk after the full run; a release holds the published file and its warehouse:\n\n"
        + table(["Orders", "Raw, MB", "Warehouse, MB", "Release, MB"], disk)
    )


def _peers(records: Records) -> str:
    text = ""
    for record in records:
        if record["what"] != "peers":
            continue
        ours = figures(record, "product_marts", "seconds")
        rows = [["**this product**, RFM and cohorts", *_peer_figures(record, "product_marts", "seconds"), "1×", "–"]]
        others = [name for name in record["pieces"] if name.rpartition("_")[2] in KINDS and name != "product_marts"]
        for name in others:
            label = f"{name.rpartition('_')[0].replace('_', '-')}, {KINDS[name.rpartition('_')[2]]}"
            rows.append([label, *_peer_row(record, name, "seconds", ours)])
        whole = figures(record, "product_full_run", "wall_seconds")
        for name, label in WHOLE_PROJECT.items():
            if name == "product_full_run":
                rows.append([label, *_peer_figures(record, name, "wall_seconds"), "1×", "–"])
            elif name in record["pieces"]:
                rows.append([label + _with_tests(record, name), *_peer_row(record, name, "wall_seconds", whole)])
        head = ["What", "Seconds", "Wall, s", "Processor, s", "Memory, MB", "Against ours", "Versions"]
        mark = " (provisional: others used the machine meanwhile)" if record["is_provisional"] else ""
        text += f"\n### {record['rows']:,} orders{mark}\n" + table(head, rows)
    return (
        "## Beside its peers\nSeconds are without imports, wall is the whole process. What is compared with the first "
        "row makes one answer from raw files; what is compared with the full run makes all tables." + LEFT_OUT + text
        if text
        else ""
    )


def _peer_row(record: Mapping[str, Any], name: str, figure: str, ours: Sequence[float]) -> list[str]:
    failed = [one["failed"] for one in record["pieces"][name] if "failed" in one]
    if failed:
        return ["failed", "–", "–", "–", "–", plain(failed[0])]
    found = ratios(figures(record, name, figure), ours)
    versions = record["pieces"][name][0].get("versions", {})
    told = ", ".join(f"{package} {version}" for package, version in versions.items()) or "–"
    return [*_peer_figures(record, name, figure), _spread(found, "×") if found else "–", told]


def _peer_figures(record: Mapping[str, Any], name: str, figure: str) -> list[str]:
    return [
        _seconds(record, name, figure),
        _seconds(record, name, "wall_seconds"),
        _seconds(record, name, "cpu_seconds"),
        _each(record, name, "peak_memory_mb", lambda mb: f"{mb:,.0f}"),
    ]


def _fixed(records: Records) -> str:
    found = [record for record in records if record["what"] == "fixed_cost"]
    if not found:
        return ""
    names = {
        "product_first": "`retention run`, a project that dbt has not seen",
        "dbt_first": "`dbt build`, the same",
        "product_next": "`retention run`, the day after",
        "dbt_next": "`dbt build`, the same",
        "dbt_next_without_unit_tests": "`dbt build`, the same, without unit tests",  # in older records alone
    }
    rows = [
        [
            label + _with_tests(found[0], name),
            _seconds(found[0], name, "wall_seconds"),
            _seconds(found[0], name, "cpu_seconds"),
        ]
        for name, label in names.items()
        if name in found[0]["pieces"]
    ]
    return "## Fixed cost: 100 orders\n" + table(["What", "Wall, s", "Processor, s"], rows)


def _with_tests(record: Mapping[str, Any], name: str) -> str:
    """What the label of a plain dbt build must add where its record is older than leaving unit tests out."""
    has_them = name in ("bare_dbt", "dbt_first", "dbt_next") and not figures(record, name, "unit_tests")
    return ", unit tests included" if has_them else ""


def _provenance(records: Records) -> str:
    rows = [
        [
            f"{record['what']}-{record['rows']}.json", record["measured_at"], f"`{record['commit']}`",
            f"{record['others_share']:.0%}", f"`{record['command']}`",
        ]
        for record in records
    ]  # fmt: skip
    machine = records[0]["machine"]
    kind = f"{machine['cores']} cores ({machine['processor']}), {machine['memory_gb']} GB memory, {machine['system']}"
    told = ", ".join(f"{name} {version}" for name, version in records[0]["versions"].items())
    return table(["Record", "Measured", "Commit", "Others' share", "Command"], rows) + f"\n{kind}; {told}.\n"


def _each(record: Mapping[str, Any], piece: str, name: str, show: Callable[[float], str]) -> str:
    values = figures(record, piece, name)
    return show(median(values)) if values else "–"


def _megabytes(record: Mapping[str, Any], name: str) -> str:
    return _each(record, "full_run", name, lambda value: f"{value / 1e6:,.0f}")


def _seconds(record: Mapping[str, Any], piece: str, name: str) -> str:
    values = figures(record, piece, name)
    return _spread(values, "") if values else "–"


def _spread(values: Sequence[float], unit: str) -> str:
    spread = Spread.of(values)
    middle = shown(spread.median, unit)
    return middle if spread.count == 1 else f"{middle} ({shown(spread.least, unit)}–{shown(spread.most, unit)})"
