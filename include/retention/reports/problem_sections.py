"""Frequent problems of a week, and tickets that are or will soon be overdue (C3, C4, 高频问题分析报告)."""

from retention.reports.parts import Finding, Report, Section

# Of the clock that is due, not of the settlement: a ticket can be late by its answer and in time by its settlement.
CLOCK_REASON = """
            policies.status || coalesce(
                ': ' || policies.taken_minutes || ' of ' || policies.allowed_minutes
                || case when policies.clock = 'business' then ' working' else '' end || ' minutes', ''
            )
""".strip()
QUERIES = {
    "problems": """
        select category_rank, category, tickets, ticket_share, cumulative_share, mean_4_weeks, change_rate, trend,
            usual_tickets, hotspot_score, hotspot_rank, verdict, customers, revenue_12m, revenue_share, main_tier,
            main_region, main_channel, reason
        from marts.issue_hotspots where week_start = $week order by category_rank
    """,
    "service": """
        select dimension, dimension_value, tickets, resolved, resolution_rate, met, breached, undecided, timely_rate,
            median_first_response_minutes, median_resolution_minutes, call_back_rate, csat
        from marts.service_metrics where week_start = $week and period_type = 'week'
        order by dimension != 'all', dimension, tickets desc, dimension_value
    """,
    "overdue": f"""
        select tickets.ticket_id, tickets.customer_id, tickets.owner, tickets.category, tickets.escalated_priority,
            tickets.escalation_level, tickets.received_at, tickets.next_due_at, policies.metric,
            tickets.first_response_status, tickets.resolution_status, {CLOCK_REASON} as reason
        from marts.ticket_sla as tickets
        left join marts.ticket_sla_policies as policies
            on tickets.ticket_id = policies.ticket_id and policies.is_counted and policies.status = 'overdue'
                and policies.metric != 'call_back'
        where tickets.is_overdue
        -- A ticket stands once, with the clock that has been overdue longest.
        qualify row_number() over (
            partition by tickets.ticket_id order by policies.due_at nulls last, policies.metric
        ) = 1
        order by tickets.escalated_priority nulls last, tickets.next_due_at, tickets.ticket_id
    """,
    "soon_overdue": f"""
        select tickets.ticket_id, tickets.customer_id, tickets.owner, tickets.category, tickets.escalated_priority,
            tickets.escalation_level, tickets.received_at, policies.metric, policies.due_at, tickets.is_overdue,
            policies.status, {CLOCK_REASON} as reason
        from marts.ticket_sla as tickets
        inner join marts.ticket_sla_policies as policies
            on tickets.ticket_id = policies.ticket_id and policies.is_counted and policies.is_soon_overdue
                and policies.metric != 'call_back'
        where tickets.is_soon_overdue order by policies.due_at, tickets.ticket_id, policies.metric
    """,
}
"""The questions of the report, by the names of its tables; $week is the Monday."""

CODES = {
    "problems": {"category": "ticket_category"},
    "service": {},
    "overdue": {"category": "ticket_category", "metric": "sla_metric"},
    "soon_overdue": {"category": "ticket_category", "metric": "sla_metric", "status": "sla_status"},
}
WEEK = Finding(
    "problem_week",
    """
    select week_now() as week_start, coalesce(max(tickets), 0)::int as tickets,
        coalesce(max(resolved), 0)::int as resolved,
        max(resolution_rate) as resolution_rate, max(timely_rate) as timely_rate,
        case when max(tickets) > 0 then 'some' else 'none' end as _case,
        case when max(breached) > 0 then 'warn' else 'good' end as _mood
    from marts.service_metrics
    where period_type = 'week' and week_start = week_now() and dimension = 'all'
    """,
)
HOTSPOTS = Finding(
    "hotspot",
    """
    select category as ticket_category, tickets, usual_tickets, ticket_share, customers, 'bad' as _mood
    from marts.issue_hotspots where week_start = week_now() and hotspot_rank is not null order by hotspot_rank
    """,
    most=3,
)
OVERDUE = Finding(
    "tickets_overdue",
    """
    select count(*)::int as tickets, min(next_due_at) as oldest_due_at,
        case when count(*) > 0 then 'some' else 'none' end as _case,
        case when count(*) > 0 then 'bad' else 'good' end as _mood
    from marts.ticket_sla where is_overdue
    """,
)
PROBLEMS = Report(
    "problems",
    (WEEK, HOTSPOTS, OVERDUE),
    tuple(
        Section(key, query.replace("$week", "week_now()"), shown=40, codes=CODES[key], hidden=("reason",))
        for key, query in QUERIES.items()
    ),
)
