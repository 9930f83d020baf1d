"""The files hold what the truth says: counts within four standard deviations, identities exactly."""

from math import sqrt

import phonenumbers
import pytest
from tests.simulation.simulated import Simulated

from retention.simulation.flavours import RETAIL
from retention.simulation.service import UNKNOWN_CUSTOMER

SIGMAS = 4


def test_orders_are_as_many_as_the_true_rates_bring_in_every_segment(large: Simulated) -> None:
    rows = large.ask("""
        with counted as (select customer_id, count(*) as n from true_orders where not is_planted group by all)
        select segment, sum(coalesce(n, 0)), sum(expected_orders), sum(expected_orders - has_first_order::int)
        from truth.customers left join counted on customer_id = true_customer_id group by segment""")
    assert {segment for segment, *_ in rows} == {"loyal", "regular", "occasional", "rare"}
    for segment, found, expected, variance in rows:
        assert abs(found - expected) < SIGMAS * sqrt(variance), segment


def test_counts_spread_as_poisson_counts_do(large: Simulated) -> None:
    squares, customers, variance = large.one("""
        with counted as (select customer_id, count(*) as n from true_orders where not is_planted group by all),
        judged as (
            select coalesce(n, 0) - has_first_order::int as n, expected_orders - has_first_order::int as m
            from truth.customers left join counted on customer_id = true_customer_id
        )
        select sum((n - m) * (n - m) / m), count(*), sum(2 + 1 / m) from judged where m > 0.5""")
    assert abs(squares - customers) < SIGMAS * sqrt(variance)


def test_nobody_orders_before_the_first_day_or_after_having_left(company: Simulated) -> None:
    early, late, gone = company.one("""
        select count(*) filter (ordered_at::date < observed_from), count(*) filter (ordered_at::date > true_churn_date),
            count(distinct true_customer_id) filter (true_churn_date is not null)
        from true_orders join truth.customers on customer_id = true_customer_id""")
    assert (early, late) == (0, 0)
    assert gone > 100


def test_lives_end_at_the_true_rate_of_churn(large: Simulated) -> None:
    ends, expected = large.one(f"""
        with spans as (
            select *, coalesce(true_churn_date, date '{large.company.end}' + 1) - observed_from as days
            from truth.customers
        )
        -- Without incidents the ends are as many as the sum of hazard times days lived, by the martingale of counting.
        select count(*) filter (true_churn_date is not null)
            - (select coalesce(sum(customers_lost), 0) from truth.incidents),
            sum((days + 0.5 * (true_churn_date is not null)::int) * true_churn_rate_per_day)
        from spans""")
    assert abs(ends - expected) < SIGMAS * sqrt(expected)


def test_amounts_have_the_true_mean(large: Simulated) -> None:
    found, expected, variance = large.one("""
        select sum(amount), sum(true_mean_spend), sum(true_mean_spend * true_mean_spend / 4)
        from (from true_orders where updated_at - ordered_at = interval 2 hour)
        join truth.customers on customer_id = true_customer_id""")
    # Corrected orders are left out; amounts below 1 are 1, which adds far less than one in a thousand.
    assert abs(float(found) - expected) < SIGMAS * sqrt(variance) + 0.001 * expected


def test_days_differ_as_the_season_says(large: Simulated) -> None:
    saturdays, mondays, festival, around = large.one("""
        select count(*) filter (isodow(ordered_at) = 6), count(*) filter (isodow(ordered_at) = 1 and is_usual),
            count(*) filter (ordered_at::date = '2024-11-11'),
            count(*) filter (ordered_at::date in (date '2024-11-04', date '2024-11-18')) / 2
        -- The first order of a new customer comes when the customer comes, whatever the season.
        from (select *, strftime(ordered_at, '%m-%d') not in ('11-11', '06-18', '12-12') as is_usual from true_orders)
        where substr(order_id, 2)::bigint % 8 < 6""")
    days = RETAIL.weekdays
    assert saturdays / mondays == pytest.approx(days[5] / days[0], abs=SIGMAS * 2 * sqrt(1 / mondays))
    assert festival / around == pytest.approx(1.6, abs=SIGMAS * 2.5 * sqrt(1 / around))


def test_an_incident_brings_the_planted_complaints_and_takes_customers_away(large: Simulated) -> None:
    rows = large.ask("""
        select incident_id, incidents.category, customer_days, customers_lost, extra_churn_rate_per_day * customer_days,
            extra_tickets_per_day, count(distinct ticket_id)
        from truth.incidents
        join truth.customers using (region, channel)
        left join tickets on tickets.customer_id = true_customer_id and tickets.category = incidents.category
            and received_at::date between first_day and last_day and ticket_type = 'complaint'
        group by all""")
    assert rows
    for incident, category, days, lost, expected_lost, extra, found in rows:
        usual = RETAIL.tickets * 5 / 11 * RETAIL.issues[category] / sum(RETAIL.issues.values())
        expected = days * (extra + usual * (1 - 0.04)) * (1 - UNKNOWN_CUSTOMER)
        assert abs(found - expected) < SIGMAS * sqrt(expected), incident
        assert abs(lost - expected_lost) < SIGMAS * sqrt(expected_lost), incident


def test_campaigns_convert_at_their_true_rates(large: Simulated) -> None:
    rows = large.ask("""
        with ordered as (
            select touches.campaign_id, touches.variant, touches.customer_id, count(order_id) > 0 as is_converted
            from touches join truth.campaigns using (campaign_id, variant)
            left join true_orders on true_orders.customer_id = touches.customer_id
                and ordered_at::date between window_first_day and window_last_day
            where touches.campaign_id is not null group by all
        )
        select campaign_id, variant, count(*), sum(is_converted::int), any_value(customers),
            any_value(true_conversion_rate), any_value(planted_lift)
        from ordered join truth.campaigns using (campaign_id, variant) group by all""")
    assert {variant for _, variant, *_ in rows} == {"A", "B", "holdout"}
    assert any(lift == 0 and variant != "holdout" for _, variant, *_, lift in rows)
    for campaign, variant, found, converted, customers, rate, _ in rows:
        assert found == customers
        assert abs(converted - found * rate) < SIGMAS * sqrt(found * rate * (1 - rate)), (campaign, variant)


def test_second_profiles_share_a_value_with_the_first_in_another_spelling(company: Simulated) -> None:
    profiles = {
        row[0]: (_phone(row[1]), (row[2] or "").strip().lower(), "".join((row[3] or "").upper().split()))
        for row in company.ask("select customer_id, phone, email, registration_no from customers")
    }
    by_customer: dict[str, dict[str, str]] = {}
    for profile, true_id, kind in company.ask("select customer_id, true_customer_id, kind from truth.duplicates"):
        if kind.endswith("profile"):
            by_customer.setdefault(true_id, {})[kind] = profile
    seen = 0
    for known in by_customer.values():
        first, second, third = (known.get(f"{nth} profile") for nth in ("first", "second", "third"))
        assert first
        assert second
        assert _shared(profiles[first], profiles[second]), (first, second)
        if third:
            assert _shared(profiles[second], profiles[third]) or _shared(profiles[first], profiles[third]), third
            seen += 1
    assert len(by_customer) > 10
    assert seen > 1


def test_no_two_other_profiles_share_a_value_except_in_households_and_switchboards(company: Simulated) -> None:
    (strangers,) = company.one("""
        with ids as (
            select distinct customer_id, coalesce(sharing_group, true_customer_id, customer_id) as who,
                unnest([phone, lower(trim(email)), registration_no]) as value
            from customers left join truth.duplicates using (customer_id)
        )
        select count(*) from (
            select value from ids where value is not null group by value having count(distinct who) > 1)""")
    assert strangers == 0
    groups = dict(company.ask("select kind, count(distinct sharing_group) from truth.duplicates group by kind"))
    assert groups["household"] > 2
    assert groups["switchboard"] > 0
    (same_names,) = company.one("""
        select count(*) from (select sharing_group from truth.duplicates join customers using (customer_id)
            where sharing_group is not null group by sharing_group
            having count(distinct name) = 1 and count(distinct customer_id) filter (name is not null) > 1)""")
    assert same_names == 0


def test_phone_numbers_are_valid_and_mail_addresses_reserved_for_examples(company: Simulated) -> None:
    phones = [phone for (phone,) in company.ask("select distinct phone from customers where phone is not null")]
    assert all(phonenumbers.is_valid_number(phonenumbers.parse(phone, "CN")) for phone in phones[:1_000])
    (others,) = company.one(
        "select count(*) from customers where not regexp_matches(lower(trim(email)), '@example\\.(com|net|org)$')"
    )
    assert others == 0


def test_finance_agrees_with_the_orders_except_in_the_planted_month(company: Simulated) -> None:
    rows = company.ask(
        """
        with rates as (select currency, rate_date, rate from fx_rates),
        newest as (from true_orders where status = 'completed'),
        converted as (
            select newest.order_id, date_trunc('month', ordered_at)::date as month, amount, coalesce(rate, 1) as rate
            from newest asof left join rates on newest.currency = rates.currency and ordered_at::date >= rate_date
        ),
        refunded as (select order_id, sum(amount) as refund from returns group by all),
        revenues as (
            select month, sum(round(amount * rate, 2) - coalesce(round(refund * rate, 2), 0)) as revenue
            from converted left join refunded using (order_id) group by all
        ),
        reported as (select month, last(revenue order by filename) as revenue from finance group by all)
        select month, reported.revenue / revenues.revenue from reported join revenues using (month) order by month
        """.replace(
            "from finance ", f"from read_parquet('{company.landing}/finance_totals/*.parquet', filename = true) "
        )
    )
    wrong = [month for month, ratio in rows if abs(float(ratio) - 1) > 1e-4]
    assert len(rows) >= company.company.months - 1
    assert len(wrong) == 1
    assert float(dict(rows)[wrong[0]]) == pytest.approx(1.07, rel=1e-3)


def _phone(text: str | None) -> str:
    return (
        phonenumbers.format_number(phonenumbers.parse(text, "CN"), phonenumbers.PhoneNumberFormat.E164) if text else ""
    )


def _shared(one: tuple[str, str, str], other: tuple[str, str, str]) -> bool:
    return any(mine and mine == theirs for mine, theirs in zip(one, other, strict=True))
