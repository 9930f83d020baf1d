{#
  The lifecycle of the past: CTEs that ask the lifecycle rules of each customer of CTE `scope` again, from its look_from
  to the as-of day, ending in one called replayed: customer_id, stage_since, is_settled.

  The rules are asked on the days on which an answer can change, and on no others: between two of them no measure passes
  a threshold, so the answer of every other day is that of the last of these before it. What came before look_from is
  taken in on that day, so a day's answer does not depend on how far the replay looks back.

  stage_since is the first replayed day after the last one that showed another stage than the as-of day's. Where none
  did, it is settled only if the replay began on the customer's first known day; otherwise one must look back further.

  scope: a row per customer: the columns of int_lifecycle_current, look_from, and reaches_start (whether nothing was known
    of the customer before look_from).
  versions: a CTE of their orders' versions, as macro versions_in_scope gives it.
  rhythm: a CTE of their purchases, as macro rhythm_in_scope gives it.
#}
{% macro replay_lifecycle(scope, versions, rhythm) -%}
{% set rules = lifecycle_rule_rows() %}
spend_steps as (

    select
        versions.customer_id,
        versions.look_from,
        versions.look_until,
        versions.spend_change,
        greatest(versions.valid_from, versions.look_from) as counts_from,
        {{ add_days('versions.order_date', 'profile.spend_period_days') }} as leaves_current_on,
        {{ add_days('versions.order_date', '2 * profile.spend_period_days') }} as leaves_previous_on
    from {{ versions }} as versions
    cross join {{ ref('int_profile') }} as profile
    where
        versions.spend_change != 0
        and {{ add_days('versions.order_date', '2 * profile.spend_period_days') }} > versions.look_from

),

responses as (

    select
        {{ scope }}.customer_id,
        {{ scope }}.look_from,
        {{ scope }}.look_until,
        responses.response_on,
        greatest(responses.response_on, {{ scope }}.look_from) as counts_from
    from {{ scope }}
    inner join {{ ref('int_responses') }} as responses on {{ scope }}.customer_id = responses.customer_id
    where responses.is_present

),

{% set of_scope = [
    lifecycle_event('look_from'),
    lifecycle_event('look_until'),
    lifecycle_event('registered_on'),
] %}
{% set of_rhythm = [lifecycle_event('span_from', span_from='span_from')] %}
{% set of_responses = [lifecycle_event('counts_from', response_on='response_on')] %}
{#
  An amount stands in the current spend period from its day on, then in the previous one, then in neither. A return
  changes the sum of the period in which its order then stands.
#}
{% set of_spend = [
    lifecycle_event(
        'counts_from',
        current_change='case when counts_from < leaves_current_on then spend_change else 0 end',
        previous_change='case when counts_from >= leaves_current_on then spend_change else 0 end',
        condition='counts_from < leaves_previous_on',
    ),
    lifecycle_event(
        'leaves_current_on',
        current_change='-spend_change',
        previous_change='spend_change',
        condition='counts_from < leaves_current_on',
    ),
    lifecycle_event(
        'leaves_previous_on', previous_change='-spend_change', condition='counts_from < leaves_previous_on'
    ),
] %}
{# Days on which a measure that grows by one a day reaches a threshold, or has passed it. #}
{% for days in rule_turning_days(rules, 'age_days') %}
    {% do of_rhythm.append(lifecycle_event(add_days('first_purchase_on', days))) %}
    {% do of_scope.append(lifecycle_event(add_days('registered_on', days))) %}
{% endfor %}
{% for days in rule_turning_days(rules, 'days_since_last_activity') %}
    {% do of_rhythm.append(purchase_event(add_days('last_purchase_on', days))) %}
    {% do of_responses.append(lifecycle_event(add_days('response_on', days))) %}
{% endfor %}
{% for days in rule_turning_days(rules, 'recency_days') %}
    {% do of_rhythm.append(purchase_event(add_days('last_purchase_on', days))) %}
{% endfor %}
{# One day more than the arithmetic asks for: a product of binary fractions can fall short of a whole number. #}
{% for threshold in rule_thresholds(rules, 'cadence_ratio') %}{% for passed in [0, 1, 2] %}
    {% do of_rhythm.append(
        purchase_event(add_days('last_purchase_on', 'floor(' ~ threshold ~ ' * median_gap_days) + ' ~ passed))
    ) %}
{% endfor %}{% endfor %}
stacked_events as (

    {% set relations = [(scope, of_scope), (rhythm, of_rhythm), ('responses', of_responses), ('spend_steps', of_spend)] %}
    {% for relation, events in relations -%}
    {{ stacked(relation, ['customer_id', 'look_from', 'look_until'], events) }}
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

events as (

    select * from stacked_events
    where event_on between look_from and look_until

),

days as (

    select
        customer_id,
        event_on,
        max(span_from) as span_from,
        max(response_on) as response_on,
        sum(current_change) as current_change,
        sum(previous_change) as previous_change
    from events
    group by customer_id, event_on

),

accumulated as (

    select
        customer_id,
        event_on,
        lead(event_on) over (partition by customer_id order by event_on) as next_event_on,
        max(span_from) over (
            partition by customer_id order by event_on rows between unbounded preceding and current row
        ) as span_from,
        max(response_on) over (
            partition by customer_id order by event_on rows between unbounded preceding and current row
        ) as last_response_on,
        sum(current_change) over (
            partition by customer_id order by event_on rows between unbounded preceding and current row
        ) as current_spend_amount,
        sum(previous_change) over (
            partition by customer_id order by event_on rows between unbounded preceding and current row
        ) as previous_spend_amount
    from days

),

replayed_days as (

    select
        accumulated.customer_id,
        accumulated.event_on as replay_on,
        accumulated.next_event_on,
        accumulated.last_response_on,
        accumulated.current_spend_amount,
        accumulated.previous_spend_amount,
        {{ scope }}.lifecycle_stage as stage_today,
        {{ scope }}.reaches_start,
        {{ scope }}.customer_type,
        {{ scope }}.strategic_label,
        {{ scope }}.registered_on,
        {{ rhythm }}.first_purchase_on,
        {{ rhythm }}.last_purchase_on,
        {{ rhythm }}.purchase_days,
        {{ rhythm }}.median_gap_days
    from accumulated
    inner join {{ scope }} on accumulated.customer_id = {{ scope }}.customer_id
    left join {{ rhythm }}
        on accumulated.customer_id = {{ rhythm }}.customer_id and accumulated.span_from = {{ rhythm }}.span_from

),

{{ measure_lifecycle('replayed_days', 'measured_days') }},

{{ judge_lifecycle('measured_days', rules, kept=['replay_on', 'next_event_on', 'stage_today', 'reaches_start']) }},

replayed as (

    select
        customer_id,
        coalesce(
            max(case when lifecycle_stage != stage_today then next_event_on end), min(replay_on)
        ) as stage_since,
        max(case when lifecycle_stage != stage_today or reaches_start then 1 else 0 end) = 1 as is_settled
    from stage_judged
    group by customer_id

)
{%- endmacro %}

{# An event of a kind: the columns of a row that falls on a day of the replay; without a day where it does not happen. #}
{% macro lifecycle_event(
    event_on,
    span_from='cast(null as date)',
    response_on='cast(null as date)',
    current_change='0',
    previous_change='0',
    condition=none
) -%}
    {{ return({
        "event_on": event_on if condition is none else "case when " ~ condition ~ " then " ~ event_on ~ " end",
        "span_from": span_from,
        "response_on": response_on,
        "current_change": "cast(" ~ current_change ~ " as decimal(18, 2))",
        "previous_change": "cast(" ~ previous_change ~ " as decimal(18, 2))",
    }) }}
{%- endmacro %}

{# The same for what the days since a purchase bring, as long as no other purchase came. #}
{% macro purchase_event(event_on) -%}
    {{ return(lifecycle_event(event_on, condition='span_until is null or ' ~ event_on ~ ' < span_until')) }}
{%- endmacro %}

{#
  The CTE versions_in_scope: the versions of all orders of the customers of CTE `scope` that were a purchase once, as
  int_order_versions has them, with the customer's look_from and look_until. Customers are picked before orders are split
  into those with returns and those without, because they are few.

  in_spend_periods: only orders that stand in a spend period on look_from or later.
#}
{% macro versions_in_scope(scope, in_spend_periods=false) -%}
orders_in_scope as (

    select
        {{ scope }}.customer_id,
        {{ scope }}.look_from,
        {{ scope }}.look_until,
        orders.order_id,
        orders.order_date,
        orders.net_amount
    from {{ ref('fct_orders') }} as orders
    inner join {{ scope }} on orders.customer_id = {{ scope }}.customer_id
    {% if in_spend_periods -%}
    cross join {{ ref('int_profile') }} as profile
    {% endif -%}
    where
        orders.is_purchase
        {% if in_spend_periods -%}
        and {{ add_days('orders.order_date', '2 * profile.spend_period_days') }} > {{ scope }}.look_from
        {%- endif %}

),

versions_in_scope as (

    select
        orders_in_scope.customer_id,
        orders_in_scope.look_from,
        orders_in_scope.look_until,
        orders_in_scope.order_date,
        orders_in_scope.order_date as valid_from,
        cast(null as date) as valid_until,
        true as is_purchase,
        false as is_undone,
        orders_in_scope.net_amount as spend_change
    from orders_in_scope
    left join {{ ref('int_order_returns') }} as order_returns on orders_in_scope.order_id = order_returns.order_id
    where order_returns.order_id is null
    union all
    select
        {{ scope }}.customer_id,
        {{ scope }}.look_from,
        {{ scope }}.look_until,
        versions.order_date,
        versions.valid_from,
        versions.valid_until,
        versions.is_purchase,
        versions.is_undone,
        versions.spend_change
    from {{ ref('int_returned_order_versions') }} as versions
    inner join {{ scope }} on versions.customer_id = {{ scope }}.customer_id

)
{%- endmacro %}
