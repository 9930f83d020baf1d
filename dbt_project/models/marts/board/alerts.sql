with rules as (

    select * from {{ ref('int_alert_rules') }}

),

profile as (

    select * from {{ ref('int_profile') }}

),

run_parameters as (

    select * from {{ source('raw', 'run_parameters') }}

),

customers as (

    select
        customers.customer_id,
        customers.account_owner,
        coalesce(customers.region, 'unknown') as region,
        rfm.monetary_12m
    from {{ ref('dim_customers') }} as customers
    left join {{ ref('customer_rfm') }} as rfm on customers.customer_id = rfm.customer_id

),

-- The region's own row, else that of all others.
region_owners as (

    {{ profile_rows(ref('region_owners'), 'rule_rows.region') }}

),

board as (

    select * from {{ ref('kpi_board') }}

),

decisions as (

    select * from {{ ref('int_alert_decisions') }}

),

decided as (

    select
        spans.*,
        case
            when decisions.decision_action = 'close' then greatest(decisions.effective_on, spans.opened_on)
        end as put_away_on,
        case
            when
                decisions.decision_action = 'snooze' and decisions.snoozed_until > run_parameters.as_of_date
                -- What got worse since is open again.
                and not coalesce(spans.critical_on > decisions.effective_on, false)
                then decisions.snoozed_until
        end as snoozed_until,
        case
            when
                decisions.decision_action = 'snooze' and decisions.snoozed_until <= run_parameters.as_of_date
                and not coalesce(
                    spans.critical_on > decisions.effective_on and spans.critical_on < decisions.snoozed_until, false
                )
                then decisions.snoozed_until
        end as snooze_over_on,
        run_parameters.as_of_date
    from {{ ref('int_alert_spans') }} as spans
    cross join run_parameters
    left join decisions on spans.alert_id = decisions.alert_id

),

closed as (

    select
        *,
        put_away_on is not null and (closed_on is null or put_away_on < closed_on) as is_put_away,
        case
            when put_away_on is not null and (closed_on is null or put_away_on < closed_on) then put_away_on
            else closed_on
        end as is_closed_on,
        coalesce({{ add_days('closed_on', -1) }}, as_of_date) as held_until
    from decided

),

-- Whom a person has put away was last seen on the day before.
seen as (

    select
        *,
        case
            when is_put_away then greatest(opened_on, {{ add_days('put_away_on', -1) }})
            else held_until
        end as last_seen_on
    from closed

),

-- As many days as its metric asks for, and those of the closed ones that people still want to see.
shown as (

    select
        seen.*,
        {{ rounded(
            "coalesce(seen.metric_value, "
            ~ "cast(" ~ days_between('seen.counted_from', 'seen.last_seen_on') ~ " as double) / seen.unit_days)",
            6
        ) }} as shown_value,
        coalesce(seen.asked_value, rules.threshold) as asked_threshold,
        rules.alert_type,
        rules.level,
        rules.metric,
        rules.approach,
        rules.comparison,
        rules.unit,
        rules.lookback_days,
        case when rules.lookback_days is not null then rules.close_threshold end as close_threshold,
        rules.critical_threshold,
        case when seen.critical_on is not null then 'critical' else rules.severity end as severity,
        case
            when seen.is_closed_on is not null then 'closed'
            when seen.snoozed_until is not null then 'snoozed'
            when seen.opened_on = seen.as_of_date then 'opened'
            else 'open'
        end as status,
        -- A rule that is critical from the start gets no graver.
        case when seen.critical_on > seen.opened_on and rules.severity != 'critical' then seen.critical_on end
            as risen_on,
        rules.owner_role as rule_owner_role,
        rules.to_subject_owner,
        rules.recommended_action,
        rules.digest_group as rule_group
    from seen
    inner join rules on seen.rule_id = rules.rule_id
    cross join profile
    where
        seen.is_closed_on is null
        or {{ days_between('seen.is_closed_on', 'seen.as_of_date') }} < profile.alert_closed_days
        -- What the board shows as abnormal stands here too, whoever has closed it: at most until the month is over.
        or (seen.closed_on is null and rules.approach = 'board')

),

-- W1: what a region complained about, and where it was unhappy, in the days that the figure is of.
unhappy_regions as (

    select
        alert_id,
        subject_id as region,
        {{ add_days('held_until', '1 - lookback_days') }} as seen_from,
        held_until as seen_until
    from shown
    where metric = 'negative_share'

),

complaints as (

    select
        unhappy_regions.alert_id,
        coalesce(tickets.category, 'unknown') as cause,
        count(*) as number
    from unhappy_regions
    inner join customers on unhappy_regions.region = customers.region
    inner join {{ ref('fct_tickets') }} as tickets
        on
            customers.customer_id = tickets.customer_id
            and tickets.received_on between unhappy_regions.seen_from and unhappy_regions.seen_until
    where tickets.ticket_type = 'complaint'
    group by unhappy_regions.alert_id, coalesce(tickets.category, 'unknown')

),

negative_answers as (

    select
        unhappy_regions.alert_id,
        coalesce(responses.channel, 'unknown') as cause,
        count(*) as number
    from {{ ref('fct_survey_responses') }} as responses
    inner join {{ ref('survey_scales') }} as scales on responses.survey_type = scales.survey_type
    left join customers on responses.customer_id = customers.customer_id
    inner join unhappy_regions
        on
            coalesce(responses.region, customers.region, 'unknown') = unhappy_regions.region
            and responses.responded_on between unhappy_regions.seen_from and unhappy_regions.seen_until
    where responses.score between scales.score_min and scales.negative_until
    group by unhappy_regions.alert_id, coalesce(responses.channel, 'unknown')

),

-- The template of W1's causes: what was complained about, and through which channel negative answers came.
region_causes as (

    select
        alert_id,
        1 as place,
        'complaint_category' as dimension,
        {{ top_value('cause', 'number') }} as dimension_value,
        cast(max(number) as double) / sum(number) as cause_share,
        '; complaints most about ' || {{ top_value('cause', 'number') }} || ', '
        || {{ as_text('max(number)', 0) }} || ' of ' || {{ as_text('sum(number)', 0) }} as told
    from complaints
    group by alert_id
    union all
    select
        alert_id,
        2 as place,
        'answer_channel' as dimension,
        {{ top_value('cause', 'number') }} as dimension_value,
        cast(max(number) as double) / sum(number) as cause_share,
        '; negative answers most through ' || {{ top_value('cause', 'number') }} || ', '
        || {{ as_text('max(number)', 0) }} || ' of ' || {{ as_text('sum(number)', 0) }} as told
    from negative_answers
    group by alert_id

),

numbered_causes as (

    select
        *,
        row_number() over (partition by alert_id order by place) as cause_number
    from region_causes

),

region_found as (

    select
        alert_id,
        max(case when cause_number = 1 then dimension end) as cause_dimension,
        max(case when cause_number = 1 then dimension_value end) as cause_value,
        max(case when cause_number = 1 then cause_share end) as cause_share,
        max(case when cause_number = 2 then dimension end) as second_cause_dimension,
        max(case when cause_number = 2 then dimension_value end) as second_cause_value,
        max(case when cause_number = 2 then cause_share end) as second_cause_share,
        coalesce(max(case when place = 1 then told end), '') || coalesce(max(case when place = 2 then told end), '')
            as told
    from numbered_causes
    group by alert_id

),

-- W3, W6: the reason that the board found, which is that of the as-of day.
board_found as (

    select
        shown.alert_id,
        board.unit,
        board.trend_7d,
        board.reason_dimension,
        board.reason_value,
        board.reason_share
    from shown
    inner join board on shown.subject_id = board.metric
    where shown.subject_type = 'metric' and shown.status != 'closed'

),

region_values as (

    select
        region,
        cast(sum(monetary_12m) as decimal(18, 2)) as revenue_12m
    from customers
    group by region

),

whole as (

    select cast(sum(monetary_12m) as decimal(18, 2)) as revenue_12m from customers

),

owned as (

    select
        shown.*,
        case
            when shown.customer_id is not null then customers.monetary_12m
            when shown.subject_type = 'region' then region_values.revenue_12m
            when shown.subject_type = 'metric' then whole.revenue_12m
        end as value_at_stake,
        case
            when not shown.to_subject_owner then null
            when shown.subject_type = 'ticket' then tickets.{{ quoted('owner') }}
            else customers.account_owner
        end as person,
        case when shown.subject_type = 'ticket' then 'ticket_owner' else 'account_owner' end as person_type,
        coalesce(
            case when shown.to_subject_owner then coalesce(region_owners.owner_role, other_regions.owner_role) end,
            case when shown.to_subject_owner then board.{{ quoted('owner') }} end,
            shown.rule_owner_role
        ) as owner_role,
        coalesce(region_found.cause_dimension, board_found.reason_dimension) as cause_dimension,
        coalesce(region_found.cause_value, board_found.reason_value) as cause_value,
        coalesce(region_found.cause_share, board_found.reason_share) as cause_share,
        region_found.second_cause_dimension,
        region_found.second_cause_value,
        region_found.second_cause_share,
        board_found.trend_7d,
        coalesce(board.unit, shown.unit) as shown_unit,
        shown.rule_id || ': ' || shown.metric || ' ' || {{ alert_figure('shown.shown_value', 'shown.unit') }}
        || {{ alert_comparison('shown') }}
        || {{ alert_inputs('shown', 'shown') }} || coalesce(region_found.told, '') as reason,
        case shown.severity when 'critical' then 1 when 'warning' then 2 else 3 end as severity_rank,
        shown.status in ('opened', 'open') as is_active,
        case
            when shown.status in ('opened', 'open')
                then
                    greatest(
                        shown.opened_on,
                        coalesce(shown.risen_on, shown.opened_on),
                        coalesce(shown.snooze_over_on, shown.opened_on)
                    )
        end as new_on
    from shown
    cross join whole
    left join customers on shown.customer_id = customers.customer_id
    left join region_values on shown.subject_id = region_values.region
    left join region_found on shown.alert_id = region_found.alert_id
    left join board_found on shown.alert_id = board_found.alert_id
    left join board on shown.subject_type = 'metric' and shown.subject_id = board.metric
    left join {{ ref('fct_tickets') }} as tickets
        on shown.subject_type = 'ticket' and shown.subject_id = tickets.ticket_id
    left join region_owners on shown.subject_type = 'region' and shown.subject_id = region_owners.region
    left join region_owners as other_regions on shown.subject_type = 'region' and other_regions.region = '*'

),

ranked as (

    select
        *,
        coalesce(person, owner_role) as {{ quoted('owner') }},
        case when person is null then 'role' else person_type end as owner_type,
        case
            when new_on = opened_on and times_reopened > 0 then 'reopened'
            when new_on = opened_on then 'opened'
            when new_on = risen_on then 'risen'
            when new_on = snooze_over_on then 'snooze_over'
        end as news,
        -- What is new on the as-of day has places of its own: what stood before takes none of them.
        case
            when is_active
                then cast(row_number() over (
                    partition by is_active, new_on = as_of_date, coalesce(person, owner_role), person is null
                    order by severity_rank asc, value_at_stake desc nulls last, opened_on desc, alert_id asc
                ) as integer)
        end as owner_rank
    from owned

)

select
    ranked.alert_id,
    ranked.rule_id,
    ranked.alert_type,
    ranked.level,
    ranked.subject_type,
    ranked.subject_id,
    ranked.occasion,
    ranked.customer_id,
    ranked.severity,
    ranked.status,
    ranked.opened_on,
    ranked.last_seen_on,
    ranked.is_closed_on as closed_on,
    case when ranked.is_put_away then 'closed_by_person' else ranked.close_reason end as close_reason,
    ranked.times_reopened,
    ranked.reopened_from,
    case when ranked.status = 'snoozed' then ranked.snoozed_until end as snoozed_until,
    ranked.critical_on,
    ranked.news,
    ranked.new_on,
    ranked.metric,
    ranked.shown_value as metric_value,
    ranked.asked_threshold as threshold,
    ranked.close_threshold,
    ranked.critical_threshold,
    ranked.shown_unit as unit,
    ranked.trend_7d,
    ranked.{{ quoted('owner') }},
    ranked.owner_type,
    ranked.recommended_action,
    ranked.metric as reason_code,
    ranked.reason,
    ranked.cause_dimension,
    ranked.cause_value,
    ranked.cause_share,
    ranked.second_cause_dimension,
    ranked.second_cause_value,
    ranked.second_cause_share,
    cast(ranked.value_at_stake as decimal(18, 2)) as value_at_stake,
    ranked.owner_rank,
    coalesce(ranked.owner_rank <= profile.alert_owner_cap, false) as is_in_digest,
    case when ranked.owner_rank > profile.alert_owner_cap then ranked.rule_group end as digest_group,
    ranked.as_of_date
from ranked
cross join profile
