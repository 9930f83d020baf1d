"""A review for those who decide: the moves in a few lines, and every customer in a workbook."""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from retention.errors import SettingsError
from retention.reviews.desk import Review, ReviewDesk
from retention.runs import Home
from retention.sql import literal
from retention.warehouse.candidate import open_warehouse

LANGUAGES = ("en", "zh")
SUFFIXES = (".csv", ".xlsx")
COLUMNS = {
    "review_id": ("Review", "评审"),
    "customer_id": ("Customer ID", "客户编号"),
    "account_owner": ("Account owner", "客户负责人"),
    "tier_before": ("Tier in force", "现行等级"),
    "tier_after": ("New tier", "新等级"),
    "direction": ("Direction", "方向"),
    "value_at_stake": ("Spend at stake", "涉及消费额"),
    "status": ("Status", "状态"),
    "approver": ("Decided by", "审批人"),
    "decided_at": ("Decided at", "审批时间"),
}
WIDTHS = (10, 20, 20, 24, 24, 12, 16, 22, 16, 20)
# By the labels and owners of the release; without one (or for a customer it does not have) the codes stand alone.
CHANGES = """
    with told as (from ({told})),
    ranks as (
        select tier, min(rule_rank) as tier_rank from seeds.tier_rules as rules cross join raw.run_parameters as asked
        where scheme = {scheme} and rules.profile in (asked.profile, 'all')
        group by tier, rules.profile qualify rank() over (
            order by case when rules.profile = 'all' then 1 else 0 end
        ) = 1
    )
    select told.review_id, told.customer_id, customers.account_owner, told.tier_before, told.tier_after,
        case when after_ranks.tier_rank < before_ranks.tier_rank then 'up'
            when after_ranks.tier_rank > before_ranks.tier_rank then 'down' end as direction,
        told.value_at_stake, told.status, told.approver, told.decided_at
    from told
    left join marts.dim_customers as customers on told.customer_id = customers.customer_id
    left join ranks as before_ranks on told.tier_before = before_ranks.tier
    left join ranks as after_ranks on told.tier_after = after_ranks.tier
    where told.review_id = {review_id} and told.scheme = {scheme} and told.status != 'unchanged'
    order by told.value_at_stake desc, told.customer_id
"""
LABELS = """
    select code_set, code, name_en, name_zh from marts.dim_labels
    where code_set in ({scheme}, 'tier_direction', 'tier_review_status')
"""


def changes(desk: ReviewDesk, review: Review, language: str = "en") -> list[dict[str, Any]]:
    """The changes of a review with owner and direction, the most valuable customers first, in the words of a language.

    Raises:
        SettingsError: the language is not one that there are words of.
    """
    if language not in LANGUAGES:
        raise SettingsError(f"There is no language '{language}'.", f"Use one of {', '.join(LANGUAGES)}.")
    names = {"review_id": literal(review.review_id), "scheme": literal(review.scheme)}
    with open_warehouse(desk.home.published, read_only=True) as connection:
        rows = connection.execute(CHANGES.format(told=desk.told_sql(), **names)).fetchall()
        labels = {
            (code_set, code): by_language[LANGUAGES.index(language)]
            for code_set, code, *by_language in connection.execute(LABELS.format(**names)).fetchall()
        }
    sets = {"tier_before": review.scheme, "tier_after": review.scheme} | {
        "direction": "tier_direction", "status": "tier_review_status"
    }  # fmt: skip
    return [
        {
            name: f"{value} {label}" if name.startswith("tier_") and label else label or value
            for name, value in zip(COLUMNS, row, strict=True)
            for label in [labels.get((sets[name], value)) if name in sets else None]
        }
        for row in rows
    ]


def moves(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The changes of `changes` by move: from which tier to which, how many customers and what they spend."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for row in rows:
        key = (row["tier_before"], row["tier_after"])
        move = found.setdefault(
            key, {"from": key[0], "to": key[1], "direction": row["direction"], "customers": 0, "value_at_stake": 0}
        )
        move["customers"] += 1
        move["value_at_stake"] += row["value_at_stake"]
    return sorted(found.values(), key=lambda move: (-move["value_at_stake"], move["from"], move["to"]))


def report_path(home: Home, review: Review) -> Path:
    """Where the list of a review is written when it is opened."""
    return home.reports / "tier_reviews" / f"{review.review_id}-{review.scheme}.xlsx"


def write_changes(rows: Sequence[Mapping[str, Any]], path: Path, language: str = "en") -> Path:
    """Write the changes as a CSV file or a workbook.

    Raises:
        SettingsError: the file's ending is not one that can be written.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise SettingsError(f"{path.name} is neither CSV nor a workbook.", f"End it in {' or '.join(SUFFIXES)}.")
    path.parent.mkdir(parents=True, exist_ok=True)
    header = [names[LANGUAGES.index(language)] for names in COLUMNS.values()]
    if path.suffix.lower() == ".csv":
        with path.open("w", encoding="utf-8-sig", newline="") as file:  # the mark tells Excel that it is UTF-8
            writer = csv.writer(file)
            writer.writerow(header)
            writer.writerows(row.values() for row in rows)
    else:
        _write_workbook(header, rows, path)
    return path


def _write_workbook(header: Sequence[str], rows: Sequence[Mapping[str, Any]], path: Path) -> None:
    from openpyxl import Workbook  # noqa: PLC0415  # costs a quarter of a second that no other command needs
    from openpyxl.cell import WriteOnlyCell  # noqa: PLC0415  # as above
    from openpyxl.styles import Font  # noqa: PLC0415  # as above

    book = Workbook(write_only=True)
    sheet = book.create_sheet("tier_review")
    sheet.freeze_panes = "A2"
    for letter, width in zip("ABCDEFGHIJ", WIDTHS, strict=True):
        sheet.column_dimensions[letter].width = width

    def cell(value: Any) -> Any:
        """A text that begins with = is a text, never a formula."""
        if not isinstance(value, str):
            return value
        made = WriteOnlyCell(sheet, value)
        made.data_type = "s"
        return made

    titles = [cell(name) for name in header]
    for title in titles:
        title.font = Font(bold=True)
    sheet.append(titles)
    for row in rows:
        sheet.append([cell(value) for value in row.values()])
    book.save(path)


def as_markdown(review: Review, rows: Sequence[Mapping[str, Any]], path: Path) -> str:
    """What a person needs before deciding: the moves with their value, where the list is, and how to decide singly.

    Args:
        rows: as `changes` gives them.
        path: where the full list is.
    """
    lines = [
        f"Tiers of scheme `{review.scheme}` on {review.reviewed_on}, beside those in force: {review.changes} of "
        f"{review.customers} customers would change, {review.value_at_stake:,} of yearly spend at stake.",
        "",
        "| From | To | Direction | Customers | Spend at stake |",
        "|---|---|---|---:|---:|",
        *(
            f"| {move['from']} | {move['to']} | {move['direction'] or '-'} | {move['customers']:,} "
            f"| {move['value_at_stake']:,} |"
            for move in moves(rows)
        ),
        "",
        f"Every customer: `{path}`, or `retention review export {review.review_id} --out FILE.xlsx`. Single customers "
        f"first: `retention review reject {review.review_id} --customer ID --approver NAME`. Until it is approved, the "
        "tiers in force stay as they are.",
    ]
    return "\n".join(lines)
