"""Contacts: planned, made, overdue, and what came back (P3, P4, P5).

What was made, and what came back, is of the contact's own day. Where it is held against plans it is of the plan's day
(decision 63), and the sentence or the table's note says so: a contact of Monday may carry out a plan of last week.
"""

from retention.reports.parts import Finding, Section

DONE = """
    sum(planned_count)::int as planned_count,
    coalesce(sum(actual_count) filter (where is_planned), 0)::int as actual_count,
    sum(actual_count) filter (where is_planned) / nullif(sum(planned_count), 0)::double as completion_rate,
    coalesce(sum(actual_count) filter (where not is_planned), 0)::int as unplanned_count,
    sum(positive)::int as positive, sum(negative)::int as negative, sum("none")::int as no_feedback
"""
OF_NO_HOLDOUT = """
    (variant is null or variant not in (
        select performance.variant from marts.campaign_performance as performance where performance.is_holdout
    ))
"""
"""Of touches those that went out: who was left out of a campaign was not contacted."""
MADE_IN_WEEK = f"touched_on between week_now() and as_of() and {OF_NO_HOLDOUT}"
MONTH, WEEK = (f"touch_date between {start} and as_of()" for start in ("month_now()", "week_now()"))


def _execution(key: str, by: str, period: str) -> Section:
    start = "month_now()" if period == MONTH else "week_now()"
    order = "planned_count desc nulls last, actual_count desc, " + by
    return Section(
        key,
        f"select {by}, {DONE}, {start} as _from, as_of() as _until from marts.touch_execution where {period} "
        f"group by {by} order by {order}",
        shown=30,
        bars=("completion_rate",),
    )


BY_TIER = _execution("execution_by_tier", "scheme, tier", MONTH)
BY_CHANNEL = _execution("execution_by_channel", "channel", MONTH)
BY_EXECUTOR = _execution("execution_by_executor", "executor", MONTH)
WEEK_BY_THEME = _execution("week_by_theme", "theme, channel", WEEK)
OVERDUE_BY_OWNER = Section(
    "overdue_by_owner",
    """
    select owner as contact_owner, count(*)::int as overdue_contacts, count(distinct customer_id)::int as customers,
        min(due_on) as oldest_due_on
    from marts.contact_calendar where is_overdue group by owner order by overdue_contacts desc, owner
    """,
)
OVERDUE = Section(
    "overdue_contacts",
    """
    select calendar.due_on, calendar.customer_id, calendar.trigger, calendar.channel,
        calendar.owner as contact_owner, calendar.priority, calendar.latest_on, customers.region
    from marts.contact_calendar as calendar
    inner join marts.dim_customers as customers on calendar.customer_id = customers.customer_id
    where calendar.is_overdue
    order by calendar.priority, calendar.due_on, calendar.customer_id
    """,
    shown=30,
)
CADENCE = Section(
    "cadence",
    """
    select scheme, tier, customers_due, customers_contacted, compliance_rate, contacts_due, contacts_made,
        overdue_contacts, month as _month, missing_reason as _missing_reason
    from marts.cadence_compliance
    where month = (
        select coalesce(max(month) filter (where is_mature), max(month)) from marts.cadence_compliance
    )
    order by scheme != primary_scheme(), scheme, tier_rank, tier
    """,
    bars=("compliance_rate",),
)
WEEK_BY_CHANNEL = Section(
    "week_by_channel",
    f"""
    select channel, count(*) filter (where touched_on >= week_now())::int as touches,
        count(*) filter (where touched_on < week_now())::int as touches_week_before,
        count(distinct customer_id) filter (where touched_on >= week_now())::int as customers,
        count(delivered_at) filter (where touched_on >= week_now())::int as delivered,
        count(opened_at) filter (where touched_on >= week_now())::int as opened,
        count(clicked_at) filter (where touched_on >= week_now())::int as clicked,
        count(responded_at) filter (where touched_on >= week_now())::int as responded,
        count(responded_at) filter (where touched_on >= week_now())
            / nullif(count(*) filter (where touched_on >= week_now()), 0)::double as response_rate,
        week_now() as _from, as_of() as _until
    from marts.fct_touches
    where touched_on between week_now() - 7 and as_of() and {OF_NO_HOLDOUT}
    group by channel
    order by touches desc, channel
    """,
    bars=("response_rate",),
)
EXCLUSIONS = Section(
    "exclusions",
    """
    select exclusion, count(*)::int as contacts, count(distinct customer_id)::int as customers
    from marts.contact_exclusions where due_on between week_now() and as_of()
    group by exclusion order by contacts desc, exclusion
    """,
)
CAMPAIGNS = Section(
    "campaigns",
    """
    select campaign_name, variant, customers, conversion_rate, 100 * lift as lift_points,
        100 * lift_ci_low as lift_ci_low_points, 100 * lift_ci_high as lift_ci_high_points, is_significant,
        incremental_revenue, is_mature
    from marts.campaign_performance
    where not is_holdout
    order by ends_on desc, campaign_name, variant
    """,
    shown=20,
)
DUE_NEXT = Section(
    "due_next_week",
    """
    select owner as contact_owner, count(*)::int as contacts, count(distinct customer_id)::int as customers,
        min(due_on) as first_due_on, as_of() + 1 as _from, max(max(due_on)) over () as _until
    from marts.contact_calendar where not is_overdue and due_on > as_of()
    group by owner order by contacts desc, owner
    """,
)


DONE_IN_MONTH = Finding(
    "done_in_month",
    f"""
    select month_now() as first_day, as_of() as last_day, {DONE},
        case when sum(planned_count) > 0 then 'planned' when count(*) > 0 then 'unplanned' else 'nothing' end
            as _case,
        case when sum(actual_count) filter (where is_planned) >= sum(planned_count) then 'good' else 'warn' end
            as _mood
    from marts.touch_execution where {MONTH}
    """,
)
DONE_IN_WEEK = Finding(
    "done_in_week",
    f"""
    select week_now() as first_day, as_of() as last_day, contacts, planned_count, actual_count, completion_rate,
        case when planned_count > 0 then 'planned' when contacts > 0 then 'unplanned' else 'nothing' end as _case,
        case when planned_count > 0 and actual_count >= planned_count then 'good' else 'warn' end as _mood
    from (select {DONE} from marts.touch_execution where {WEEK}) as plans
    cross join (select count(*)::int as contacts from marts.fct_touches where {MADE_IN_WEEK}) as made
    """,
)
FURTHEST_BEHIND = Finding(
    "furthest_behind",
    f"""
    select executor, {DONE}, min_count() as least_planned, 'warn' as _mood from marts.touch_execution
    where {MONTH} and is_planned group by executor
    having sum(actual_count) < sum(planned_count) and sum(planned_count) >= min_count()
    order by sum(actual_count) / sum(planned_count)::double, sum(planned_count) - sum(actual_count) desc, executor
    """,
)
OVERDUE_NOW = Finding(
    "overdue_now",
    """
    select count(*)::int as contacts, count(distinct customer_id)::int as customers, min(due_on) as oldest_due_on,
        case when count(*) > 0 then 'some' else 'none' end as _case,
        case when count(*) > 0 then 'bad' else 'good' end as _mood
    from marts.contact_calendar where is_overdue
    """,
)
CADENCE_KEPT = Finding(
    "cadence_kept",
    """
    select month, tier, customers_due, customers_contacted, compliance_rate, scheme as _scheme, 'warn' as _mood
    from marts.cadence_compliance
    where scheme = primary_scheme() and compliance_rate < 1 and customers_due >= min_count() and month = (
        select coalesce(max(month) filter (where is_mature), max(month)) from marts.cadence_compliance
    )
    order by compliance_rate, customers_due desc, tier
    """,
)
FEEDBACK = Finding(
    "feedback",
    f"""
    select count(*) filter (where feedback = 'positive')::int as positive,
        count(*) filter (where feedback = 'negative')::int as negative,
        count(*) filter (where feedback is null or feedback not in ('positive', 'negative'))::int as no_feedback,
        case when negative > positive then 'bad' else 'good' end as _mood
    from marts.fct_touches where {MADE_IN_WEEK} having positive + negative > 0
    """,
)
LEFT_OUT = Finding(
    "left_out",
    """
    select exclusion, count(*)::int as of_it, (sum(count(*)) over ())::int as contacts, 'warn' as _mood
    from marts.contact_exclusions where due_on between week_now() and as_of()
    group by exclusion order by of_it desc, exclusion
    """,
)
