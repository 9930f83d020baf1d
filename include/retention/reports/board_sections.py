"""The board, the alerts, and what is missing (K1, K2, W)."""

from retention.reports.parts import Finding, Section

BOARD_QUERY = """
    select board.category as category_group, board.metric as board_metric, board.current_value,
        board.target_value, board.target_state, board.trend_7d,
        {history}
        case
            when board.is_abnormal then 'abnormal' when board.is_too_few then 'too_few'
            when board.is_abnormal is null then 'not_judged' else 'normal'
        end as abnormal_verdict,
        board.owner, board.reason_value as cause, board.direction as _direction,
        board.unit as _unit, board.reason_dimension as _cause_dimension, board.reason_share as _cause_share,
        board.missing_reason as _missing_reason
    from marts.kpi_board as board
    order by board.position
"""
HISTORY = """
        (
            select list(cast(history.value as double) order by history.metric_date)
            from marts.kpi_history as history
            where history.metric = board.metric
        ) as history,
"""
ALERT_BOUNDS = """
        alerts.close_threshold as _close_threshold, alerts.critical_threshold as _critical_threshold,
        alerts.critical_on as _critical_on
"""
ALERT_CAUSE = """
        alerts.cause_dimension as _cause_dimension, alerts.cause_share as _cause_share,
        alerts.second_cause_dimension as _second_cause_dimension, alerts.second_cause_value as _second_cause,
        alerts.second_cause_share as _second_cause_share
"""
SEVERITY_ORDER = "case {0} when 'critical' then 1 when 'warning' then 2 else 3 end"

BOARD = Section("board", BOARD_QUERY.format(history=HISTORY), cards=6)
# A customer counts once, however many alerts it has; those of the company overlap, and have no sum.
ALERT_COUNTS = Section(
    "alert_counts",
    f"""
    with at_stake as (
        select level, severity, customer_id, max(value_at_stake) as value_at_stake
        from marts.alerts
        where status in ('opened', 'open') and customer_id is not null
        group by level, severity, customer_id
    ),
    stakes as (
        select level, severity, sum(value_at_stake) as value_at_stake from at_stake group by level, severity
    )
    select alerts.level, alerts.severity,
        count(*) filter (where status = 'opened')::int as opened_alerts,
        count(*) filter (where status in ('opened', 'open'))::int as open_alerts,
        count(*) filter (where status = 'snoozed')::int as snoozed_alerts,
        count(*) filter (where closed_on = as_of())::int as closed_alerts,
        any_value(stakes.value_at_stake)::decimal(18, 2) as value_at_stake
    from marts.alerts as alerts
    left join stakes on alerts.level = stakes.level and alerts.severity = stakes.severity
    group by alerts.level, alerts.severity
    order by alerts.level, {SEVERITY_ORDER.format("alerts.severity")}
    """,
)
# Those about the company come first: there are few, and a long list of customers would hide them.
COMPANY_WARNINGS = Section(
    "company_warnings",
    f"""
    select alerts.severity, alerts.status as alert_status, alerts.opened_on, alerts.alert_type, alerts.subject_type,
        alerts.subject_id, alerts.metric as alert_metric, alerts.metric_value,
        alerts.threshold as metric_threshold, alerts.trend_7d, alerts.cause_value as cause, alerts.owner as alert_owner,
        alerts.recommended_action, alerts.unit as _unit,
        {ALERT_BOUNDS}, {ALERT_CAUSE}
    from marts.alerts as alerts
    where alerts.status in ('opened', 'open') and alerts.is_in_digest and alerts.level = 'business'
    order by {SEVERITY_ORDER.format("alerts.severity")}, alerts.opened_on, alerts.alert_id
    """,
    shown=40,
)
WARNINGS = Section(
    "warnings",
    f"""
    select alerts.severity, alerts.status as alert_status, alerts.opened_on, alerts.alert_type, alerts.subject_type,
        alerts.subject_id, alerts.metric as alert_metric, alerts.metric_value,
        alerts.threshold as metric_threshold, alerts.owner as alert_owner, alerts.recommended_action,
        alerts.value_at_stake, alerts.unit as _unit, {ALERT_BOUNDS}
    from marts.alerts as alerts
    where alerts.status in ('opened', 'open') and alerts.is_in_digest and alerts.level != 'business'
    order by {SEVERITY_ORDER.format("alerts.severity")}, alerts.value_at_stake desc nulls last,
        alerts.opened_on, alerts.alert_id
    """,
    shown=40,
)
GROUPED_WARNINGS = Section(
    "grouped_warnings",
    f"""
    with by_customer as (
        -- A customer counts once; those about nobody known have no amount.
        select severity, digest_group, owner, customer_id, count(*) as open_alerts, min(opened_on) as opened_first_on,
            case when customer_id is not null then max(value_at_stake) end as value_at_stake
        from marts.alerts
        where status in ('opened', 'open') and not is_in_digest
        group by severity, digest_group, owner, customer_id
    )
    select severity, digest_group, owner as alert_owner, sum(open_alerts)::int as open_alerts,
        min(opened_first_on) as opened_first_on, sum(value_at_stake)::decimal(18, 2) as value_at_stake
    from by_customer
    group by severity, digest_group, owner
    order by {SEVERITY_ORDER.format("severity")}, open_alerts desc, digest_group, owner
    """,
    shown=20,
)
UNMEASURED = Section(
    "unmeasured",
    """
    select category as category_group, metric as board_metric, missing_reason, owner
    from marts.kpi_board where missing_reason is not null order by position
    """,
)
FAILED_CHECKS = Section(
    "failed_checks",
    """
    select severity as check_severity, entity as checked_table, "column" as field, "check" as check_name,
        observed as check_found, threshold as check_asked, expectation as _expectation
    from marts.data_quality where not passed
    order by severity, entity, "check", "column" nulls first
    """,
    shown=20,
)

# What has a cause can be acted upon, and comes first.
ABNORMAL_ORDER = """
    reason_value is null, abs(current_value - target_value) / nullif(abs(target_value), 0) desc nulls last, position
""".strip()
ABNORMAL = Finding(
    "abnormal",
    f"""
    select metric as board_metric, current_value, target_value, trend_7d, reason_value as cause,
        direction as _direction,
        unit as _unit, reason_dimension as _cause_dimension, reason_share as _cause_share, 'bad' as _mood,
        count(*) over ()::int as abnormal_metrics,
        string_agg(metric, ',') over (
            order by {ABNORMAL_ORDER} rows between unbounded preceding and unbounded following
        ) as all_abnormal,
        case when reason_value is null then 'unexplained' else 'explained' end
            || case when count(*) over () > 1 and row_number() over (order by {ABNORMAL_ORDER}) = 1
                then '_first' else '' end
            as _case
    from marts.kpi_board where is_abnormal
    order by {ABNORMAL_ORDER}
    """,
    most=2,
)
MISSED = Finding(
    "missed",
    """
    select count(*) filter (where target_state = 'missed')::int as missed,
        count(*) filter (where target_state in ('met', 'missed'))::int as measured,
        count(*) filter (where target_state = 'missed' and is_too_few)::int as of_too_few,
        count(*) filter (where value is null)::int as unmeasured,
        case when count(*) filter (where target_state = 'missed' and is_too_few) > 0 then 'few' else 'judged' end
            as _case,
        case when count(*) filter (where target_state = 'missed') > 0 then 'warn' else 'good' end as _mood
    from marts.kpi_history where metric_date = as_of()
    """,
)
ALERTS_OPENED = Finding(
    "alerts",
    """
    select count(*) filter (where status = 'opened')::int as opened,
        count(*) filter (where status in ('opened', 'open'))::int as still_open,
        count(*) filter (where status in ('opened', 'open') and severity = 'critical')::int as critical,
        count(*) filter (where closed_on = as_of())::int as closed,
        coalesce((
            select sum(at_stake) from (
                select max(value_at_stake) as at_stake from marts.alerts
                where status in ('opened', 'open') and customer_id is not null group by customer_id
            ) as customers
        ), 0)::decimal(18, 2) as value_at_stake,
        case when count(*) filter (where status in ('opened', 'open') and severity = 'critical') > 0
            then 'bad' when count(*) filter (where status in ('opened', 'open')) > 0 then 'warn' else 'good' end
            as _mood
    from marts.alerts
    """,
)
CHECKS = Finding(
    "checks",
    """
    select count(*)::int as checks, count(*) filter (where not passed)::int as failed,
        count(*) filter (where not passed and severity = 'critical')::int as critical,
        case when bool_and(passed) then 'passed' else 'failed' end as _case,
        case when bool_and(passed) then 'good' when count(*) filter (where not passed and severity = 'critical') > 0
            then 'bad' else 'warn' end as _mood
    from marts.data_quality having count(*) > 0
    """,
)
