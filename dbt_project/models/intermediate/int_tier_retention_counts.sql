{% set kept = "(select snapshot_on from intermediate.int_snapshot_dates where not is_rebuilt)" %}
{{ config(
    materialized=changed_in_place(),
    incremental_strategy='replace',
    incremental_predicates=[
        'period_end not in ' ~ kept,
        '(period_type, period_start) not in (select period_type, period_start'
        ~ ' from intermediate.int_evaluation_periods where opening_on in ' ~ kept ~ ')',
    ]
) }}
{% set is_increment = is_increment() %}
{% set rules = rule_rows('tier_rules') %}
{% set schemes = rules | map(attribute='scheme') | unique | list %}
{% set history = ref('int_tier_history') %}
{% set spans = ref('int_purchase_spans') %}

-- A large table that is read twice is read by its name: engines copy a shared CTE.
with rebuilt as (

    select snapshot_on from {{ ref('int_snapshot_dates') }}
    where is_rebuilt

),

{% if is_increment %}
counted_before as (

    select period_start from {{ this }}
    where period_type = 'month'

),

{% endif %}
periods as (

    select * from {{ ref('int_evaluation_periods') }}
    {% if is_increment %}
    -- What was counted stands as long as the snapshots at both ends do.
    where
        opening_on in (select rebuilt.snapshot_on from rebuilt)
        or period_end in (select rebuilt.snapshot_on from rebuilt)
        or period_start not in (select counted_before.period_start from counted_before)
    {% endif %}

),

profile as (

    select * from {{ ref('int_profile') }}

),

span_days as (

    select distinct
        spans.ordered_by,
        spans.counts_from,
        spans.counts_until
    from {{ spans }} as spans

),

-- A period opens and ends at a snapshot, so a span lies in it whole or not at all. A return counts if it had come in by
-- the period's last day.
evaluated as (

    select
        span_days.*,
        periods.period_type,
        periods.period_start
    from span_days
    inner join periods
        on
            span_days.ordered_by > periods.opening_on
            and span_days.ordered_by <= periods.period_end
            and span_days.counts_from <= periods.period_end
            and span_days.counts_until > periods.period_end

),

-- Who bought in a period, and whether on more than one day.
bought as (

    select
        evaluated.period_type,
        evaluated.period_start,
        spans.customer_id,
        min(spans.first_purchase_on) < max(spans.last_purchase_on) as is_repeated
    from {{ spans }} as spans
    inner join evaluated
        on
            spans.ordered_by = evaluated.ordered_by
            and spans.counts_from = evaluated.counts_from
            and spans.counts_until = evaluated.counts_until
    group by evaluated.period_type, evaluated.period_start, spans.customer_id

),

active_at_end as (

    select
        periods.period_type,
        periods.period_start,
        history.customer_id
    from {{ history }} as history
    cross join profile
    inner join periods on history.snapshot_on = periods.period_end
    where {{ days_between('history.last_purchase_on', 'history.snapshot_on') }} < profile.active_window_days

),

-- One row per period and combination of the schemes' tiers at its start.
counted as (

    select
        periods.period_type,
        periods.period_start,
        periods.period_end,
        {% for scheme in schemes %}
        history.tier_{{ loop.index }},
        min(history.tier_rank_{{ loop.index }}) as tier_rank_{{ loop.index }},
        {% endfor %}
        count(*) as customers_at_start,
        count(active_at_end.customer_id) as retained_customers,
        count(bought.customer_id) as buyers,
        sum(case when bought.is_repeated then 1 else 0 end) as repeat_buyers,
        count(history.last_purchase_on) as customers_who_had_bought
    from periods
    inner join {{ history }} as history on periods.opening_on = history.snapshot_on
    left join active_at_end
        on
            periods.period_type = active_at_end.period_type
            and periods.period_start = active_at_end.period_start
            and history.customer_id = active_at_end.customer_id
    left join bought
        on
            periods.period_type = bought.period_type
            and periods.period_start = bought.period_start
            and history.customer_id = bought.customer_id
    group by
        {% for scheme in schemes %}
        history.tier_{{ loop.index }},
        {% endfor %}
        periods.period_type,
        periods.period_start,
        periods.period_end

),

starters as (

    {% for scheme in schemes %}
    select
        period_type,
        period_start,
        period_end,
        {{ sql_text(scheme) }} as scheme,
        tier_{{ loop.index }} as tier,
        min(tier_rank_{{ loop.index }}) as tier_rank,
        sum(customers_at_start) as customers_at_start,
        sum(retained_customers) as retained_customers,
        sum(buyers) as buyers,
        sum(repeat_buyers) as repeat_buyers,
        sum(customers_who_had_bought) as customers_who_had_bought
    from counted
    group by period_type, period_start, period_end, tier_{{ loop.index }}
    {% if not loop.last %}union all{% endif %}
    {% endfor %}

),

closing_tiers as (

    {% for scheme in schemes %}
    select
        history.snapshot_on,
        {{ sql_text(scheme) }} as scheme,
        history.tier_{{ loop.index }} as tier,
        count(*) as customers
    from {{ history }} as history
    where history.snapshot_on in (select periods.period_end from periods)
    group by history.snapshot_on, history.tier_{{ loop.index }}
    {% if not loop.last %}union all{% endif %}
    {% endfor %}

),

joined as (

    select
        starters.*,
        coalesce(closing_tiers.customers, 0) as tier_customers_at_end
    from starters
    left join closing_tiers
        on
            starters.period_end = closing_tiers.snapshot_on
            and starters.scheme = closing_tiers.scheme
            and starters.tier = closing_tiers.tier

)

select * from joined
