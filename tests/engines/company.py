"""A small company whose deliveries hold whatever the engines could read differently.

Two deliveries: what is known by the first as-of day, and what comes later: new orders, corrections, late rows, returns
of old orders. Ties, nulls, amounts at rounding borders, month ends and a leap day are there on purpose.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import duckdb
from tests.engines.value_fits import EARLY_FITS, FULL_VALUE_FITS, VALUE_BACKTESTS, VALUE_FIT_NODES, VALUE_FIT_PARAMETERS
from tests.models.expected_labels import label_rules, rule_version

if TYPE_CHECKING:
    from pathlib import Path

FIRST_DAY, SECOND_DAY = date(2024, 2, 29), date(2024, 3, 31)


def _pick(texts: str, salt: str) -> str:
    """One of the texts (a list literal), or null, by the row's number."""
    return f"list_extract([{texts}], 1 + cast(hash(n, '{salt}') % len([{texts}]) as integer))"


TAGS = """'a;b', 'it''s, "quoted" \\ and 中文', null"""
CUSTOMERS = f"""
    select
        'C' || n as customer_id,
        {_pick("'person', 'company'", "type")} as customer_type,
        'Name ' || n as name,
        -- A common mailbox, and every tenth profile with the address of the one before.
        'mail' || case when n between 40 and 46 then 40 when n % 10 = 9 then n - 1 else n end
            || '@example.com' as email,
        '1380000' || lpad(n::varchar, 4, '0') as phone,
        'REG' || n as registration_no,
        {_pick("'food', 'steel', null", "industry")} as industry,
        {_pick("'small', 'large', null", "size")} as company_size,
        {_pick("'north', 'south', null", "region")} as region,
        date '1980-01-31' + cast(hash(n, 'birth') % 9000 as integer) as birthday,
        case when n % 5 > 0 then timestamp '2022-01-01' + to_days(cast(hash(n, 'reg') % 780 as integer)) end
            as registered_at,
        {_pick("'ann', 'bob', null", "owner")} as account_owner,
        {_pick("'fair', 'web', null", "source")} as source_channel,
        {_pick("'mail', 'phone', null", "preferred")} as preferred_channel,
        {_pick(TAGS, "tags")} as need_tags,
        {_pick("'strategic', 'high_potential', 'other', null, null", "label")} as strategic_label,
        {_pick("'19-24', '65+', null", "age")} as age_band,
        {_pick("'Under 15K', '50-74K', null", "income")} as income_band,
        {_pick("'Homeowner', 'Renter', null", "home")} as home_ownership,
        {_pick("'Married', 'Unmarried', null", "marital")} as marital_status,
        {_pick("'1', '2', '5+', null", "household")} as household_size,
        {_pick("'1 Adult Kids', '2 Adults No Kids', null", "composition")} as household_composition,
        {_pick("'0', '1', '3+', null", "kids")} as kids_count,
        {_pick("true, true, false, null", "consent")} as consent_marketing,
        case when n % 3 = 0 then timestamp '2023-06-01' + to_days(cast(n as integer)) end as consent_at,
        case when n % 7 = 0 then timestamp '2024-02-20' + to_days(cast(n % 30 as integer)) end as opted_out_at,
        timestamp '2023-01-01' + to_days(cast(n as integer)) as updated_at
    from range(60) as numbers(n)
"""
# Merges across the edge of the master, a chain, a split that undoes one of them, a withdrawal.
DECISIONS = """
    from (values
        ('D1', timestamp '2024-06-01 10:00:00', 'merge', 'C1', 'C62', null),
        ('D2', timestamp '2024-06-01 10:00:00', 'merge', 'C62', 'C2', null),
        ('D3', timestamp '2024-06-01 10:00:00', 'merge', 'C3', 'C4', null),
        ('D4', timestamp '2024-06-02 10:00:00', 'split', 'C4', null, null),
        ('D5', timestamp '2024-06-02 10:00:00', 'merge', 'C5', 'C6', null),
        ('D6', timestamp '2024-06-03 10:00:00', 'withdraw', 'C5', 'C6', 'D5')
    ) as decisions(decision_id, decided_at, action, customer_id, other_customer_id, withdrawn_decision_id)
"""
# Of a rule as it is, and of one that was edited since.
VERSION = rule_version("silent_3_months", label_rules("default_b2b")["silent_3_months"])
REVIEWS = f"""
    select
        'V' || n as review_id,
        timestamp '2024-06-01 10:00:00' + to_hours(cast(n % 3 as integer)) as reviewed_at,
        'C' || n % 50 as customer_id,
        'silent_3_months' as label,
        case when n % 5 > 0 then '{VERSION}' else 'edited' end as rule_version,
        {_pick("'confirmed', 'rejected', 'proposed'", "judged")} as status,
        'it''s ' || n as reviewer
    from range(120) as numbers(n)
"""
# Two quarters, the second opened with the day of the second delivery; one decision too late, one on a customer alone.
TIER_REVIEWS = """
    select quarter as review_id, 'retention_abcd' as scheme, reviewed_on, 'C' || n as customer_id,
        list_extract(['A', 'B', 'unscored'], 1 + n % 3) as tier_before,
        list_extract(['A', 'C', 'D', 'of former rules'], 1 + n % 4) as tier_after,
        cast(n * 1000.5 as decimal(18, 2)) as value_at_stake, opened_at
    from range(40) as numbers(n)
    cross join (values
        ('2023Q4', date '2023-12-31', timestamp '2024-01-02 11:00:00'),
        ('2024Q1', date '2024-03-31', timestamp '2024-04-02 11:00:00')
    ) as quarters(quarter, reviewed_on, opened_at)
"""
TIER_DECISIONS = """
    from (values
        ('V1', '2023Q4', 'retention_abcd', 'C5', timestamp '2024-01-03 10:00:00', 'approved', 'eve'),
        ('V2', '2023Q4', 'retention_abcd', null, timestamp '2024-04-03 10:00:00', 'approved', 'eve'),
        ('V3', '2024Q1', 'retention_abcd', null, timestamp '2024-04-03 10:00:00', 'approved', 'eve'),
        ('V4', '2024Q1', 'retention_abcd', 'C7', timestamp '2024-04-03 10:00:00', 'rejected', 'bob')
    ) as decisions(decision_id, review_id, scheme, customer_id, decided_at, decision, approver)
"""
STATUSES = "'completed', 'completed', 'completed', 'completed', 'cancelled', 'pending', 'returned', null"
AMOUNTS = "0.00, 0.01, 10.00, 10.00, 10.00, 33333.33, 49999.99, 50000.00, 100000.00, 0.05, 1234.565, 7.125"
ORDERS = f"""
    select
        'O' || n as order_id,
        -- Customers beyond the master too, and a few with most of the orders.
        'C' || case when n % 4 = 0 then n % 5 else hash(n, 'customer') % 66 end as customer_id,
        case
            when n % 6 = 0 then timestamp '2024-02-29 23:59:59' - to_months(cast(n % 14 as integer))
            when n % 11 = 0 then timestamp '2023-12-31 00:00:00'
            else timestamp '2024-03-30 12:30:15.250' - to_days(cast(hash(n, 'day') % 800 as integer))
        end as ordered_at,
        cast(case
            when n % 2 = 0 then list_extract([{AMOUNTS}], 1 + cast(hash(n, 'amount') % 12 as integer))
            else 5 + hash(n, 'free') % 90000 / 100
        end as decimal(18, 2)) as amount,
        {_pick(STATUSES, "status")} as status,
        {_pick("'web', 'store', null", "channel")} as channel,
        case when n % 3 = 0 then 0.5 end as discount_amount,
        {_pick("'USD', 'USD', 'usd', 'CNY', 'EUR', ' eur', null, null", "currency")} as currency,
        {_pick("'north', 'south', null", "order region")} as region
    from range(600) as numbers(n)
"""
PRODUCTS = f"""
    select
        'P' || n as product_id,
        'Product ' || n as name,
        {_pick("'dairy', 'bread', null", "category")} as category,
        {_pick("'own', 'other', null", "brand")} as brand,
        case when n % 8 > 0 then cast(n * 1.37 as decimal(18, 2)) end as unit_cost
    from range(1, 25) as numbers(n)
"""
ORDER_ITEMS = """
    select
        order_id,
        line as line_no,
        'P' || (1 + hash(order_id, line) % 25) as product_id,
        1 + hash(order_id, line, 'quantity') % 3000 / 1000 as quantity,
        cast(amount / 2 as decimal(18, 2)) as line_amount,
        case when line = 1 then cast(amount / 3 as decimal(18, 2)) end as unit_price,
        case when line = 2 then 0.1 end as discount_amount
    from orders
    cross join range(1, 3) as lines(line)
    where hash(order_id) % 5 > 0
"""
RETURNS = """
    select
        'R' || order_id || part as return_id,
        order_id,
        ordered_at + to_days(cast(hash(order_id, part) % 90 as integer) - 2) as returned_at,
        cast(abs(amount) * list_extract([0.0, 0.3, 0.5, 1.0, 1.2], 1 + cast(hash(order_id, 'share') % 5 as integer))
            as decimal(18, 2)) as amount,
        case when part = 1 then 'broken' end as reason
    from orders
    cross join range(1, 3) as parts(part)
    where hash(order_id, 'returned') % 4 = 0 and (part = 1 or hash(order_id, 'twice') % 3 = 0)
"""
CAMPAIGNS = """
    select
        'K' || n as campaign_id,
        'Campaign ' || n as name,
        date '2023-06-01' + cast(n * 60 as integer) as starts_on,
        date '2023-07-01' + cast(n * 60 as integer) as ends_on,
        'win back' as goal,
        100.5 * n as cost,
        0.1 as holdout_share
    from range(1, 6) as numbers(n)
"""
TOUCHES = f"""
    select
        'T' || n as touch_id,
        'C' || hash(n, 'touched') % 60 as customer_id,
        timestamp '2024-03-30 09:00:00' - to_days(cast(hash(n, 'touch day') % 300 as integer)) as touched_at,
        'mail' as channel,
        case when n % 2 = 0 then 'PLAN' || n end as plan_id,
        case when n % 3 > 0 then 'K' || (1 + n % 6) end as campaign_id,
        {_pick("'A', 'B', 'holdout', 'Holdout ', null", "variant")} as variant,
        case when n % 3 > 0 then touched_at + interval 1 hour end as delivered_at,
        case when n % 3 > 1 then touched_at + interval 2 day end as opened_at,
        case when n % 4 = 0 then touched_at + interval 3 day end as clicked_at,
        case when n % 5 = 0 then touched_at + to_days(cast(n % 40 as integer)) end as responded_at,
        {_pick("'positive', 'negative', 'none', null", "feedback")} as feedback
    from range(150) as numbers(n)
"""
# Rates of the currencies of both profiles, at borders of rounding; over weekends there are none.
FX_RATES = f"""
    select
        {_pick("'USD', 'CNY', 'EUR', 'EUR'", "code")} as currency,
        date '2021-11-01' + cast(n // 4 as integer) as rate_date,
        list_extract([7.125, 0.14035088, 1.005, 1, 6.99999999, 1.5], 1 + cast(hash(n, 'rate') % 6 as integer)) as rate
    from range(3600) as numbers(n)
    qualify row_number() over (partition by currency, rate_date order by n) = 1
"""
INTERACTIONS = f"""
    select
        'I' || n as interaction_id,
        'C' || hash(n, 'who') % 66 as customer_id,
        timestamp '2024-03-30 17:30:30.5' - to_hours(cast(hash(n, 'when') % 3000 as integer)) as occurred_at,
        {_pick("'phone', 'visit', 'app'", "by")} as channel,
        {_pick("'enquiry', 'visit', 'login'", "kind")} as interaction_type,
        {_pick("'inbound', 'outbound', null", "direction")} as direction,
        {_pick("'ann', 'bob', null", "staff")} as staff,
        case when n % 4 > 0 then occurred_at + to_seconds(cast(hash(n, 'late') % 300000 as integer) - 5000) end
            as recorded_at,
        'words' as content
    from range(200) as numbers(n)
"""
TICKETS = f"""
    select
        'E' || n as ticket_id,
        timestamp '2024-03-30 17:30:30.5' - to_hours(cast(hash(n, 'raised') % 3000 as integer)) as received_at,
        {_pick("'complaint', 'suggestion', 'inquiry'", "ticket")} as ticket_type,
        case when n % 5 > 0 then 'C' || hash(n, 'raiser') % 66 end as customer_id,
        {_pick("'delivery', 'price', null", "category")} as category,
        {_pick("'P0', 'P3', ' Urgent', 'important', 'odd', null", "severity")} as severity,
        {_pick("'phone', 'mail', null", "by")} as channel,
        case when n % 6 > 0 then received_at + to_seconds(cast(hash(n, 'first') % 90000 as integer)) end
            as first_response_at,
        {_pick("'ann', 'bob', null", "owner")} as owner,
        -- Some promise a day, some a time of it, some nothing.
        case n % 3 when 0 then received_at + interval 3 day when 1 then cast(received_at as date) + interval 2 day end
            as due_at,
        case when n % 3 > 0 then received_at + to_seconds(cast(hash(n, 'solved') % 900000 as integer)) end
            as resolved_at,
        resolved_at + to_minutes(cast(hash(n, 'call') % 4000 as integer) - 500) as called_back_at,
        1 + n % 5 as satisfaction_score,
        'words' as description,
        {_pick("'better boxes', null", "improvement")} as improvement,
        timestamp '2024-03-30 12:00:00' - to_days(cast(n % 60 as integer)) as updated_at
    from range(200) as numbers(n)
"""
TICKET_EVENTS = f"""
    select
        'TE' || n as event_id,
        'E' || hash(n, 'turned') % 80 as ticket_id,
        timestamp '2024-03-31 10:00:00.5' - to_hours(cast(hash(n, 'turn') % 2500 as integer)) as occurred_at,
        {_pick("'contacted', 'contacted', 'paused', 'paused', 'resumed', 'reopened', 'escalated'", "event")}
            as event_type,
        'words' as note
    from range(200) as numbers(n)
"""
SURVEYS = f"""
    select
        'S' || n as response_id,
        {_pick("'nps', 'csat', 'ces'", "survey")} as survey_type,
        -- On its scale, but for the 6 of a csat.
        case survey_type
            when 'nps' then hash(n, 'score') % 11
            when 'csat' then 1 + hash(n, 'score') % 6
            else 1 + hash(n, 'score') % 7
        end as score,
        timestamp '2024-03-30 17:30:30.5' - to_hours(cast(hash(n, 'answered') % 3000 as integer)) as responded_at,
        case when n % 3 > 0 then 'C' || hash(n, 'answering') % 66 end as customer_id,
        {_pick("'delivery', 'advice', null", "touchpoint")} as touchpoint,
        {_pick("'mail', 'app', null", "by")} as channel,
        {_pick("'north', 'south', null", "region")} as region,
        'words' as comment
    from range(600) as numbers(n)
"""
# What is staged and not published yet: landed and checked on both engines.
# On the alerts of negative answers, most of which open on the day of the answer.
ALERT_DECISIONS = f"""
    select
        'A' || response_id as decision_id,
        timestamp '2024-04-01 10:00:00' as decided_at,
        substr(md5(
            'W4.negative_feedback|customer|' || customer_id || '||' || cast(responded_at as date)
        ), 1, 16) as alert_id,
        list_extract(['snooze', 'close', 'reopen'], 1 + cast(hash(response_id, 'decided') % 3 as integer)) as action,
        cast(responded_at as date) as effective_on,
        cast('2024-04-20' as date) as snoozed_until,
        'Li Na' as decided_by
    from ({SURVEYS})
    where customer_id is not null and survey_type = 'nps' and score <= 6
"""
STAGED_ONLY = {
    "touch_plans": "select 'PLAN' || n as plan_id, date '2024-01-01' + cast(n as integer) as planned_on, 'value_sabc' "
    "as scheme, 'A' as tier, 'mail' as channel, n as planned_count from range(1, 60) as numbers(n)",
    "memberships": "select 'C' || n % 20 as customer_id, date '2023-01-01' + cast(n * 20 as integer) as level_from, "
    "case when n % 3 = 0 then 'diamond' else 'gold' end as level, n as points from range(40) as numbers(n)",
    # Half a year each: some are renewed, some late, some not at all.
    "contracts": "select 'N' || n || '-' || period as contract_id, 'C' || n as customer_id, "
    "date '2022-06-01' + to_months(cast(6 * period as integer)) + to_days(cast(n % 5 * period * 9 as integer)) "
    "as starts_on, date '2022-11-30' + to_months(cast(6 * period as integer)) as ends_on, n * 100 as value "
    "from range(20) as numbers(n) cross join range(4) as periods(period) where period <= n % 4",
    "referrals": "select 'F' || n as referral_id, 'C' || n as referrer_id, 'C' || (n + 20) as referred_id, "
    "timestamp '2023-06-01' as referred_at from range(20) as numbers(n)",
    "finance_totals": "select strftime(date '2023-01-01' + to_months(cast(n as integer)), '%Y-%m') as month, "
    "n * 100 as revenue from range(12) as numbers(n)",
    "strategy_changes": "select 'G' || n as change_id, date '2024-01-01' as changed_on, 'value_sabc' as scheme, "
    "'A' as tier, 'a call more' as description from range(3) as numbers(n)",
}
# Later versions: rewritten before, on and after the first as-of day, or without saying when.
CORRECTIONS = """
    select * replace (
        cast(amount * 1.5 as decimal(18, 2)) as amount,
        case when hash(order_id, 'late') % 3 = 0 then 'cancelled' else status end as status
    ),
    list_extract(
        [timestamp '2024-02-10', timestamp '2024-02-29', timestamp '2024-03-01', timestamp '2024-04-02', null],
        1 + cast(hash(order_id, 'version') % 5 as integer)
    ) as updated_at
    from orders
    where hash(order_id, 'corrected') % 6 = 0
"""


def write_first_delivery(landing: Path) -> None:
    """What the sources deliver by the first as-of day; some of it is dated later, as sources do."""
    _write(landing, "1", "ordered_at < timestamp '2024-03-03'", corrected="hash(order_id) % 2 = 0")


def write_second_delivery(landing: Path) -> None:
    """What comes after it: later orders, corrections of old ones, rows that were late."""
    _write(landing, "2", "ordered_at >= timestamp '2024-03-03' or hash(order_id) % 9 = 0", corrected="true")


def _write(landing: Path, part: str, delivered: str, corrected: str) -> None:
    first = part == "1"
    with duckdb.connect() as connection:
        connection.execute(f"create table orders as {ORDERS}")
        of_these = f"(select order_id from orders where {delivered})"
        deliveries = {
            "customers": CUSTOMERS
            if first
            else f"select * replace ('strategic' as strategic_label, timestamp "
            f"'2024-03-05' as updated_at) from ({CUSTOMERS}) where hash(customer_id) % 6 = 0",
            "products": PRODUCTS if first else f"select * replace (2.5 as unit_cost) from ({PRODUCTS}) limit 3",
            "orders": f"select *, cast(null as timestamp) as updated_at from orders where {delivered} "
            f"union all from ({CORRECTIONS}) where {corrected}",
            "order_items": f"from ({ORDER_ITEMS}) where order_id in {of_these}",
            "returns": f"from ({RETURNS}) where order_id in (select order_id from orders) and "
            f"(hash(return_id) % 3 {'>' if first else '='} 0)",
            "campaigns": CAMPAIGNS,
            "tier_reviews": TIER_REVIEWS
            if first
            else f"select * replace ('D' as tier_after) from ({TIER_REVIEWS}) where hash(customer_id) % 4 = 1",
            "tier_decisions": f"{TIER_DECISIONS} where (decision_id in ('V1', 'V3')) = {first}",
            "identity_decisions": f"{DECISIONS} where (decision_id in ('D1', 'D3', 'D5')) = {first}",
            "alert_decisions": f"from ({ALERT_DECISIONS}) where hash(decision_id) % 4 {'>' if first else '='} 0",
            "label_reviews": f"from ({REVIEWS}) where hash(review_id) % 4 {'>' if first else '='} 0",
            "value_fits": f"from ({FULL_VALUE_FITS}) where (fit_id in ({EARLY_FITS}, 'Q1')) = {first}",
            "value_fit_parameters": f"from ({VALUE_FIT_PARAMETERS}) where (fit_id in ({EARLY_FITS})) = {first}",
            "value_fit_nodes": f"from ({VALUE_FIT_NODES}) where (fit_id in ('P1', 'P2')) = {first}",
            "value_backtests": f"from ({VALUE_BACKTESTS}) where (fit_id in ('P1', 'P2')) = {first}",
            # Corrections of rates that orders of the first delivery were converted at.
            "fx_rates": FX_RATES
            if first
            else f"select * replace (rate * 1.01 as rate) from ({FX_RATES}) where hash(rate_date) % 7 = 0",
            "interactions": f"from ({INTERACTIONS}) where hash(interaction_id) % 4 {'>' if first else '='} 0",
            "tickets": f"from ({TICKETS}) where hash(ticket_id) % 4 {'>' if first else '='} 0",
            "ticket_events": f"from ({TICKET_EVENTS}) where hash(event_id) % 4 {'>' if first else '='} 0",
            "surveys": f"from ({SURVEYS}) where hash(response_id) % 4 {'>' if first else '='} 0",
            **STAGED_ONLY,
            "touches": f"from ({TOUCHES}) where hash(touch_id) % 4 {'>' if first else '='} 0",
        }
        for entity, query in deliveries.items():
            (landing / entity).mkdir(parents=True, exist_ok=True)
            file = landing / entity / f"{entity}_{part}.csv"
            connection.execute(f"copy ({query}) to '{file}' (header)")
