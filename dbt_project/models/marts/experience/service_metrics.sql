{% set dimensions = {
    "all": "'all'",
    "region": "region",
    "channel": "channel",
    "category": "category",
    "severity": "severity",
    "ticket_type": "ticket_type",
    "tier": "tier",
    "owner": "staff",
} %}
{% set unfolded = [] %}
{% for period_type, start in {"week": "week_start", "month": "month_start"}.items() -%}
{% for dimension, value in dimensions.items() -%}
{% do unfolded.append({
    "period_start": start, "period_type": "'" ~ period_type ~ "'", "dimension": "'" ~ dimension ~ "'",
    "dimension_value": value,
}) -%}
{% endfor -%}
{% endfor %}

with tickets as (

    select * from {{ ref('ticket_sla') }}

),

run_parameters as (

    select * from {{ source('raw', 'run_parameters') }}

),

profile as (

    select * from {{ ref('int_profile') }}

),

-- A source that never says when it answered, or called back, gives no figure.
recorded as (

    select
        count(first_response_at) > 0 as has_answers,
        count(called_back_at) > 0 as has_call_backs
    from {{ ref('fct_tickets') }}

),

described as (

    select
        {{ week_start('tickets.received_on') }} as week_start,
        {{ month_start('tickets.received_on') }} as month_start,
        coalesce(tickets.region, 'unknown') as region,
        coalesce(tickets.channel, 'unknown') as channel,
        coalesce(tickets.category, 'unknown') as category,
        coalesce(tickets.severity, 'unknown') as severity,
        tickets.ticket_type,
        coalesce(tickets.tier, 'unknown') as tier,
        coalesce(tickets.owner, 'unknown') as staff,
        case when tickets.is_open then 0 else 1 end as resolved,
        case when tickets.is_met then 1 else 0 end as met,
        case when tickets.is_breached then 1 else 0 end as breached,
        -- Its deadline is still to come; without a promise there is none to wait for.
        case when tickets.is_open and not tickets.is_breached then 1 else 0 end as undecided,
        case when recorded.has_answers then tickets.response_calendar_minutes end as response_minutes,
        tickets.resolution_calendar_minutes as resolution_minutes,
        case when tickets.is_called_back then 1 else 0 end as called_back,
        case when tickets.satisfaction_score is not null then 1 else 0 end as scored,
        case when tickets.satisfaction_score >= 4 then 1 else 0 end as satisfied
    from tickets
    cross join recorded

),

-- Each ticket in the week and the month of its receipt, once a dimension.
unfolded as (

    {{ stacked('described', [
        'resolved', 'met', 'breached', 'undecided', 'response_minutes', 'resolution_minutes', 'called_back', 'scored',
        'satisfied'
    ], unfolded) | indent(4) }}

),

counted as (

    select
        period_start,
        period_type,
        dimension,
        dimension_value,
        count(*) as tickets,
        sum(resolved) as resolved,
        sum(met) as met,
        sum(breached) as breached,
        sum(undecided) as undecided,
        sum(called_back) as called_back,
        sum(scored) as scored,
        sum(satisfied) as satisfied,
        {{ median('response_minutes') }} as median_first_response_minutes,
        {{ median('resolution_minutes') }} as median_resolution_minutes
    from unfolded
    group by period_start, period_type, dimension, dimension_value

)

select
    counted.period_start as week_start,
    counted.period_type,
    counted.dimension,
    counted.dimension_value,
    cast(counted.tickets as integer) as tickets,
    cast(counted.resolved as integer) as resolved,
    cast(counted.undecided as integer) as undecided,
    cast(counted.resolved as double) / nullif(counted.tickets - counted.undecided, 0) as resolution_rate,
    cast(counted.met as integer) as met,
    cast(counted.breached as integer) as breached,
    cast(counted.met as double) / nullif(counted.met + counted.breached, 0) as timely_rate,
    counted.median_first_response_minutes,
    counted.median_resolution_minutes,
    cast(counted.called_back as integer) as called_back,
    case
        when recorded.has_call_backs then cast(counted.called_back as double) / nullif(counted.resolved, 0)
    end as call_back_rate,
    cast(counted.scored as integer) as scored,
    cast(counted.satisfied as double) / nullif(counted.scored, 0) as csat,
    case when counted.tickets = counted.undecided then 'nothing_due' end as resolution_missing_reason,
    case when counted.met + counted.breached = 0 then 'nothing_due' end as timely_missing_reason,
    case
        when not recorded.has_call_backs then 'never_recorded'
        when counted.resolved = 0 then 'not_settled'
    end as call_back_missing_reason,
    case when counted.scored = 0 then 'no_scores' end as csat_missing_reason,
    'C2' as rule_id,
    -- No further ticket comes to it, and hardly any that it has is still to be decided.
    case
        when counted.period_type = 'week' then {{ add_days('counted.period_start', 6) }}
        else {{ add_days(add_months('counted.period_start', 1), -1) }}
    end <= run_parameters.as_of_date
    and counted.undecided <= counted.tickets * profile.service_undecided_share as is_mature,
    run_parameters.as_of_date
from counted
cross join recorded
cross join run_parameters
cross join profile
