{% set known = board_metrics() %}

with metrics as (

    {{ profile_rows(ref('board_metrics'), 'rule_rows.metric') }}

),

described as (

    select
        metrics.metric,
        metrics.category,
        metrics.direction,
        metrics.target,
        metrics.alarm_at,
        metrics.window_days,
        metrics.owner,
        metrics.{{ quoted('position') }},
        metrics.rule_id,
        case metrics.metric
            {% for name, about in known.items() %}
            when {{ sql_text(name) }} then {{ sql_text(about[0]) }}
            {% endfor %}
        end as unit,
        case metrics.metric
            {% for name, about in known.items() %}
            when {{ sql_text(name) }} then {{ sql_text(about[1]) }}
            {% endfor %}
        end as data_source,
        case metrics.metric
            {% for name, about in known.items() %}
            when {{ sql_text(name) }} then {{ sql_text(about[2]) }}
            {% endfor %}
        end as statistic
    from metrics

)

select * from described
