"""What the company does for its customers: campaigns, planned contacts, memberships, contracts, referrals."""

from collections.abc import Sequence

import duckdb

from retention.simulation.books import TIERS
from retention.simulation.company import Company, Span, instant
from retention.simulation.deliveries import wait
from retention.simulation.plan import GOALS, HOLDOUT, HOLDOUT_SHARE, Campaign
from retention.simulation.service import happenings

CARE_RATE, PLANNED_MORE, REFERRED_SHARE = 0.002, 1.04, 0.08
DELIVERED, OPENED, CLICKED, RESPONDED = 0.97, 0.4, 0.3, 0.35  # each of those before
THEMES = {"A": "benefits report", "B": "gift", "C": "tips", "D": "coupon"}
LEVELS = (
    ("silver", 0, 0.0),
    ("gold", 180, 0.6),
    ("diamond", 400, 2.0),
)  # from this day on, from this multiple of the rate
CONTRACT_DAYS, MOST_RENEWALS = 365, 20


def draw_campaigns(connection: duckdb.DuckDBPyConnection, company: Company, campaigns: Sequence[Campaign]) -> None:
    """The campaigns, each known from its first day on."""
    if not campaigns:
        return
    rows = ", ".join(
        f"({one.number}, '{one.campaign_id}', {one.start}, {one.end}, '{GOALS[one.number % len(GOALS)]}')"
        for one in campaigns
    )
    wait(connection, "campaigns", f"""
        with sized as (select campaign, count(*) filter (variant <> '{HOLDOUT}') as treated from audiences group by all)
        select campaign_id, 'Campaign ' || number || ': ' || goal as name, date '{company.first_day}' + start as
            starts_on,
            date '{company.first_day}' + finish as ends_on, goal,
            cast(500 + 0.4 * coalesce(treated, 0) as decimal(18, 2)) as cost,
            cast({HOLDOUT_SHARE} as decimal(9, 6)) as holdout_share, number as _at, start as _delivered
        from (values {rows}) as planned(number, campaign_id, start, finish, goal) left join sized on campaign = number
        """)  # fmt: skip


def draw_touches(connection: duckdb.DuckDBPyConnection, company: Company, month: Span) -> None:
    """The month's contacts: messages of campaigns, and care by plan. Who is left out of a campaign has a row too.

    That row, of variant 'holdout', was never delivered: without it nobody could compare.
    """
    care = happenings(company, month, "care", str(CARE_RATE), ("segment",))
    tier = " ".join(f"when '{segment}' then '{tier}'" for segment, tier in TIERS.items())
    connection.execute(f"""
        create or replace temp table touched as
        select e * 2 as e, i, day, null::integer as campaign, null::varchar as variant, case segment {tier} end as tier
        from ({care})
        union all
        select (start::bigint * {company.customers} + i) * 32 + 1, i, start, campaign, variant, 'B' from audiences
        where start between {month.first} and {month.last}""")
    d, channels = company.draws("touch", "e"), company.trade.contact_channels
    moment = instant(company, "day", d.integer("second", 32_400, 28_800))
    wait(connection, "touches", f"""
        with sent as (
            select *, {moment} as moment, coalesce(variant, '') = '{HOLDOUT}' as is_left_out from touched
        ),
        followed as (
            select *, not is_left_out and {d.happens("delivered", DELIVERED)} as is_delivered,
                {d.happens("opened", OPENED)} as is_opened, {d.happens("clicked", CLICKED)} as is_clicked,
                {d.happens("responded", RESPONDED)} as is_responded
            from sent
        ),
        timed as (
            select *, if(is_delivered, moment + to_minutes({d.integer("delivery", 1, 30)}), null) as delivered_at,
                if(is_opened, delivered_at + to_minutes({d.integer("opening", 1, 2_000)}), null) as opened_at,
                if(is_clicked, opened_at + to_minutes({d.integer("click", 1, 30)}), null) as clicked_at,
                if(is_responded, clicked_at + to_minutes({d.integer("response", 1, 2_000)}), null) as responded_at
            from followed
        )
        select 'U' || lpad(e::varchar, 14, '0') as touch_id, 'C' || lpad(i::varchar, 8, '0') as customer_id,
            moment as touched_at, {d.weighted("channel", channels)} as channel, {_plan(month)} as plan_id,
            if(campaign is null, null, 'K' || lpad(campaign::varchar, 3, '0')) as campaign_id, variant,
            delivered_at, opened_at, clicked_at, responded_at,
            if(responded_at is null, 'none', {d.weighted("feedback", {"positive": 3, "negative": 1})}) as feedback,
            e as _at, (coalesce(responded_at, clicked_at, opened_at, moment)::date - date '{company.first_day}') as
                _delivered
        from timed""")  # fmt: skip
    _wait_plans(connection, company, month)


def _plan(month: Span) -> str:
    return f"if(campaign is null, 'P{month.label}-' || tier, 'PK' || lpad(campaign::varchar, 3, '0'))"


def _wait_plans(connection: duckdb.DuckDBPyConnection, company: Company, month: Span) -> None:
    """The month's plans, a little more than what was done, each on the day of its first contact."""
    themes = " ".join(f"when '{tier}' then '{theme}'" for tier, theme in THEMES.items())
    d = company.draws("plan", f"{month.first} * 8 + ascii(tier) - 64 + coalesce(campaign, 0) * 10000")
    wait(connection, "touch_plans", f"""
        with planned as (
            select {_plan(month)} as plan_id, tier, campaign, count(*) as touches,
                min(day) as planned_day
            from touched where coalesce(variant, '') <> '{HOLDOUT}' group by all
        )
        select plan_id, date '{company.first_day}' + planned_day as planned_on, 'retention_abcd' as scheme, tier,
            {d.weighted("channel", company.trade.contact_channels)} as channel,
            cast(ceil(touches * {PLANNED_MORE}) as integer) as planned_count,
            if(campaign is null, case tier {themes} end, 'campaign') as theme, 'team-' || lower(tier) as executor,
            if(campaign is null, null, 'K' || lpad(campaign::varchar, 3, '0')) as campaign_id,
            {month.first}::bigint * 1000 + coalesce(campaign, 0) * 8 + ascii(tier) - 64 as _at, planned_day as
                _delivered
        from planned""")  # fmt: skip


def draw_bonds(connection: duckdb.DuckDBPyConnection, company: Company) -> None:
    """Memberships, contracts with their renewals, and referrals of the whole history."""
    d, trade = company.draws("customer", "i"), company.trade
    levels = ", ".join(
        f"({nth}, '{name}', {days}, {times * trade.rate})" for nth, (name, days, times) in enumerate(LEVELS)
    )
    customer = "'C' || lpad(i::varchar, 8, '0')"
    wait(connection, "memberships", f"""
        with risen as (
            select *, first_day + days as day from lives cross join (values {levels}) as levels(nth, level, days,
                least_rate)
            where {d.happens("member", trade.members)} and rate >= least_rate and first_day + days <= last_day
        )
        select {customer} as customer_id, level, date '{company.first_day}' + day as level_from,
            cast(nth * 1000 + rate * days * 100 as integer) as points, i * 4 + nth as _at, day as _delivered
        from risen""")  # fmt: skip
    wait(connection, "contracts", f"""
        with renewed as (
            select *, unnest(range({MOST_RENEWALS})) as nth from lives where {d.happens("contract", trade.contracted)}
        ),
        dated as (select *, cast(registered + nth * {CONTRACT_DAYS} as integer) as day from renewed)
        select 'V' || lpad(i::varchar, 8, '0') || '-' || nth as contract_id, {customer} as customer_id,
            date '{company.first_day}' + day as starts_on,
            date '{company.first_day}' + day + {CONTRACT_DAYS - 1} as ends_on,
            cast(round(rate * spend * {CONTRACT_DAYS}, -1) as decimal(18, 2)) as value,
            cast(least(365, greatest(7, round(1 / rate))) as integer) as usage_cycle_days,
            i * {MOST_RENEWALS} + nth as _at, greatest(0, day) as _delivered
        from dated where day <= last_day and day < {company.days}""")  # fmt: skip
    wait(connection, "referrals", f"""
        select 'F' || lpad(i::varchar, 8, '0') as referral_id,
            'C' || lpad(cast(floor({d.uniform("referrer")} * i) as bigint)::varchar, 8, '0') as referrer_id,
            {customer} as referred_id, {instant(company, "registered", "43200")} as referred_at,
            i as _at, registered as _delivered
        from lives where i > 0 and registered > 0 and {d.happens("referred", REFERRED_SHARE)}""")  # fmt: skip
