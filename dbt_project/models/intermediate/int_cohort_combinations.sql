{% set dimensions = cohort_dimensions() %}

with customers as (

    select * from {{ ref('int_cohort_customers') }}

),

profile as (

    select * from {{ ref('int_profile') }}

),

combinations as (

    select
        combination,
        {{ dimensions | join(', ') }},
        count(*) as customers
    from customers
    group by combination, {{ dimensions | join(', ') }}

),

by_dimension as (

    {{ stacked('combinations', ['customers'], values_by_dimension(dimensions, with_all=false)) }}

),

counted as (

    select
        dimension,
        dimension_value,
        sum(customers) as customers
    from by_dimension
    group by dimension, dimension_value

),

-- What is unknown is no value among others and keeps its place.
ranked as (

    select
        dimension,
        dimension_value,
        row_number() over (
            partition by dimension, dimension_value = 'unknown' order by customers desc, dimension_value asc
        ) as place
    from counted

),

shown as (

    select
        ranked.dimension,
        ranked.dimension_value
    from ranked
    cross join profile
    where ranked.place <= profile.cohort_split_values

),

grouped as (

    select
        {% for dimension in dimensions %}
        coalesce(shown_{{ loop.index }}.dimension_value, 'other') as {{ dimension }},
        {% endfor %}
        combinations.combination
    from combinations
    {% for dimension in dimensions %}
    left join shown as shown_{{ loop.index }}
        on {{ 'shown_' ~ loop.index ~ '.dimension = ' ~ sql_text(dimension) ~ ' and combinations.' ~ dimension
            ~ ' = shown_' ~ loop.index ~ '.dimension_value' }}
    {% endfor %}

)

select * from grouped
