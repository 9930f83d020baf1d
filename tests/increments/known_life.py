"""One life of a company, written by hand, that holds every kind of change which an increment must carry over."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from tests.increments.company_life import Life, Step, rates
from tests.increments.known_rows import (
    CLOSE,
    FAR,
    FIRST,
    LAST,
    NEXT,
    PROFILE,
    answer,
    approved,
    booked,
    customer,
    decided,
    fitted,
    interaction,
    item,
    judged,
    member,
    nodes_of,
    order,
    parameters_of,
    product,
    rate,
    returned,
    reviewed,
    settled,
    tested,
    ticket,
    touch,
    turned,
)


def day_of(number: int) -> date:
    """The day of an order of the history: spread over two years, in no order."""
    return FIRST - timedelta(days=number * 37 % 700)


IN_EUROS = range(70, 80)
HISTORY = [
    order(number, number % 8, day_of(number), currency="EUR" if number in IN_EUROS else None) for number in range(80)
]
# So many that one return of an unknown order is no reason to refuse the data.
SMALL_RETURNS = [returned(number, number, day_of(number), "1.00") for number in range(20, 60)]
# So many that their score is shown.
ENOUGH_ANSWERS = [answer(number, number % 8 if number % 3 else None, FIRST, number % 11) for number in range(10, 24)]
HELD_BACK = order(90, 3, FIRST, "70.00")

FIRST_DELIVERY = {
    "campaigns": [{"campaign_id": "K1", "name": "spring", "starts_on": date(2024, 1, 1), "ends_on": LAST}],
    "customers": [
        *(customer(number, date(2022, 1, 1) + timedelta(days=90 * number)) for number in range(6)),
        customer(11, None),  # known on the as-of day alone
    ],
    "order_items": [item(number, "P1", 2) for number in range(20)],
    "finance_totals": [booked(FIRST.replace(day=1), "100.00")],
    "fx_rates": rates(FIRST - timedelta(days=720), LAST),
    "interactions": [interaction(1, FIRST, FIRST), interaction(2, FIRST, NEXT), interaction(3, NEXT, None)],
    "orders": [*HISTORY, order(91, 1, CLOSE, "80.00")],  # the last is of a day still to come
    "products": [product("P1", "3.50")],
    "tier_reviews": [
        *(reviewed("2023Q4", date(2023, 12, 31), number, "A", "B", date(2024, 1, 2)) for number in (1, 2, 3)),
        reviewed("2023Q4", date(2023, 12, 31), 4, "C", "C", date(2024, 1, 2)),
        reviewed("2024Q1", CLOSE, 1, "A", "D"),  # of a day still to come
        reviewed("2024Q1", CLOSE, 2, "B", "B"),
    ],
    "tier_decisions": [approved(1, "2024Q1", 1, "rejected")],
    "value_fits": [
        fitted("F1", date(2023, 6, 30)),
        fitted("F2", date(2023, 6, 30), "gamma_gamma"),
        fitted("F3", CLOSE),  # on data of days still to come
    ],
    "value_fit_parameters": [
        *parameters_of("F1", r="0.5", alpha="4.5", a="0.8", b="2.5"),
        *parameters_of("F2", p="6.25", q="3.75", v="15.5"),
        *parameters_of("F3", r="0.6", alpha="4.5", a="0.8", b="2.5"),
    ],
    "value_fit_nodes": [*nodes_of("F1"), *nodes_of("F3")],
    "value_backtests": [tested("F1", "0.4"), tested("F3", "0.6")],
    "surveys": [answer(1, 3, FIRST, 9), answer(2, None, FIRST, 2), answer(3, 4, CLOSE, 7), *ENOUGH_ANSWERS],
    "memberships": [member(1, "diamond", FIRST), member(2, "gold", FIRST)],
    "tickets": [ticket(1, FIRST), ticket(2, FIRST, NEXT)],
    "ticket_events": [
        turned(1, 1, FIRST, "paused"),
        turned(5, 2, FIRST, "contacted"),
        turned(2, 2, CLOSE, "reopened"),
    ],  # the last is still to come
    "returns": [
        returned(1, 5, FIRST, "40.00"),
        returned(2, 999, FIRST, "10.00"),  # of an order that comes later
        *SMALL_RETURNS,
    ],
    "touches": [
        touch(1, 2, FIRST),
        touch(2, 3, date(2024, 1, 15), date(2024, 1, 20)),
        touch(4, 4, FIRST),
        touch(5, 7, FIRST),
    ],
}
A_DAYS_NEWS = {
    "customers": [
        customer(2, date(2022, 6, 30), "strategic"),
        customer(9, NEXT),
        customer(10, CLOSE),
        customer(7, date(2023, 9, 1), same_as=3),
    ],
    "fx_rates": [
        rate("eur", day_of(70), "8.5"),  # corrected, in other letters, for one order
        rate("CNY", NEXT, "1"),  # the reporting currency's own: it concerns no order
    ],
    "tier_decisions": [
        approved(2, "2023Q4", 2) | {"decided_at": datetime.combine(NEXT, time(9))},
        approved(3, "2023Q4", 3, "rejected") | {"decided_at": datetime.combine(NEXT, time(9))},
    ],
    "finance_totals": [booked(FIRST.replace(day=1), "90.00"), booked(LAST.replace(day=1), "1.00")],
    "interactions": [interaction(2, FIRST, FIRST), interaction(4, date(2023, 6, 30), NEXT)],
    "label_reviews": [judged(number, number, "confirmed", NEXT) for number in range(8)],  # C7 is C3 for a while
    "alert_decisions": [
        settled(1, 5, "snooze", NEXT, CLOSE),
        settled(2, 6, "close", FIRST),
        settled(3, 0, "close", NEXT),
        settled(4, 0, "reopen", CLOSE),  # counts on a day still to come
    ],
    "value_fits": [fitted("F4", NEXT, "gamma_gamma"), fitted("F5", NEXT, status="failed")],
    "value_fit_parameters": parameters_of("F4", p="5.25", q="3.5", v="16"),
    "surveys": [answer(2, None, FIRST, 3), answer(12, 4, FIRST, 10)],
    "memberships": [member(2, "diamond", NEXT), member(7, "silver", FIRST)],
    "tickets": [ticket(1, FIRST, NEXT), ticket(3, NEXT)],
    "ticket_events": [
        turned(3, 1, NEXT, "resumed"),
        turned(4, 3, NEXT, "escalated"),
        turned(6, 3, NEXT, "contacted"),
        turned(1, 1, NEXT, "paused"),
    ],
    "orders": [
        order(100, 4, NEXT),
        order(101, 7, date(2023, 6, 30), "250.00"),  # late by months
        order(3, 3, day_of(3), "900.00"),  # corrected amount
        order(4, 5, day_of(4)),  # of another customer
        order(6, 6, date(2023, 9, 1)),  # of another day
        order(8, 0, day_of(8), status="cancelled"),
        order(9, 1, day_of(9), currency="EUR"),  # of another currency
        order(71, 7, day_of(71)),  # of the reporting currency after all
        order(14, 6, FAR),  # of a day still to come, so it is gone
        HISTORY[10],  # delivered again, byte for byte
        order(12, 4, date(2023, 1, 1), "1.00", updated_at=date(2024, 3, 15)),  # a version of a day to come
    ],
    "returns": [
        returned(3, 11, date(2023, 12, 31), "100.00"),  # late, and takes a purchase away
        returned(1, 5, FIRST, "100.00"),  # corrected
        returned(20, 20, FAR, "1.00"),  # gone
        returned(21, 22, day_of(21), "1.00"),  # of another order
        returned(4, 13, CLOSE, "100.00"),  # of a day still to come
    ],
    "touches": [touch(3, 5, NEXT), touch(1, 2, FIRST, NEXT), touch(4, 4, FAR)],
}
LATE_NEWS = {
    "identity_decisions": [decided(1, "split", 7), decided(2, "merge", 0, 6)],
    "tier_decisions": [approved(1, "2024Q1", 1), approved(4, "2023Q4", None)],  # corrected; and one too late
    "fx_rates": [rate("EUR", day_of(75), "9.1"), rate("EUR", day_of(76), "9.2")],  # late, for orders that had another
    "alert_decisions": [settled(2, 6, "snooze", FIRST, FAR)],  # corrected
    "label_reviews": [
        judged(2, 2, "rejected", CLOSE),  # corrected
        judged(20, 4, "rejected", FIRST),  # older than the one on C4 that was delivered before
        judged(21, 6, "rejected", LAST),  # of a customer who is merged the same day
    ],
    "order_items": [item(3, "P1", 7), item(101, "P1", 1)],
    "orders": [order(999, 2, FIRST, "60.00")],  # its return came before it
    "products": [product("P1", "9.00")],
    "value_fit_parameters": parameters_of("F1", r="0.7"),  # corrected
    "value_backtests": [tested("F1", "0.45")],
    "customers": [customer(9, date(2024, 1, 15))],  # known earlier than it was said before
    "touches": [touch(3, 5, NEXT, NEXT)],  # answered by a month-end that is past, and told after it
}
LAST_NEWS = {
    "returns": [returned(70, 72, day_of(72), "100.00"), returned(71, 73, day_of(73), "33.33")],
    "orders": [
        HELD_BACK,
        order(3, 3, day_of(3), "5.00", updated_at=date(2023, 1, 1)),
    ],
}

KNOWN_LIFE = Life(
    (
        Step((FIRST_DELIVERY,), FIRST, PROFILE),
        Step((A_DAYS_NEWS,), NEXT, PROFILE),
        Step((), NEXT, PROFILE),  # the same day again, without news
        Step((), CLOSE, PROFILE),  # no news, but days that were to come have come
        Step((LATE_NEWS, LAST_NEWS), LAST, PROFILE),
    )
)
