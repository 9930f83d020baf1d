"""The latent truth: who the customers are, how often they would buy, when they leave and what makes them leave.

Purchases follow a Poisson process whose rate differs by customer (gamma) and swings with season and weekday; a life
ends by an exponential time, the sooner the less content the customer is, or by an incident; amounts of a customer are
gamma with a mean that is inverse gamma among customers (gamma-gamma).
"""

import duckdb

from retention.simulation.company import Company
from retention.simulation.flavours import PERIOD_DAYS
from retention.simulation.plan import AUDIENCE_SHARE, HOLDOUT, HOLDOUT_SHARE, WINDOW_DAYS, Campaign, Incident

PULLED_DAYS = 60  # late rows, corrections and returns of a last day that is set come from so many days before it
SPEND_SHAPE = 4  # of the amounts of a customer, and of the gamma numbers that their means are divided by
FOUNDERS = 0.25  # customers from before the history
CONTENTMENT_EFFECT = 0.5  # on the logarithm of the hazard, for one standard deviation
FIRST_ORDER_SHARE = 0.9  # of new customers; the others register before they buy, if ever
SEGMENTS = ((2.0, "loyal"), (0.7, "regular"), (0.2, "occasional"), (0.0, "rare"))  # from this multiple of the mean rate


def draw_calendar(connection: duckdb.DuckDBPyConnection, company: Company) -> None:
    """One row per day: its factor, of mean 1 over the history, and the sum of the factors up to it.

    The last day of a company whose last day is set gets the factor that brings about as many orders.
    """
    trade = company.trade
    weekdays = f"{[*trade.weekdays]}[isodow(on_day)]"
    connection.execute(f"""
        create table calendar as
        with days as (
            select day::integer as day, date '{company.first_day}' + day::integer as on_day
            from range({company.days}) as drawn(day)
        ),
        weighed as (
            select *, {weekdays} * (1 + {trade.swing} * sin(2 * pi() * (dayofyear(on_day) - 250) / {PERIOD_DAYS}))
                * case when monthday(on_day) in ('11-11', '06-18', '12-12') then 1.6 else 1 end as weight
            from days
        ),
        scaled as (select day, on_day, weight / avg(weight) over () as factor from weighed)
        select *, sum(factor) over (order by day) as reached from scaled""".replace(
        "monthday(on_day)", "strftime(on_day, '%m-%d')"
    ))  # fmt: skip


def draw_lives(connection: duckdb.DuckDBPyConnection, company: Company, incidents: list[Incident]) -> None:
    """Table `lives`: one row per true customer `i`.

    `registered` may lie before day 0; purchases are possible from `first_day` to `last_day`, the day of leaving, which
    lies beyond the history for who has not left; `rate` is purchases a day where the season's factor is 1.
    """
    d, trade = company.draws("customer", "i"), company.trade
    founders = int(company.customers * FOUNDERS)
    newcomers = company.customers - founders
    registered = f"""case when i < {founders} then -{d.integer("founded", 1, 900)}
        else least({company.days - 1}, greatest(0, cast(floor((i - {founders}) * {company.days * 0.97} /
            {max(1, newcomers)})
            as integer) + {d.integer("jitter", -5, 11)})) end"""
    hazard = f"exp(-{CONTENTMENT_EFFECT} * contentment - {CONTENTMENT_EFFECT**2 / 2}) / {trade.life_days}"
    leaves = ", ".join(_leaving(company, incident) for incident in incidents)
    segments = " ".join(f"when rate >= {times * trade.rate} then '{name}'" for times, name in SEGMENTS)
    connection.execute(f"""
        create table lives as
        with drawn as (
            select cast(i as bigint) as i, i < {founders} as is_founder, {registered} as registered,
                {d.normal("contentment")} as contentment,
                {trade.rate} * {d.gamma("rate", trade.rate_halves)} / {trade.rate_halves / 2} as rate,
                {trade.spend * (SPEND_SHAPE - 1)} / {d.gamma("spend", 2 * SPEND_SHAPE)} as spend,
                {d.weighted("region", trade.regions)} as region, {d.weighted("channel", trade.channels)} as channel
            from range({company.customers}) as drawn(i)
        ),
        begun as (select *, greatest(0, registered) as first_day, {hazard} as hazard from drawn),
        lived as (select *, first_day + cast(floor({d.exponential("life")} / hazard) as integer) as natural_end from
            begun),
        ended as (select *, least(natural_end{", " + leaves if leaves else ""}) as last_day from lived)
        select i, registered, first_day, last_day, natural_end, contentment, hazard, rate, spend, region, channel,
            case {segments} end as segment,
            not is_founder and {d.happens("buys at once", FIRST_ORDER_SHARE)} as buys_at_once,
            least(last_day, {company.days - 1}) as seen_to
        from ended order by i""")
    _scale_rates(connection, company)


def _leaving(company: Company, incident: Incident) -> str:
    """The day on which an incident makes the customer leave; null for nearly all."""
    d = company.draws("customer", "i")
    stayed = f"floor({d.exponential(incident.incident_id)} / {incident.extra_hazard})"
    day = f"greatest(first_day, {incident.first}) + cast({stayed} as integer)"
    concerned = f"{concerns(incident)} and first_day <= {incident.last} and {day} <= {incident.last}"
    return f"case when {concerned} then {day} end"


def concerns(incident: Incident) -> str:
    """SQL of whether a customer is one of those who have to do with the place of an incident."""
    return f"(region = '{incident.region}' and channel = '{incident.channel}')"


EXPOSURE = "(until.reached - since.reached + since.factor)"
EXPOSED = """lives
    join calendar as since on since.day = lives.first_day join calendar as until on until.day = lives.seen_to"""


def _scale_rates(connection: duckdb.DuckDBPyConnection, company: Company) -> None:
    """Bring the rates to the orders asked for, then the last day's factor to its own."""
    if company.orders is not None:
        expected, firsts = _one(
            connection, f"select sum(rate * {EXPOSURE}), count(*) filter (buys_at_once) from {EXPOSED}"
        )
        factor = max(0.0, company.orders - firsts) / expected
        connection.execute(f"update lives set rate = rate * {factor!r}")
    if company.last_day_orders is not None:
        last = company.days - 1
        since, until = f"greatest(first_day, {max(0, last - PULLED_DAYS)})", f"least(last_day, {last - 1})"
        connection.execute(f"""
            create table recent as
            select greatest(1, sum(rate * (until.reached - since.reached + since.factor))
                + count(*) filter (buys_at_once and first_day >= {last - PULLED_DAYS})) as orders
            from lives join calendar as since on since.day = {since} join calendar as until on until.day = {until}
            where {since} <= {until}""")
        (rate,) = _one(connection, f"select sum(rate) from lives where {last} between first_day and last_day")
        connection.execute(f"""
            update calendar set reached = reached - factor + {company.last_day_orders / rate!r},
                factor = {company.last_day_orders / rate!r} where day = {last}""")


def draw_audiences(connection: duckdb.DuckDBPyConnection, company: Company, planned: list[Campaign]) -> None:
    """Table `audiences`: who is in which variant of which campaign, and the day of the order that it brings, if any."""
    d = company.draws("customer", "i")
    connection.execute("""
        create table audiences (campaign integer, i bigint, start integer, variant varchar, lift double,
            extra_day integer)""")
    half = HOLDOUT_SHARE + (1 - HOLDOUT_SHARE) / 2
    for one in planned:
        name = one.campaign_id
        connection.execute(f"""
            insert into audiences
            with asked as (
                select *, {d.uniform(f"{name} variant")} as place from lives
                where registered < {one.start} and {d.happens(f"{name} audience", AUDIENCE_SHARE)}
            ),
            divided as (
                select *, case when place < {HOLDOUT_SHARE} then '{HOLDOUT}' when place < {half} then 'A' else 'B' end
                    as variant
                from asked
            ),
            lifted as (
                select *, case variant when 'A' then {one.lift_a} when 'B' then {one.lift_b} else 0 end as lift,
                    {d.integer(f"{name} day", one.start + 1, WINDOW_DAYS)} as day
                from divided
            )
            select {one.number}, i, {one.start}, variant, lift,
                case when {d.happens(f"{name} lift", "lift")} and day between first_day and last_day then day end
            from lifted order by i""")


def _one(connection: duckdb.DuckDBPyConnection, sql: str) -> tuple[float, ...]:
    return tuple(float(value or 0) for value in connection.execute(sql).fetchall()[0])
