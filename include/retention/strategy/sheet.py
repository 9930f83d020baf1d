"""The sheet on which a change of strategy is signed (策略调整审批表), and what a person reads before deciding."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from retention.languages import LANGUAGES
from retention.publication.chosen_release import open_published
from retention.runs import Home
from retention.strategy.desk import OPEN, Proposal

TIER = """
    select tiers.customers, tiers.customer_share, tiers.revenue_12m, tiers.revenue_share, tiers.as_of_date,
        schemes.name_en as scheme_en, schemes.name_zh as scheme_zh, names.name_en as tier_en, names.name_zh as tier_zh
    from marts.tier_distribution as tiers
    left join marts.dim_labels as schemes on schemes.code_set = 'scheme' and schemes.code = tiers.scheme
    left join marts.dim_labels as names on names.code_set = tiers.scheme and names.code = tiers.tier
    where tiers.scheme = $scheme and tiers.tier = $tier
"""
WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "title": "Change of strategy {id}",
        "scheme": "Tier scheme",
        "tier": "Tier",
        "change": "What changes",
        "from": "From",
        "proposed": "Proposed by",
        "size": "Concerned on {day}",
        "figures": "{customers:,} customers ({customer_share}), spend of 12 months {revenue:,.0f} ({revenue_share})",
        "decision": "Decision",
        "decided": "Decided by",
        "comment": "Comment",
        "open": "open",
        "approved": "approved",
        "rejected": "rejected",
        "at": "{name}, {at}",
        "colon": ": ",
    },
    "zh": {
        "title": "策略调整审批表 {id}",
        "scheme": "分层体系",
        "tier": "层级",
        "change": "调整内容",
        "from": "生效日期",
        "proposed": "提出人",
        "size": "涉及客户（{day}）",
        "figures": "{customers:,}位客户（{customer_share}），近12个月消费额{revenue:,.0f}（{revenue_share}）",
        "decision": "审批结果",
        "decided": "审批人",
        "comment": "审批意见",
        "open": "待审批",
        "approved": "批准",
        "rejected": "驳回",
        "at": "{name}，{at}",
        "colon": "：",
    },
}


def as_markdown(home: Home, one: Proposal, language: str = "en") -> str:
    """The sheet: what changes for whom, and who decided what of it."""
    words, tier = WORDS[language], _tier(home, one)
    rows = {
        words["scheme"]: _named(one.scheme, tier.get(f"scheme_{language}")),
        words["tier"]: _named(one.tier, tier.get(f"tier_{language}")),
        words["change"]: one.description,
        words["from"]: str(one.changed_on),
        words["proposed"]: _who(words, one.proposed_by, one.proposed_at),
    }
    if tier:
        rows[words["size"].format(day=tier["as_of_date"])] = words["figures"].format(
            customers=tier["customers"],
            customer_share=_percent(tier["customer_share"]),
            revenue=tier["revenue_12m"] or 0,
            revenue_share=_percent(tier["revenue_share"]),
        )
    if one.status != OPEN:
        rows |= {
            words["decision"]: words[one.status],
            words["decided"]: _who(words, one.decided_by, one.decided_at),
            words["comment"]: one.comment or "-",
        }
    lines = [f"- **{name}**{words['colon']}{' '.join(str(text).split())}" for name, text in rows.items()]
    return "\n".join([f"# {words['title'].format(id=one.change_id)}", "", *lines, ""])


def write_sheet(home: Home, one: Proposal) -> list[Path]:
    """Write the sheet in each language into `HOME/reports/strategy/`."""
    folder = home.reports / "strategy"
    folder.mkdir(parents=True, exist_ok=True)
    name = "".join(letter if letter.isalnum() or letter in "-_." else "_" for letter in one.change_id)
    paths = [folder / f"{name}-{language}.md" for language in LANGUAGES]
    for language, path in zip(LANGUAGES, paths, strict=True):
        path.write_text(as_markdown(home, one, language), encoding="utf-8")
    return paths


def _tier(home: Home, one: Proposal) -> dict[str, Any]:
    """How large the tier is in the published release; nothing where there is none of it."""
    if not home.published.exists():
        return {}
    with open_published(home) as release:
        rows = release.rows(TIER, {"scheme": one.scheme, "tier": one.tier})
    return rows[0] if rows else {}


def _named(code: str, name: str | None) -> str:
    return f"{name} ({code})" if name else code


def _who(words: Mapping[str, str], name: str | None, at: object) -> str:
    return words["at"].format(name=name, at=at) if name and at else name or "-"


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.1f} %"
