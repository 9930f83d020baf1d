"""A review for those who decide: the moves in a few lines, and every customer in a workbook."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from retention.languages import LANGUAGES, check_language
from retention.publication.workbooks import Sheet, check_file, write_csv, write_workbook
from retention.reviews.desk import Review, ReviewDesk
from retention.runs import Home
from retention.sql import literal
from retention.warehouse.candidate import open_warehouse

SHEETS = {"en": "tier_review_1", "zh": "层级评审_1"}
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
MOVES = """
    select tier_before, tier_after, any_value(direction) as direction, count(*) as customers,
        sum(value_at_stake)::decimal(18, 2) as value_at_stake
    from ({changes})
    group by tier_before, tier_after
    order by value_at_stake desc, tier_before, tier_after
"""
LABELS = """
    select code_set, code, name_en, name_zh from marts.dim_labels
    where code_set in ({scheme}, 'tier_direction', 'tier_review_status')
"""


def changes(desk: ReviewDesk, review: Review, language: str = "en", limit: int | None = None) -> list[dict[str, Any]]:
    """The changes of a review with owner and direction, the most valuable customers first, in the words of a language.

    Args:
        limit: only so many; None: all.

    Raises:
        SettingsError: the language is not one that there are words of.
    """
    return _told(desk, review, language, f"{{changes}}{'' if limit is None else f' limit {limit}'}")


def moves(desk: ReviewDesk, review: Review, language: str = "en") -> list[dict[str, Any]]:
    """The changes by move: from which tier to which, how many customers and what they spend.

    Raises:
        SettingsError: the language is not one that there are words of.
    """
    return _told(desk, review, language, MOVES)


def _told(desk: ReviewDesk, review: Review, language: str, query: str) -> list[dict[str, Any]]:
    """The rows of a query over the changes, codes in the words of a language."""
    check_language(language)
    names = {"review_id": literal(review.review_id), "scheme": literal(review.scheme)}
    with open_warehouse(desk.home.published, read_only=True) as connection:
        result = connection.execute(query.format(changes=CHANGES.format(told=desk.told_sql(), **names)))
        columns = [column[0] for column in result.description or []]
        rows = result.fetchall()
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
            for name, value in zip(columns, row, strict=True)
            for label in [labels.get((sets[name], value)) if name in sets else None]
        }
        for row in rows
    ]


def report_path(home: Home, review: Review) -> Path:
    """Where the list of a review is written when it is opened."""
    return home.reports / "tier_reviews" / f"{review.review_id}-{review.scheme}.xlsx"


def write_changes(rows: Sequence[Mapping[str, Any]], path: Path, language: str = "en") -> Path:
    """Write the changes as a CSV file or a workbook.

    Raises:
        SettingsError: the language or the file's ending is not one that can be written.
    """
    check_file(path, language)
    header = [names[LANGUAGES.index(language)] for names in COLUMNS.values()]
    lines = [list(row.values()) for row in rows]
    if path.suffix.lower() == ".csv":
        write_csv(path, header, lines)
    else:
        write_workbook(path, [Sheet(SHEETS[language], header, WIDTHS, lines, can_filter=True)])
    return path


def as_markdown(review: Review, moved: Sequence[Mapping[str, Any]], path: Path) -> str:
    """What a person needs before deciding: the moves with their value, where the list is, and how to decide singly.

    Args:
        moved: as `moves` gives them.
        path: where the full list is.
    """
    lines = [
        f"Tiers of scheme `{review.scheme}` on {review.reviewed_on}, beside those in force: {review.changes} of "
        f"{review.customers} customers would change, {review.value_at_stake:,} of yearly spend at stake.",
        "",
        "| From | To | Direction | Customers | Spend at stake |",
        "|---|---|---|---:|---:|",
        *(
            f"| {move['tier_before']} | {move['tier_after']} | {move['direction'] or '-'} | {move['customers']:,} "
            f"| {move['value_at_stake']:,} |"
            for move in moved
        ),
        "",
        f"Every customer: `{path}`, or `retention review export {review.review_id} --out FILE.xlsx`. Single customers "
        f"first: `retention review reject {review.review_id} --customer ID --approver NAME`. Until it is approved, the "
        "tiers in force stay as they are.",
    ]
    return "\n".join(lines)
