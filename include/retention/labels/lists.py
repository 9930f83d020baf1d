"""Lists of labels for people: a workbook in which they judge, and how many were judged."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from retention.errors import NotThereError, SettingsError
from retention.explanation.names import read_names
from retention.explanation.wording import Wording
from retention.labels.standing import ReviewDesk
from retention.publication.workbooks import SHEET_ROWS, Sheet, check_file, write_csv, write_workbook
from retention.sql import literal

STATUSES = ("confirmed", "rejected", "proposed")
SHEET = {"en": "Labels", "zh": "标签"}
AT_ONCE = 10_000  # rows read at a time
# What people see, by language; what the import needs and people do not has one name and is hidden in a workbook.
SHOWN = {
    "customer_id": {"en": "Customer ID", "zh": "客户编号"},
    "account_owner": {"en": "Account owner", "zh": "客户负责人"},
    "region": {"en": "Region", "zh": "区域"},
    "monetary_12m": {"en": "Spend in the last 12 months", "zh": "近12个月消费额"},
    "label_name": {"en": "Label", "zh": "标签"},
    "evidence": {"en": "Evidence", "zh": "依据"},
    "first_seen_on": {"en": "First seen", "zh": "首次出现"},
    "last_seen_on": {"en": "Last seen", "zh": "最近出现"},
    "status_name": {"en": "Status", "zh": "审核状态"},
    "note": {"en": "Note", "zh": "备注"},
}
HIDDEN = ("label_code", "rule_version", "exported_status", "review_id")
WIDTHS = (18, 18, 12, 14, 28, 60, 12, 12, 18, 36, 18, 14, 16, 18)
COUNTS = """
    select
        labels.label, names.name_{language} as name, labels.rule_id, labels.rule_version, count(*) as customers,
        count(*) filter (where status = 'proposed') as proposed,
        count(*) filter (where status = 'confirmed') as confirmed,
        count(*) filter (where status = 'rejected') as rejected
    from standing as labels
    left join published.marts.dim_labels as names on names.code_set = 'label' and names.code = labels.label
    where labels.is_current
    group by all
    order by labels.label
"""


@dataclass(frozen=True)
class Wanted:
    """Which labels a list is of.

    Attributes:
        labels: codes; empty: all.
        owner: account owner of the customers; None: all.
        status: proposed, confirmed or rejected; None: all.
        with_past: labels too that a customer no longer holds.
    """

    labels: tuple[str, ...] = ()
    owner: str | None = None
    status: str | None = None
    with_past: bool = False

    @property
    def condition(self) -> str:
        """The condition on a row of `standing`."""
        parts = ["true" if self.with_past else "is_current"]
        if self.labels:
            parts.append(f"label in ({', '.join(map(literal, self.labels))})")
        if self.owner is not None:
            parts.append(f"account_owner = {literal(self.owner)}")
        if self.status is not None:
            parts.append(f"status = {literal(self.status)}")
        return " and ".join(parts)


def count_labels(desk: ReviewDesk, language: str = "en") -> list[dict[str, Any]]:
    """How many customers hold each label today, and what people say of it.

    Raises:
        NotThereError: nothing has been published.
    """
    with desk.opened() as connection:
        result = connection.execute(COUNTS.format(language=language))
        names = [column[0] for column in result.description or []]
        return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def export_labels(desk: ReviewDesk, wanted: Wanted, path: Path, language: str = "en") -> int:
    """Write the labels to judge, by owner and label, the most valuable customers first.

    Args:
        path: .xlsx, in which the status is chosen from a list, or .csv.

    Returns:
        Rows written.

    Raises:
        SettingsError: the file, the language or the status is not one that there is, or a sheet cannot hold the rows.
        NotThereError: nothing has been published, or no label or owner is called so.
    """
    check_file(path, language)
    if wanted.status is not None and wanted.status not in STATUSES:
        raise SettingsError(f"There is no status '{wanted.status}'.", f"Use one of {', '.join(STATUSES)}.")
    with desk.opened() as connection:
        _check_names(connection, wanted)
        [(count,)] = connection.execute(f"select count(*) from standing where {wanted.condition}").fetchall()
        statuses = desk.label_names(connection, "review_status")
        header = [*(names[language] for names in SHOWN.values()), *HIDDEN]
        rows = _rows(connection, wanted, language)
        if path.suffix.lower() == ".csv":
            write_csv(path, header, rows)
            return int(count)
        if count > SHEET_ROWS:
            raise SettingsError(
                f"{count:,} labels are more than a sheet holds ({SHEET_ROWS:,}).",
                "Narrow it with --label, --owner or --status, or write a .csv file.",
            )
        status_at, first_hidden = list(SHOWN).index("status_name"), len(SHOWN)
        sheet = Sheet(
            SHEET[language],
            header,
            WIDTHS,
            rows,
            hidden=frozenset(range(first_hidden, len(header))),
            choices={status_at: [statuses[code][language] for code in STATUSES if code in statuses]},
            can_filter=True,
        )
        write_workbook(path, [sheet])
        return int(count)


def _rows(connection: duckdb.DuckDBPyConnection, wanted: Wanted, language: str) -> Iterator[tuple[Any, ...]]:
    """The rows in the order of SHOWN and HIDDEN."""
    words = Wording(read_names(connection, language, "published.marts"))
    found = connection.execute(f"""
        select
            standing.customer_id, standing.account_owner, standing.region, standing.monetary_12m,
            coalesce(labels.name_{language}, standing.label), standing.evidence,
            standing.first_seen_on, standing.last_seen_on, coalesce(statuses.name_{language}, standing.status),
            null, standing.label, standing.rule_version, standing.status, standing.review_id
        from standing
        left join published.marts.dim_labels as labels
            on labels.code_set = 'label' and labels.code = standing.label
        left join published.marts.dim_labels as statuses
            on statuses.code_set = 'review_status' and statuses.code = standing.status
        where {wanted.condition}
        order by
            standing.account_owner nulls last, standing.label, standing.monetary_12m desc, standing.customer_id""")
    evidence_at = list(SHOWN).index("evidence")
    while rows := found.fetchmany(AT_ONCE):
        for row in rows:
            yield (*row[:evidence_at], words.evidence(row[evidence_at]), *row[evidence_at + 1 :])


def _check_names(connection: duckdb.DuckDBPyConnection, wanted: Wanted) -> None:
    """Make sure that the labels and the owner asked for are there at all."""
    known = [name for (name,) in connection.execute("select distinct label from standing order by 1").fetchall()]
    for label in wanted.labels:
        if label not in known:
            raise NotThereError(f"No customer holds a label '{label}'.", f"Labels held: {', '.join(known) or 'none'}.")
    if wanted.owner is not None:
        owners = connection.execute(
            "select distinct account_owner from standing where account_owner is not null order by 1"
        ).fetchall()
        if (wanted.owner,) not in owners:
            listed = ", ".join(name for (name,) in owners[:10]) or "none"
            raise NotThereError(
                f"No customer of '{wanted.owner}' holds a label.", f"Owners whose customers do: {listed}."
            )
