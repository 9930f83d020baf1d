"""A month's orders, their lines and their returns.

Each day of each customer has a Poisson number of orders. An order's number `r` grows with the day, so that IDs do. Rows
go to `waiting_<entity>` (see deliveries); orders and returns also say what they add to the books: `_month`, `_booked`.
"""

import duckdb

from retention.simulation.company import Company, Span, instant
from retention.simulation.deliveries import wait
from retention.simulation.draws import Draws, poisson
from retention.simulation.lives import PULLED_DAYS

SLOTS = 8  # numbers of orders that a customer may have on one day
CAMPAIGN_SLOT, FIRST_SLOT = 6, 7
CANCELLED, DISCOUNTED, RETURNED, RETURNED_WHOLE, CORRECTED_TO_NOTHING = 0.02, 0.2, 0.03, 0.6, 0.3
LATE_DAYS, CORRECTED_DAYS, REDELIVERED_DAYS, RETURNED_FROM, RETURNED_DAYS = 60, 20, 30, 3, 26
PULLED = {"late": 10, "corrected": 20, "returned": 2}  # one for so many of the last day's own orders
USUAL_CHANNEL, FAVOURITE_CATEGORY = 0.7, 0.5
CURRENCIES = {"USD": 7.1, "EUR": 7.7}  # the rate that each moves around
REASONS = {"damaged": 3, "not as described": 3, "no longer needed": 2, "late": 2}
ORDER_ID, CUSTOMER_ID = "'O' || lpad(r::varchar, 14, '0')", "'C' || lpad(x::varchar, 8, '0')"


def draw_orders(connection: duckdb.DuckDBPyConnection, company: Company, month: Span) -> None:
    """Add the month's orders, lines and returns to what waits for delivery."""
    draw_purchases(connection, company, month)
    _finish(connection, company)
    _draw_versions(connection, company)
    _wait_orders(connection, company)
    _draw_items(connection, company)
    _wait_returns(connection, company)


def draw_purchases(connection: duckdb.DuckDBPyConnection, company: Company, month: Span) -> None:
    """Table `bought`: customer, day and number of each order."""
    d = company.draws("day of a customer", f"day::bigint * {company.customers} + i")
    connection.execute(f"""
        create or replace temp table bought as
        with days as (select day, factor from calendar where day between {month.first} and {month.last}),
        drawn as (
            select i, day, rate * factor as mean, {d.uniform("orders")} as u
            from lives cross join days where day between first_day and last_day
        ),
        -- Nearly every day has none: 1 - m is no more than exp(-m), and cheaper.
        counted as (select i, day, {poisson("u", "mean")} as orders from drawn where u >= 1 - mean),
        all_orders as (
            select i, day, unnest(range(orders)) as slot from counted where orders > 0
            union all
            select i, first_day, {FIRST_SLOT} from lives
            where buys_at_once and first_day between {month.first} and {month.last}
            union all
            select i, extra_day, {CAMPAIGN_SLOT} from audiences where extra_day between {month.first} and {month.last}
        )
        select i, day, cast((day::bigint * {company.customers} + i) * {SLOTS} + slot as bigint) as r from all_orders""")


def _finish(connection: duckdb.DuckDBPyConnection, company: Company) -> None:
    """Table `finished`: each order as it was placed, in its currency, and when it is delivered."""
    d, trade, flaws = company.draws("order", "r"), company.trade, company.flaws
    late = f"case when {d.happens('late', flaws.late)} then day + {d.integer('delay', 1, LATE_DAYS)} else day end"
    last = company.days - 1
    own = "null::varchar" if trade.foreign == 0 else f"'{trade.currency}'"
    connection.execute(f"""
        create or replace temp table finished as
        with placed as (
            select r, day, lives.i, lives.region, {instant(company, "day", d.integer("second", 28_800, 50_400))} as
                moment,
                case
                    when third_day <= day and {d.uniform("profile")} < 0.25 then third
                    when second_day <= day and {d.uniform("profile")} < 0.55 then second
                    else lives.i
                end as x,
                case when {d.happens("usual channel", USUAL_CHANNEL)} then channel
                    else {d.weighted("channel", trade.channels)} end as channel,
                greatest(1, spend * {d.gamma("amount", 8)} / 4) as home, lives.currency
            from bought join lives using (i) left join second_profiles using (i)
        ),
        priced as (
            select placed.*, coalesce(rate, 1) as rate,
                cast(round(greatest(1, home / coalesce(rate, 1)), 2) as decimal(18, 2)) as amount
            from placed left join rates on rates.day = placed.day and rates.currency = placed.currency
        ),
        judged as (
            select *, {d.happens("cancelled", CANCELLED)} as is_cancelled, {_pulled(company, d, "late")} as is_pulled
            from priced
        )
        select r, day, i, x, region, channel, moment, rate, amount, coalesce(currency, {own}) as currency,
            case when is_cancelled then 'cancelled' else 'completed' end as status,
            cast(case when {d.happens("discount", DISCOUNTED)} then amount * 0.1 else 0 end as decimal(18, 2)) as
                discount,
            case when is_pulled then {last} else {late} end as delivered,
            not is_cancelled and not is_pulled and {d.happens("returned", RETURNED)} as is_returned,
            not is_cancelled and not is_pulled and {_pulled(company, d, "returned")} as is_returned_last
        from judged""")


def _pulled(company: Company, d: Draws, what: str) -> str:
    """SQL of whether an order is delivered late, corrected or returned on a last day that is set."""
    if company.last_day_orders is None:
        return "false"
    last = company.days - 1
    days = min(PULLED_DAYS, last)
    share = f"least(0.5, {company.last_day_orders / PULLED[what]} / (select orders from recent))"
    return f"(day between {last - days} and {last - 1} and {d.happens(f'pulled, {what}', share)})"


def _draw_versions(connection: duckdb.DuckDBPyConnection, company: Company) -> None:
    """Table `versions`: each order as placed, and the corrected ones once more."""
    d, last = company.draws("order", "r"), company.days - 1
    corrected = "delivered = day and not is_returned and not is_returned_last and status = 'completed'"
    connection.execute(f"""
        create or replace temp table versions as
        with corrections as (
            select *, {_pulled(company, d, "corrected")} as is_pulled,
                {d.happens("corrected", company.flaws.corrected)} as is_corrected
            from finished where {corrected}
        ),
        dated as (
            select *, case when is_pulled then {last} else day + {d.integer("correction", 1, CORRECTED_DAYS)} end as
                fixed
            from corrections where is_pulled or is_corrected
        )
        select r, day, i, x, region, channel, moment, rate, currency, amount, status, discount, delivered,
            0 as version, moment + interval 2 hour as updated_at, if(status = 'completed', round(amount * rate, 2), 0)
                as booked
        from finished
        union all
        select r, day, i, x, region, channel, moment, rate, currency,
            if(is_nothing, amount, reduced), if(is_nothing, 'cancelled', status), discount, fixed,
            1, greatest(moment + interval 3 hour, {instant(company, "fixed", "28800")}),
            if(is_nothing, 0, round(reduced * rate, 2)) - round(amount * rate, 2)
        from (
            select *, {d.happens("corrected to nothing", CORRECTED_TO_NOTHING)} as is_nothing,
                cast(amount * 0.9 as decimal(18, 2)) as reduced
            from dated
        )""")


def _wait_orders(connection: duckdb.DuckDBPyConnection, company: Company) -> None:
    """Orders to be delivered, some twice; and rows beside them that break the contract."""
    d, flaws = company.draws("order", "r"), company.flaws
    again = f"version = 0 and {d.happens('redelivered', flaws.redelivered)}"
    bad, is_priceless = d.happens("bad", flaws.bad), d.happens("how bad", 0.5)
    wait(connection, "orders", f"""
        with rows as (
            select *, {ORDER_ID} as order_id, version as nth from versions
            union all
            select * replace (delivered + {REDELIVERED_DAYS} as delivered, 0 as booked), {ORDER_ID}, 2 from versions
            where {again} and r not in (select r from versions where version = 1)
            union all
            select * replace (if({is_priceless}, null, amount) as amount, 0 as booked,
                if({is_priceless}, status, 'unheard of') as status), 'BAD-' || r, 3
            from versions where version = 0 and {bad}
        )
        select order_id, {CUSTOMER_ID} as customer_id, moment as ordered_at, amount, status, channel,
            discount as discount_amount, currency, region, updated_at,
            r * 4 + nth as _at, delivered as _delivered, date_trunc('month', moment)::date as _month, cast(booked as
                decimal(18, 2)) as _booked
        from rows""")  # fmt: skip


def _draw_items(connection: duckdb.DuckDBPyConnection, company: Company) -> None:
    """Table `lines`. An order's amount is cut at points near to equal parts, so that its lines add up."""
    order, line, trade = company.draws("order", "r"), company.draws("order line", "r * 8 + line_no"), company.trade
    before = company.draws("order line", "r * 8 + line_no - 1")
    cut = "case line_no when parts then 1 else (line_no + 0.6 * ({u} - 0.5)) / parts end"
    start = "case line_no when 1 then 0 else (line_no - 1 + 0.6 * ({u} - 0.5)) / parts end"
    categories = len(trade.categories)
    favourite = company.draws("customer", "i").integer("favourite category", 0, categories)
    any_category = line.integer("category", 0, categories)
    category = f"if({line.happens('favourite', FAVOURITE_CATEGORY)}, {favourite}, {any_category})"
    kind = f"cast(floor(pow({line.uniform('product')}, 2) * {trade.products // categories}) as integer)"
    connection.execute(f"""
        create or replace temp table lines as
        with parted as (
            select r, i, version, rate, amount, discount, delivered, {order.integer("lines", 1, trade.lines)} as parts
            from versions where version = 0 or (version = 1 and status = 'completed')
        ),
        numbered as (select *, cast(unnest(range(1, parts + 1)) as bigint) as line_no from parted),
        cuts as (
            select *, {start.format(u=before.uniform("cut"))} as since, {cut.format(u=line.uniform("cut"))} as until,
                {kind} * {categories} + {category} as p
            from numbered
        )
        select r, version, line_no, p, rate, delivered,
            cast(round(amount * until, 2) - round(amount * since, 2) as decimal(18, 2)) as line_amount,
            cast(round(discount * until, 2) - round(discount * since, 2) as decimal(18, 2)) as discount
        from cuts""")
    wait(connection, "order_items", f"""
        with counted as (
            select lines.*, greatest(0.01, round(line_amount * rate / price, 2)) as quantity from lines join shelf
                using (p)
        )
        select {ORDER_ID} as order_id, line_no, 'P' || lpad(p::varchar, 4, '0') as product_id,
            cast(quantity as decimal(18, 3)) as quantity, line_amount,
            cast(round((line_amount + discount) / quantity, 2) as decimal(18, 2)) as unit_price,
            discount as discount_amount, (r * 4 + version) * 8 + line_no as _at, delivered as _delivered
        from counted""")  # fmt: skip


def _wait_returns(connection: duckdb.DuckDBPyConnection, company: Company) -> None:
    """Returns to be delivered: of the whole order, or of its first line. None comes before its order."""
    d, last = company.draws("order", "r"), company.days - 1
    returned_at = f"""if(is_returned_last, {instant(company, str(last), d.integer("return second", 28_800, 50_400))},
        moment + to_days({d.integer("return day", RETURNED_FROM, RETURNED_DAYS)}))"""
    wait(connection, "returns", f"""
        with chosen as (
            select finished.*, line_amount, p, {d.happens("whole", RETURNED_WHOLE)} or line_amount = amount as is_whole,
                {returned_at} as returned_at
            from finished join (select r, line_amount, p from lines where line_no = 1 and version = 0) using (r)
            where is_returned or is_returned_last
        ),
        valued as (select *, if(is_whole, amount, line_amount) as refund from chosen)
        select 'R' || lpad(r::varchar, 14, '0') as return_id, {ORDER_ID} as order_id, returned_at, refund as amount,
            if(is_whole, null, 'P' || lpad(p::varchar, 4, '0')) as product_id, {d.weighted("reason", REASONS)} as
                reason,
            r as _at, greatest(delivered, (returned_at::date - date '{company.first_day}')::integer) as _delivered,
            date_trunc('month', moment)::date as _month, cast(-round(refund * rate, 2) as decimal(18, 2)) as _booked
        from valued""")  # fmt: skip
