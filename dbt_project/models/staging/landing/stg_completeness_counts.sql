{% set relations = {} %}
{% for entity in landed_entities() %}{% do relations.update({entity: source('raw', entity)}) %}{% endfor %}
{% set parameters = ref('profile_parameters') %}

with run_parameters as (

    select * from {{ source('raw', 'run_parameters') }}

),

parameters as (

    {{ profile_rows(parameters, 'rule_rows.parameter') }}

),

bounds as (

    select
        {{ week_start('run_parameters.as_of_date') }} as last_week_start,
        run_parameters.as_of_date,
        cast(parameters.value as integer) as number_of_weeks
    from run_parameters
    cross join parameters
    where parameters.parameter = 'completeness_weeks'

),

days as (

    {{ day_spine('bounds', add_days('last_week_start', '7 - 7 * number_of_weeks'), 'last_week_start') }}

),

-- The as-of day's week ends on the as-of day: nothing after it is seen.
weeks as (

    select
        days.date_day as week_start,
        least({{ add_days('days.date_day', 6) }}, run_parameters.as_of_date) as week_end,
        run_parameters.as_of_date
    from days
    cross join run_parameters
    where {{ iso_weekday('days.date_day') }} = 1

),

{% for entity in completeness_asked() if entity.columns -%}
counted_{{ entity.name }} as (

    {% if entity.is_event -%}
    {{ missing_by_week_of_event(entity, 'weeks') }}
    {%- else -%}
    {{ missing_by_week_of_master(entity, 'weeks') }}
    {%- endif %}

),

unfolded_{{ entity.name }} as (

    {% set rows = [] -%}
    {% for column in entity.columns -%}
    {% do rows.append({"column_name": "'" ~ column.column_name ~ "'", "missing_count": "missing_" ~ loop.index}) -%}
    {% endfor -%}
    {{ stacked('counted_' ~ entity.name, ['week_start', 'row_count'], rows) }}

),

{% endfor -%}
-- Each entity asked for stands here once without a column, where anything of it was delivered.
counted as (

    {% for entity in completeness_asked() -%}
    select
        '{{ entity.name }}' as entity,
        cast(null as {{ dbt.type_string() }}) as column_name,
        cast(null as date) as week_start,
        cast(null as bigint) as row_count,
        cast(null as bigint) as missing_count
    from (select count(*) as versions from {{ relations[entity.name] }}) as delivered
    where versions > 0
    union all
    {% if entity.columns -%}
    select
        '{{ entity.name }}' as entity,
        column_name,
        week_start,
        cast(row_count as bigint) as row_count,
        cast(missing_count as bigint) as missing_count
    from unfolded_{{ entity.name }}
    union all
    {% endif -%}
    {% endfor -%}
    select
        cast(null as {{ dbt.type_string() }}) as entity,
        cast(null as {{ dbt.type_string() }}) as column_name,
        week_start,
        cast(null as bigint) as row_count,
        cast(null as bigint) as missing_count
    from weeks

)

select * from counted
