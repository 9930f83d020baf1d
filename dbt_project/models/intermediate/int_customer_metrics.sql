{{ config(materialized="view") }}

{# Which kind of event a count is of; without any such event by then a count is null and not 0. #}
{% set counted = {
    "interactions_90d": "interaction",
    "interactions_previous_90d": "interaction",
    "interactions_12m": "interaction",
    "complaints_12m": "complaint",
} %}
{% set parts = [] %}
{% for metric in asked_metrics() if metric_argument(metric) is not none %}{% do parts.append(metric) %}{% endfor %}

with scores as (

    select * from {{ ref('int_customer_scores') }}

),

engagement as (

    select * from {{ ref('int_engagement_snapshots') }}

),

preferences as (

    select * from {{ ref('int_preference_snapshots') }}

),

profile as (

    select * from {{ ref('int_profile') }}

),

first_events as (

    select
        min(case when kind = 'interaction' then event_on end) as first_interaction_on,
        min(case when kind = 'complaint' then event_on end) as first_complaint_on
    from {{ ref('int_engagement_days') }}
    where events > 0

),

described as (

    select
        scores.customer_id,
        scores.snapshot_on,
        scores.is_as_of,
        scores.customer_type,
        scores.strategic_label,
        scores.need_tags,
        scores.first_purchase_on,
        scores.last_purchase_on,
        scores.recency_days,
        scores.purchase_days_lifetime,
        scores.frequency_lifetime,
        scores.monetary_lifetime,
        scores.frequency_12m,
        scores.monetary_12m,
        scores.scored_frequency,
        scores.scored_monetary,
        scores.r_band,
        scores.f_band,
        scores.m_band,
        scores.r_score,
        scores.f_score,
        scores.m_score,
        scores.rfm_score,
        scores.rfm_segment,
        scores.segment_rule_id,
        {{ rounded('cast(scores.monetary_12m as double) / nullif(scores.frequency_12m, 0)', 2) }}
            as avg_order_value_12m,
        {{ rounded(
            'cast(scores.discount_12m as double)'
            ~ ' / nullif(cast(scores.monetary_12m + scores.discount_12m as double), 0)',
            6
        ) }} as discount_share_12m,
        -- The rate of the window, counted from the first purchase where that is later, fading with silence.
        case
            when scores.recency_days is not null then {{ rounded(
            'cast(scores.monetary_12m as double)'
            ~ ' * 365 / greatest(profile.predicted_value_min_days, least(365, 1 + '
            ~ days_between('scores.first_purchase_on', 'scores.snapshot_on')
            ~ ')) * greatest(0, 1 - scores.recency_days / cast(profile.predicted_value_fade_days as double))',
            2
            ) }}
        end as predicted_value_12m,
        preferences.preferred_category,
        preferences.preferred_category_share,
        {% for metric, kind in counted.items() %}
        case
            when scores.snapshot_on >= first_events.first_{{ kind }}_on
                then cast(coalesce(engagement.{{ metric }}, 0) as integer)
        end as {{ metric }},
        {% endfor %}
        {% for metric in parts %}
        case
            when scores.snapshot_on >= first_events.first_{{ counted[metric_name(metric)] }}_on
                then cast(coalesce(engagement.{{ metric_column(metric) }}, 0) as integer)
        end as {{ metric_column(metric) }},
        {% endfor %}
        {{ rounded(
            'cast(engagement.interactions_90d - engagement.interactions_previous_90d as double)'
            ~ ' / nullif(engagement.interactions_previous_90d, 0)',
            6
        ) }} as interactions_change_rate,
        {{ days_between('engagement.last_interaction_on', 'scores.snapshot_on') }} as days_since_last_interaction,
        engagement.satisfaction_score,
        {{ rounded('engagement.satisfaction_score - engagement.previous_satisfaction_score', 6) }}
            as satisfaction_change
    from scores
    cross join profile
    cross join first_events
    left join engagement
        on scores.customer_id = engagement.customer_id and scores.snapshot_on = engagement.snapshot_on
    left join preferences
        on scores.customer_id = preferences.customer_id and scores.snapshot_on = preferences.snapshot_on

)

select * from described
