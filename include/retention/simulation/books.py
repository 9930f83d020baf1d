"""What the company's offices keep: products and their cost, exchange rates, finance's totals, changes of strategy."""

import duckdb

from retention.simulation.company import Company, Span
from retention.simulation.deliveries import wait
from retention.simulation.orders import CURRENCIES
from retention.simulation.plan import MISBOOKED, misbooked_month

COST_SHARE = 0.62
RATES_BEFORE = 7  # days before the history from which rates are known
CHANGES = (
    "Raise the visit rhythm to twice a month",
    "Send the coupon after 3 silent days",
    "Call within 72 hours of the first order",
    "Move the community to weekly posts",
    "Add a trial pack to the monthly message",
)
TIERS = {"loyal": "A", "regular": "B", "occasional": "C", "rare": "D"}


def draw_products(connection: duckdb.DuckDBPyConnection, company: Company) -> None:
    """Table `shelf` (product number and price), and the product list, delivered once."""
    d, trade = company.draws("product", "p"), company.trade
    categories = [*trade.categories]
    connection.execute(f"""
        create table shelf as
        select cast(p as integer) as p, round({trade.price} * exp(0.6 * {d.normal("price")}), 2) as price
        from range({trade.products}) as drawn(p)""")
    wait(connection, "products", f"""
        select 'P' || lpad(p::varchar, 4, '0') as product_id, {categories}[1 + p % {len(categories)}] || ' ' || p as
            name,
            if({d.happens("hole in category", company.flaws.holes)}, null, {categories}[1 + p % {len(categories)}]) as
                category,
            {d.choice("brand", ["Alpha", "Beta", "Gamma"])} as brand,
            cast(round(price * {COST_SHARE} * (0.9 + 0.2 * {d.uniform("cost")}), 2) as decimal(18, 2)) as unit_cost,
            p as _at, 0 as _delivered
        from shelf""")  # fmt: skip


def draw_rates(connection: duckdb.DuckDBPyConnection, company: Company) -> None:
    """Table `rates` (every day and currency), and the rates published on working days."""
    listed = ", ".join(f"('{name}', {rate})" for name, rate in CURRENCIES.items())
    d = company.draws("rate", "day * 16 + length(currency) + ascii(currency)")
    days = f"range(-{RATES_BEFORE}, {company.days})"
    connection.execute(f"""
        create temp table published_rates as
        select currency, cast(day as integer) as day, date '{company.first_day}' + cast(day as integer) as rate_date,
            cast(middle * (1 + 0.03 * sin(day / 47.0) + 0.01 * ({d.uniform("daily")} - 0.5)) as decimal(18, 8)) as rate
        from {days} as drawn(day) cross join (values {listed}) as known(currency, middle)
        where isodow(date '{company.first_day}' + cast(day as integer)) < 6""")
    connection.execute(f"""
        create table rates as
        select cast(drawn.day as integer) as day, currency, arg_max(rate, published_rates.day)::double as rate
        from range({company.days}) as drawn(day) join published_rates on published_rates.day <= drawn.day
        group by all""")
    if not company.trade.foreign:
        connection.execute("delete from rates")
    wait(
        connection,
        "fx_rates",
        """
        select currency, rate_date, rate, (day + 1000) * 128 + ascii(currency) as _at, greatest(0, day) as _delivered
        from published_rates""",
    )


def draw_changes(connection: duckdb.DuckDBPyConnection, company: Company) -> None:
    """Two changes of strategy a month, of which one in five nobody has approved yet."""
    d = company.draws("strategy change", "n")
    months = ", ".join(f"({month.first}, {month.last - month.first + 1})" for month in company.calendar_months())
    wait(connection, "strategy_changes", f"""
        with numbered as (
            select row_number() over (order by first, nth) as n, first, length
            from (values {months}) as months(first, length) cross join (values (1), (2)) as twice(nth)
        ),
        dated as (select n, first + {d.integer("day", 0, "length")} as day from numbered)
        select 'S' || lpad(n::varchar, 4, '0') as change_id, date '{company.first_day}' + day as changed_on,
            'retention_abcd' as scheme, {d.choice("tier", list(TIERS.values()))} as tier,
            {d.choice("description", [*CHANGES])} as description,
            if({d.happens("approved", 0.8)}, 'director', null) as approver,
            if(approver is null, null, cast(changed_on as timestamp) + interval 11 hour) as approved_at,
            n as _at, day as _delivered
        from dated""")  # fmt: skip


def begin_books(connection: duckdb.DuckDBPyConnection) -> None:
    """Table `books`: what finance has booked for each month, and what it last reported."""
    connection.execute("create table books (month date primary key, revenue decimal(18, 2), reported decimal(18, 2))")


def book(connection: duckdb.DuckDBPyConnection, company: Company, span: Span) -> None:
    """Book what this delivery brings, and report each month that is over and whose total has changed.

    A month is reported after its end, and again whenever late orders, corrections or returns change it. The planted
    month is reported wrong each time.
    """
    connection.execute(f"""
        insert into books
        select _month, sum(_booked), null from (
            select _month, _booked from waiting_orders where _delivered <= {span.last}
            union all select _month, _booked from waiting_returns where _delivered <= {span.last}
        ) group by _month
        on conflict (month) do update set revenue = books.revenue + excluded.revenue""")
    over = f"last_day(month) < date '{company.day(span.last)}' and reported is distinct from revenue"
    wrong = f"case when month = date '{misbooked_month(company)}' then {MISBOOKED} else 1 end"
    wait(connection, "finance_totals", f"""
        select month, cast(revenue * {wrong} as decimal(18, 2)) as revenue, epoch(month::timestamp) as _at,
            {span.last} as _delivered
        from books where {over}""")  # fmt: skip
    connection.execute(f"update books set reported = revenue where {over}")
