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

last_month as (

    select max(days.snapshot_on) as month_end
    from {{ ref('int_signal_days') }} as days
    where days.is_month_end and not days.is_as_of

),

-- A factor's contribution is what it adds to the score; one that is missing adds nothing.
present as (

    select
        {% for row in rows -%}
        100 * {{ row.weight }} * coalesce({{ row.factor }}_score, 0) / weight_sum as {{ row.factor }}_points,
        {% endfor -%}
        *
    from scores
    where is_as_of

),

previous as (

    select
        {% for row in rows -%}
        100 * {{ row.weight }} * coalesce(scores.{{ row.factor }}_score, 0) / scores.weight_sum as {{ row.factor }}_points,
        {% endfor -%}
        scores.customer_id,
        scores.score,
        scores.band
    from scores
    inner join last_month on scores.snapshot_on = last_month.month_end

),

compared as (

    select
        present.*,
        previous.score as previous_score,
        previous.band as previous_band,
        {% for row in rows -%}
        {{ rounded('present.' ~ row.factor ~ '_points - previous.' ~ row.factor ~ '_points', 4) }} as {{ row.factor }}_change,
        {{ rounded('abs(present.' ~ row.factor ~ '_points - previous.' ~ row.factor ~ '_points)', 4) }}
            as {{ row.factor }}_moved{{ "," if not loop.last }}
        {% endfor %}
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
