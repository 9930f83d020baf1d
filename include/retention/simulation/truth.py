"""The truth that the files do not tell, to judge models by: it stands beside the landing folder, never in it."""

import json
from collections.abc import Sequence
from pathlib import Path

import duckdb

from retention.simulation.company import Company
from retention.simulation.lives import EXPOSED, EXPOSURE, concerns
from retention.simulation.plan import HOLDOUT, WINDOW_DAYS, Campaign, Incident, misbooked_month
from retention.sql import literal

CUSTOMER_ID = "'C' || lpad(lives.i::varchar, 8, '0')"


def write_truth(
    connection: duckdb.DuckDBPyConnection,
    company: Company,
    incidents: Sequence[Incident],
    campaigns: Sequence[Campaign],
    folder: Path,
) -> None:
    """Write customers, duplicates, incidents and campaigns as Parquet, and the company's parameters as JSON."""
    folder.mkdir(parents=True, exist_ok=True)
    queries = {
        "customers": _customers(company),
        "duplicates": DUPLICATES,
        "incidents": _incidents(company, incidents),
        "campaigns": _campaigns(company, campaigns),
    }
    for name, sql in queries.items():
        connection.execute(f"copy ({sql}) to {literal(folder / f'{name}.parquet')} (format parquet, compression zstd)")
    facts = {"is_synthetic": True, **company.facts, "misbooked_month": misbooked_month(company)}
    (folder / "company.json").write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")


def _customers(company: Company) -> str:
    """One row per true customer. Expected orders leave out those that campaigns bring."""
    day = f"date '{company.first_day}' + "
    return f"""
        select {CUSTOMER_ID} as true_customer_id, segment, region, channel, {day}registered as acquired_on,
            {day}first_day as observed_from,
            case when last_day < {company.days} then {day}last_day end as true_churn_date, rate as
                true_purchase_rate_per_day,
            hazard as true_churn_rate_per_day, spend as true_mean_spend, contentment,
            rate * {EXPOSURE} + buys_at_once::integer as expected_orders, buys_at_once as has_first_order
        from {EXPOSED} order by lives.i"""


DUPLICATES = """
    with planted as (
        select i as x, i, 'first profile' as kind, kind as shares, null::bigint as number from second_profiles
        union all select second, i, 'second profile', kind, null from second_profiles
        union all select third, i, 'third profile', 'what the second has of its own', null
        from second_profiles where third is not null
        union all select i, i, kind, 'phone', number from shared
    )
    select 'C' || lpad(x::varchar, 8, '0') as customer_id, 'C' || lpad(i::varchar, 8, '0') as true_customer_id, kind,
        shares, if(number is null, null, kind || ' ' || number) as sharing_group
    from planted order by x"""


def _incidents(company: Company, incidents: Sequence[Incident]) -> str:
    day = f"date '{company.first_day}' + "
    parts = [
        f"""select '{one.incident_id}' as incident_id, '{one.category}' as category, '{one.region}' as region,
            '{one.channel}' as channel, {day}{one.first} as first_day, {day}{one.last} as last_day,
            {one.extra_hazard}::double as extra_churn_rate_per_day, {one.ticket_rate}::double as extra_tickets_per_day,
            count(*) as customers_concerned, count(*) filter (last_day < natural_end and last_day between {one.first}
                and {one.last}) as customers_lost,
            sum(least(last_day, {one.last}) - greatest(first_day, {one.first}) + 1)::bigint as customer_days
        from lives where {concerns(one)} and first_day <= {one.last} and last_day >= {one.first}"""
        for one in incidents
    ]
    empty = """select null::varchar as incident_id, null::varchar as category, null::varchar as region,
        null::varchar as channel, null::date as first_day, null::date as last_day,
        null::double as extra_churn_rate_per_day, null::double as extra_tickets_per_day, null::bigint as
            customers_concerned,
        null::bigint as customers_lost, null::bigint as customer_days where false"""
    return f"select * from ({' union all '.join([empty, *parts])}) order by incident_id"


def _campaigns(company: Company, campaigns: Sequence[Campaign]) -> str:
    """One row per campaign and variant. Converted is who orders within the window after the messages went out.

    Without the campaign, a customer converts with 1 - exp(-m), m being the purchases that the rate brings in the days
    of the window that the customer lives; the planted order falls on one day of the window, if the customer lives then.
    """
    ids = ", ".join(f"({one.number}, '{one.campaign_id}')" for one in campaigns) or "(null::integer, null::varchar)"
    day = f"date '{company.first_day}' + "
    return f"""
        with reached as (select day, reached from calendar union all select -1, 0),
        windows as (
            select audiences.campaign, audiences.variant, audiences.lift, audiences.start, audiences.extra_day, rate,
                greatest(audiences.start, least(last_day, audiences.start + {WINDOW_DAYS})) as finish
            from audiences join lives using (i)
        ),
        chances as (
            select windows.*, 1 - exp(-rate * (until.reached - since.reached)) as own,
                1 - (1 - (1 - exp(-rate * (until.reached - since.reached))))
                    * (1 - lift * (windows.finish - windows.start) / {WINDOW_DAYS}.0) as whole
            from windows
            join reached as since on since.day = windows.start join reached as until on until.day = windows.finish
        )
        select campaign_id, variant, variant = '{HOLDOUT}' as is_control, any_value({day}(start + 1)) as
            window_first_day,
            any_value({day}(start + {WINDOW_DAYS})) as window_last_day, count(*) as customers,
            any_value(lift) as planted_lift, avg(own) as true_conversion_rate_untreated,
            avg(whole) as true_conversion_rate, count(extra_day) as planted_orders
        from chances join (values {ids}) as known(campaign, campaign_id) using (campaign)
        group by all order by campaign_id, variant"""
