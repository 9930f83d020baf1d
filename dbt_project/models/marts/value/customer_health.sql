{% set rows = factor_rows('health_factors') %}
{% set weights = {} %}
{% for row in rows %}{% do weights.update({row.factor: row.weight}) %}{% endfor %}

with customers as (

    select customer_id from {{ ref('dim_customers') }}

),

scores as (

    select * from {{ ref('int_health_scores') }}

),

profile as (

    select * from {{ ref('int_profile') }}

),

run_parameters as (

    select * from {{ source('raw', 'run_parameters') }}

),

signal_days as (

    select * from {{ ref('int_signal_days') }}

),

last_month as (

    select max(snapshot_on) as month_end
    from signal_days
    where is_month_end and not is_as_of

),

present as (

    select * from scores
    where is_as_of

),

previous as (

    select scores.*
    from scores
    inner join last_month on scores.snapshot_on = last_month.month_end

),

compared as (

    select
        {{ factor_changes(rows, 'present', 'previous') }},
        present.*,
        previous.score as previous_score,
        previous.band as previous_band,
        case
            when present.score > previous.score then 1
            when present.score < previous.score then -1
        end as direction
    from present
    left join previous on present.customer_id = previous.customer_id

),

-- Only what moved the way the score did can be why it moved.
directed as (

    select
        {{ factor_moves(rows) }},
        *
    from compared

),

explained as (

    select
        *,
        {{ greatest_factor(rows, '_moved') }} as moved_factor,
        {{ greatest_factor(rows, '_turned') }} as turned_factor
    from directed

),

told as (

    select
        *,
        {{ told_change(rows, 'moved_factor') }} as told_move,
        {{ told_turn(rows, 'turned_factor') }} as told_turn
    from explained

),

reasoned as (

    select
        *,
        case
            when previous_score is null then null
            when moved_factor is null and turned_factor is null
                then 'the score is the same as at the previous month-end'
            else {{ dbt.concat([
                "coalesce(" ~ dbt.concat(["told_move", "case when turned_factor is null then '' else '; ' end"]) ~ ", '')",
                "coalesce(told_turn, '')",
                "' since the previous month-end'",
            ]) }}
        end as change_reason
    from told

),

described as (

    select
        customers.customer_id,
        reasoned.score,
        reasoned.band,
        not reasoned.is_active as is_churned,
        {% for signal in signals() -%}
        {% if signal in weights -%}
        {{ rounded('reasoned.' ~ signal ~ '_score', 6) }} as {{ signal }}_score,
        {{ rounded(
            'case when reasoned.' ~ signal ~ '_score is not null then ' ~ weights[signal] ~ ' / reasoned.weight_sum end', 6
        ) }} as {{ signal }}_weight,
        {% else -%}
        cast(null as double) as {{ signal }}_score,
        cast(null as double) as {{ signal }}_weight,
        {% endif -%}
        {% endfor -%}
        reasoned.missing_factors,
        reasoned.previous_score,
        reasoned.previous_band,
        coalesce(reasoned.moved_factor, reasoned.turned_factor) as changed_factor,
        case
            when reasoned.score is null then null
            when reasoned.is_active then {{ dbt.concat(["'S: '", 'reasoned.change_reason']) }}
            else {{ dbt.concat([
                "'S: churned: no purchase in the last '",
                as_text('profile.active_window_days', 0),
                "' days, so red whatever the factors say'",
                "coalesce(" ~ dbt.concat(["'; '", 'reasoned.change_reason']) ~ ", '')",
            ]) }}
        end as reason,
        case
            when reasoned.customer_id is null then 'never_bought'
            when reasoned.score is null then 'no_factor'
        end as missing_reason,
        run_parameters.as_of_date
    from customers
    left join reasoned on customers.customer_id = reasoned.customer_id
    cross join profile
    cross join run_parameters

)

select * from described
