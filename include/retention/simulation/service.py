"""What customers say and what staff write down: interactions, tickets, answers to surveys."""

from collections.abc import Sequence

import duckdb

from retention.simulation.company import Company, Span, instant
from retention.simulation.deliveries import wait
from retention.simulation.draws import poisson
from retention.simulation.lives import concerns
from retention.simulation.plan import Incident

MOST_A_MONTH = 12
NO_STAFF, ANONYMOUS, UNKNOWN_CUSTOMER, NO_TOUCHPOINT = 0.05, 0.2, 0.05, 0.1
SEVERITIES = {"normal": 6, "important": 3, "urgent": 1}
TICKET_TYPES = {"complaint": 5, "inquiry": 4, "suggestion": 2}
RESPONSE_MINUTES = {"urgent": 25, "important": 90, "normal": 240}  # medians
DUE_HOURS = {"urgent": 24, "important": 72, "normal": 168}
NEVER_RESOLVED, CALLED_BACK, SCORED = 0.04, 0.6, 0.5
CONTACTED, PAUSED, REOPENED, REOPENED_FOR_GOOD, ESCALATED = 0.85, 0.15, 0.04, 0.005, 0.05
CONTACT_SECONDS = 150  # median
LEAVING_DAYS = 60  # before the end of a life, answers are worse
SURVEY_TYPES = {"nps": 4, "csat": 4, "ces": 2}
TOUCHPOINTS = {"order": 4, "delivery": 3, "service": 3, "periodic": 2}
IMPROVEMENTS = {"packing changed": 2, "text corrected": 2, "staff trained": 2, "carrier changed": 1}


def happenings(company: Company, month: Span, rows: str, rate: str, kept: Sequence[str], where: str = "true") -> str:
    """SQL of what happens to customers in a month at so many a day, one row each: `e`, `i`, `day` and what is kept.

    Args:
        rows: what they are.
        rate: SQL of how often a day it happens to a customer who has not left.
        kept: columns of `lives`.
        where: who is concerned.
    """
    person = company.draws(f"{rows} of a month", f"{month.first}::bigint * {company.customers} + i")
    event = company.draws(rows, "e")
    columns = "".join(f", {name}" for name in kept)
    return f"""
        with alive as (
            select i{columns}, greatest(first_day, {month.first}) as since,
                least(last_day, {month.last}) - greatest(first_day, {month.first}) + 1 as span
            from lives where first_day <= {month.last} and last_day >= {month.first} and {where}
        ),
        meant as (select *, span * ({rate}) as mean, {person.uniform("number")} as u from alive),
        counted as (select *, {poisson("u", "mean", MOST_A_MONTH)} as happenings from meant where u >= 1 - mean),
        numbered as (select *, unnest(range(happenings)) as nth from counted where happenings > 0),
        keyed as (
            select *, cast(({month.first}::bigint * {company.customers} + i) * 16 + nth as bigint) as e from numbered
        )
        select e, i{columns}, since + cast(floor({event.uniform("day")} * span) as integer) as day from keyed"""


def draw_interactions(connection: duckdb.DuckDBPyConnection, company: Company, month: Span) -> None:
    """Interactions, some recorded late, some without time of recording or staff; and bad rows beside them."""
    d, trade, flaws = company.draws("interaction", "e"), company.trade, company.flaws
    drawn = happenings(company, month, "interaction", str(trade.interactions), ("region",))
    delay = f"""case when {d.happens("late", flaws.late_records)} then 1440 + {d.integer("late minutes", 1, 7200)}
        else {d.integer("minutes", 1, 1200)} end"""
    wait(connection, "interactions", f"""
        with placed as (
            select *, {instant(company, "day", d.integer("second", 28_800, 50_400))} as moment, {delay} as minutes
                from ({drawn})
        ),
        rows as (
            select *, false as is_bad from placed union all select *, true from placed where
                {d.happens("bad", flaws.bad)}
        )
        select if(is_bad, 'BAD-', 'X') || e as interaction_id,
            if(is_bad, null, 'C' || lpad(i::varchar, 8, '0')) as customer_id, moment as occurred_at,
            {d.weighted("channel", trade.contact_channels)} as channel,
            {d.weighted("type", trade.interaction_types)} as interaction_type,
            {d.weighted("direction", {"inbound": 3, "outbound": 2})} as direction,
            if({d.happens("no staff", NO_STAFF)}, null, 'owner-' || region || '-' || {d.integer("staff", 1, 3)}) as
                staff,
            if({d.happens("unrecorded", flaws.unrecorded)}, null, moment + to_minutes(minutes)) as recorded_at,
            'A made-up conversation about ' || {d.choice("topic", [*trade.needs])} as content,
            e * 2 + is_bad::integer as _at,
            day + if(minutes > 1440, cast(minutes // 1440 as integer), 0) as _delivered
        from rows""")  # fmt: skip


def draw_tickets(
    connection: duckdb.DuckDBPyConnection, company: Company, month: Span, incidents: Sequence[Incident]
) -> None:
    """Tickets as received, and once more when they are closed. Incidents bring complaints of their own."""
    trade = company.trade
    drawn = happenings(company, month, "ticket", str(trade.tickets), ("region", "channel", "contentment"))
    parts = [f"select e * 8 as e, i, region, contentment, day, null::varchar as incident from ({drawn})"]
    for nth, one in enumerate(incidents):
        if one.first <= month.last and one.last >= month.first:
            during = Span(max(one.first, month.first), min(one.last, month.last), month.label)
            drawn = happenings(
                company,
                during,
                f"ticket of {one.incident_id}",
                str(one.ticket_rate),
                ("region", "contentment"),
                concerns(one),
            )
            parts.append(f"select e * 8 + {nth % 7 + 1}, i, region, contentment, day, '{one.category}' from ({drawn})")
    courses = _courses(company, " union all ".join(parts))
    _wait_tickets(connection, company, courses)
    _wait_ticket_events(connection, company, courses)


def _courses(company: Company, drawn: str) -> str:
    """SQL steps from drawn tickets to `dated`: when each is received, answered, settled and called back."""
    d, issues = company.draws("ticket", "e"), company.trade.issues
    by_severity = " ".join(f"when '{name}' then {minutes}" for name, minutes in RESPONSE_MINUTES.items())
    due = " ".join(f"when '{name}' then {hours}" for name, hours in DUE_HOURS.items())
    seconds = f"60 * minutes * exp({d.normal('response')})"
    return f"""
        with placed as (
            select *, {instant(company, "day", d.integer("second", 28_800, 50_400))} as moment,
                {d.weighted("severity", SEVERITIES)} as severity,
                if(incident is null, {d.weighted("type", TICKET_TYPES)}, 'complaint') as ticket_type,
                coalesce(incident, {d.weighted("category", issues)}) as category
            from ({drawn})
        ),
        timed as (select *, case severity {by_severity} end as minutes, case severity {due} end as due_hours from
            placed),
        answered as (
            select *, moment + to_seconds(cast(least(864000, {seconds}) as integer)) as answered_at,
                due_hours * 0.45 * exp(0.8 * {d.normal("hours")} + if(incident is null, 0, 0.5)) as hours
            from timed
        ),
        settled as (
            select *, case when not {d.happens("never resolved", NEVER_RESOLVED)}
                then greatest(answered_at, moment + to_seconds(cast(3600 * least(1440, hours) as integer))) end as
                    settled_at
            from answered
        ),
        called as (
            select *, case when {d.happens("called back", CALLED_BACK)}
                then settled_at + to_hours({d.integer("call", 2, 46)}) end as called_at
            from settled
        ),
        -- A ticket is delivered as it stands at the end of its day, and once more when it has come to its end.
        dated as (
            select *, date '{company.first_day}' + day as today,
                (coalesce(called_at, settled_at)::date - date '{company.first_day}')::integer as closed_day
            from called
        )"""  # fmt: skip


def _wait_tickets(connection: duckdb.DuckDBPyConnection, company: Company, courses: str) -> None:
    d = company.draws("ticket", "e")
    score = f"greatest(1, least(5, round(3.6 + contentment - 0.5 * ln(1 + hours / 24.0) + 0.7 * {d.normal('score')})))"
    wait(connection, "tickets", f"""
        {courses},
        versions as (
            select *, 0 as version, today + 1 as known_to, day as delivered from dated
            union all
            select *, 1, date '2199-01-01', closed_day from dated where closed_day > day
        )
        select 'T' || lpad(e::varchar, 14, '0') as ticket_id, moment as received_at, ticket_type,
            if({d.happens("unknown", UNKNOWN_CUSTOMER)}, null, 'C' || lpad(i::varchar, 8, '0')) as customer_id,
            if({d.happens("hole in category", company.flaws.holes)} and incident is null, null, category) as category,
            severity, {d.weighted("channel", company.trade.contact_channels)} as channel,
            if(answered_at < known_to, answered_at, null) as first_response_at,
            'service-' || region || '-' || {d.integer("owner", 1, 2)} as owner, moment + to_hours(due_hours) as due_at,
            if(settled_at < known_to, settled_at, null) as resolved_at,
            if(called_at < known_to, called_at, null) as called_back_at,
            if(settled_at < known_to and {d.happens("scored", SCORED)}, cast({score} as integer), null) as
                satisfaction_score,
            'A made-up ' || ticket_type || ' about ' || category as description,
            if(settled_at < known_to and {d.happens("improved", 0.2)}, {d.weighted("improvement", IMPROVEMENTS)}, null)
                as improvement,
            greatest(moment, if(answered_at < known_to, answered_at, moment), if(settled_at < known_to, settled_at,
                moment),
                if(called_at < known_to, called_at, moment)) as updated_at,
            e * 2 + version as _at, delivered as _delivered
        from versions""")  # fmt: skip


def _wait_ticket_events(connection: duckdb.DuckDBPyConnection, company: Company, courses: str) -> None:
    """Most customers hear at once that the ticket is in hand; some tickets wait, are handed up, or are opened again."""
    d = company.draws("ticket event", "e")
    until = "coalesce(settled_at, answered_at + interval 2 day)"
    worked = f"epoch({until}) - epoch(answered_at)"
    paused = f"answered_at + to_seconds(cast(floor({d.uniform('paused')} * 0.5 * ({worked})) as integer))"
    reopened = f"answered_at + to_seconds(cast(floor((0.5 + 0.5 * {d.uniform('reopened')}) * ({worked})) as integer))"
    spoken = f"cast({CONTACT_SECONDS} * exp({d.normal('contact')}) as integer)"
    contacted = f"least(answered_at, moment + to_seconds({spoken}))"
    left = f"epoch({until}) - epoch(paused_at)"
    resumed = f"paused_at + to_seconds(cast(floor({d.uniform('resumed')} * 0.8 * ({left})) as integer))"
    wait(connection, "ticket_events", f"""
        {courses},
        turned as (
            select *, if({d.happens("is contacted", CONTACTED)}, {contacted}, null) as contacted_at,
                if({d.happens("is paused", PAUSED)}, {paused}, null) as paused_at,
                if({d.happens("is escalated", ESCALATED)}, answered_at, null) as escalated_at,
                case when {d.happens("is reopened", REOPENED)} then {reopened}
                    when {d.happens("is reopened for good", REOPENED_FOR_GOOD)} then settled_at + interval 2 day end
                    as reopened_at
            from dated
        ),
        listed as (
            select e, 0 as nth, 'paused' as event_type, paused_at as occurred_at from turned
            union all select e, 1, 'resumed', {resumed} from turned
            union all select e, 2, 'reopened', reopened_at from turned
            union all select e, 3, 'escalated', escalated_at from turned
            union all select e, 4, 'contacted', contacted_at from turned
        )
        select 'TE' || lpad(e::varchar, 14, '0') || nth as event_id, 'T' || lpad(e::varchar, 14, '0') as ticket_id,
            occurred_at, event_type, 'A made-up note' as note, e * 8 + nth as _at,
            (occurred_at::date - date '{company.first_day}')::integer as _delivered
        from listed where occurred_at is not null""")  # fmt: skip


def draw_surveys(connection: duckdb.DuckDBPyConnection, company: Company, month: Span) -> None:
    """Answers, some anonymous: better from the content, worse in the last weeks before leaving."""
    d = company.draws("survey", "e")
    drawn = happenings(company, month, "survey", str(company.trade.surveys), ("region", "contentment", "last_day"))
    wait(connection, "surveys", f"""
        with asked as (
            select *, {d.weighted("type", SURVEY_TYPES)} as survey_type,
                contentment - if(last_day - day <= {LEAVING_DAYS}, 1.2, 0) + 0.5 * {d.normal("mood")} as mood
            from ({drawn})
        ),
        answered as (
            select *, cast(case survey_type
                when 'nps' then greatest(0, least(10, round(8.1 + 1.7 * mood)))
                when 'csat' then greatest(1, least(5, round(4.1 + 0.8 * mood)))
                else greatest(1, least(7, round(3 - mood))) end as integer) as score
            from asked
        )
        select 'A' || lpad(e::varchar, 14, '0') as response_id, survey_type, score,
            {instant(company, "day", d.integer("second", 28_800, 50_400))} as responded_at,
            if({d.happens("anonymous", ANONYMOUS)}, null, 'C' || lpad(i::varchar, 8, '0')) as customer_id,
            if({d.happens("no touchpoint", NO_TOUCHPOINT)}, null, {d.weighted("touchpoint", TOUCHPOINTS)}) as
                touchpoint,
            {d.weighted("channel", company.trade.contact_channels)} as channel, region,
            if({d.happens("comment", 0.3)}, if(mood < -1, 'made up: too slow', 'made up: fine'), null) as comment,
            e as _at, day as _delivered
        from answered""")  # fmt: skip
