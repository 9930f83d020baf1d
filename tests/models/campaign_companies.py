"""Many simulated companies with campaigns of known effect, as one delivery: what they bought around the campaigns.

Lives, audiences and purchases are those of `retention simulate`; only the days of the windows are drawn, and every
order is completed. IDs begin with the company's seed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import duckdb
import pandas as pd

from retention.simulation.company import Company, Span
from retention.simulation.lives import draw_audiences, draw_calendar, draw_lives
from retention.simulation.orders import draw_purchases
from retention.simulation.plan import WINDOW_DAYS, campaigns, incidents

if TYPE_CHECKING:
    from collections.abc import Iterable

CUSTOMERS, MONTHS, END = 3_000, 4, date(2024, 4, 30)
OPENS, CLOSES = 28_800, 79_200  # seconds of the day between which orders are placed, evenly
# A touched customer who has not left places one more order on one of the window's days, each as likely, with the
# planted chance. Who would have converted anyway (with chance own, a Poisson process with what was left of the touch's
# own day) converts all the same, and who leaves before that day does not: the chance of converting rises by
# (1 - own) * lift * share of the window's days that the customer lives. The effect is its mean over the whole audience,
# which the lot divides.
EFFECTS = f"""
    with reached as (select day, reached, factor from calendar union all select -1, 0, 0),
    members as (
        select audiences.campaign, audiences.i, audiences.start, rate,
            greatest(start, least(last_day, start + {WINDOW_DAYS})) as finish,
            case when start <= last_day then ({CLOSES} - touched_second) / ({CLOSES} - {OPENS}.0) else 0 end
                as left_of_day
        from audiences join lives using (i) join moments using (campaign, i)
    ),
    chances as (
        select members.*,
            exp(-rate * (until.reached - since.reached + left_of_day * since.factor)) as stays_away,
            (finish - start) / {WINDOW_DAYS}.0 as lived
        from members
        join reached as since on since.day = members.start join reached as until on until.day = members.finish
    )
    select campaign, variants.variant, any_value(variants.lift) as planted,
        avg(stays_away * variants.lift * lived) as effect, count(*) as customers
    from chances join (select distinct campaign, variant, lift from audiences) as variants using (campaign)
    where variants.variant <> 'holdout'
    group by campaign, variants.variant
"""


@dataclass(frozen=True)
class Companies:
    """What many companies delivered, and the truth about their campaigns.

    Attributes:
        raw: touches, orders and campaigns as landing delivers them.
        truth: seed, campaign, variant, planted lift and true effect on the conversion rate.
    """

    raw: dict[str, pd.DataFrame]
    truth: pd.DataFrame


def simulated_companies(seeds: Iterable[int]) -> Companies:
    """One company per seed."""
    parts = [_company(seed) for seed in seeds]
    touches, orders, plans, truth = (pd.concat(frames, ignore_index=True) for frames in zip(*parts, strict=True))
    raw = {"touches": touches, "orders": orders, "campaigns": plans}
    return Companies({name: rows.assign(_load_seq=1, _line_no=range(len(rows))) for name, rows in raw.items()}, truth)


def _company(seed: int) -> tuple[pd.DataFrame, ...]:
    company = Company(CUSTOMERS, MONTHS, seed, END)
    planned = campaigns(company)
    touch, order = company.draws("touch", "campaign * 100000 + i"), company.draws("order", "r")
    first = f"timestamp '{company.first_day}'"
    with duckdb.connect(config={"threads": 1}) as connection:
        draw_calendar(connection, company)
        draw_lives(connection, company, incidents(company))
        draw_audiences(connection, company, planned)
        connection.execute(f"""
            create table moments as
            select campaign, i, {touch.integer("second", 32_400, 28_800)} as touched_second from audiences""")
        touches = connection.sql(f"""
            select '{seed}-' || campaign || '-' || i as touch_id, '{seed}-' || i as customer_id,
                {first} + to_days(start) + to_seconds(touched_second) as touched_at, 'sms' as channel,
                '{seed}-' || campaign as campaign_id, variant
            from audiences join moments using (campaign, i)""").df()
        plans = connection.sql(f"""
            select distinct '{seed}-' || campaign as campaign_id, 'Campaign' as name,
                date '{company.first_day}' + start as starts_on, date '{company.first_day}' + start + 14 as ends_on,
                0.2 as holdout_share
            from audiences""").df()
        bought = []
        for one in planned:
            draw_purchases(connection, company, Span(one.start, one.end, ""))
            bought.append(
                connection.sql(f"""
                select '{seed}-' || r as order_id, '{seed}-' || i as customer_id, 10 as amount, 'completed' as status,
                    {first} + to_days(day) + to_seconds({order.integer("second", OPENS, CLOSES - OPENS)}) as ordered_at
                from bought where i in (select i from audiences where campaign = {one.number})""").df()
            )
        truth = connection.sql(f"select {seed} as seed, * from ({EFFECTS})").df()
    return touches, pd.concat(bought, ignore_index=True), plans, truth
