{% set rows = factor_rows('health_factors') %}
{% set weights = {} %}
{% for row in rows %}{% do weights.update({row.factor: row.weight}) %}{% endfor %}

with customers as (

    select customer_id from {{ ref('dim_customers') }}

),

scores as (

    select * from {{ ref('int_health_scores') }}

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

    select
        {{ factor_points(rows, 'scores') }},
        scores.*
    from scores
    where scores.is_as_of

),

previous as (

    select
        {{ factor_points(rows, 'scores') }},
        scores.customer_id,
        scores.score,
        scores.band
    from scores
    inner join last_month on scores.snapshot_on = last_month.month_end

),

compared as (

    select
        {{ factor_changes(rows, 'present', 'previous') }},
        present.*,
        previous.score as previous_score,
        previous.band as previous_band
    from present
    left join previous on present.customer_id = previous.customer_id

),

explained as (

    select
        *,
        {{ greatest_factor(rows, '_moved') }} as changed_factor
    from compared

),

described as (

    select
        customers.customer_id,
        explained.score,
        explained.band,
        {% for signal in signals() -%}
        {% if signal in weights -%}
        {{ rounded('explained.' ~ signal ~ '_score', 6) }} as {{ signal }}_score,
        {{ rounded(
            'case when explained.' ~ signal ~ '_score is not null then ' ~ weights[signal] ~ ' / explained.weight_sum end', 6
        ) }} as {{ signal }}_weight,
        {% else -%}
        cast(null as double) as {{ signal }}_score,
        cast(null as double) as {{ signal }}_weight,
        {% endif -%}
        {% endfor -%}
        explained.missing_factors,
        explained.previous_score,
        explained.previous_band,
        explained.changed_factor,
        case
            when explained.previous_score is null then null
            when explained.changed_factor is null then 'S: no factor has changed since the previous month-end'
            else {{ dbt.concat([
                "'S: '",
                'explained.changed_factor',
                "' '",
                "case explained.changed_factor" ~ changes_told(rows, 'explained') ~ " end",
                "' points since the previous month-end'",
            ]) }}
        end as reason,
        case
            when explained.customer_id is null then 'never_bought'
            when explained.score is null then 'no_factor'
        end as missing_reason,
        run_parameters.as_of_date
    from customers
    left join explained on customers.customer_id = explained.customer_id
    cross join run_parameters

)

select * from described
