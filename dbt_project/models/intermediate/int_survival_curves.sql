{% set dimensions = cohort_dimensions() + ['cohort_quarter'] %}
{% set group = ['curve', 'dimension', 'dimension_value'] %}

with customers as (

    select
        *,
        cast({{ quarter_start('first_purchase_on') }} as {{ dbt.type_string() }}) as cohort_quarter
    from {{ ref('int_cohort_customers') }}

),

combinations as (

    select * from {{ ref('int_cohort_combinations') }}

),

run_parameters as (

    select * from {{ source('raw', 'run_parameters') }}

),

profile as (

    select * from {{ ref('int_profile') }}

),

-- A customer who has not come back is not active from active_window_days after the last purchase on (M1).
ended as (

    select
        customers.combination,
        customers.cohort_quarter,
        customers.first_purchase_on,
        customers.second_purchase_on,
        coalesce(
            customers.first_lapsed_on,
            {{ add_days('customers.last_purchase_on', 'profile.active_window_days') }}
        ) as first_lapsed_on,
        run_parameters.as_of_date
    from customers
    cross join run_parameters
    cross join profile

),

by_curve as (

    {{ stacked('ended', ['combination', 'cohort_quarter', 'first_purchase_on', 'as_of_date'], [
        {'curve': "'first_repurchase'", 'ended_on': 'second_purchase_on'},
        {
            'curve': "'inactivity'",
            'ended_on': 'case when first_lapsed_on <= as_of_date then first_lapsed_on end',
        },
    ]) }}

),

timed as (

    select
        combination,
        cohort_quarter,
        curve,
        {{ days_between('first_purchase_on', 'coalesce(ended_on, as_of_date)') }} as after_days,
        case when ended_on is null then 0 else 1 end as has_ended
    from by_curve

),

counted as (

    select
        combination,
        cohort_quarter,
        curve,
        after_days,
        sum(has_ended) as events,
        count(*) - sum(has_ended) as censored
    from timed
    group by combination, cohort_quarter, curve, after_days

),

split as (

    select
        counted.*,
        combinations.{{ cohort_dimensions() | join(', combinations.') }}
    from counted
    inner join combinations on counted.combination = combinations.combination

),

by_dimension as (

    {{ stacked('split', ['curve', 'after_days', 'events', 'censored'], values_by_dimension(dimensions)) }}

),

-- Every curve begins on day 0, whether anybody left on it or not.
with_start as (

    select
        curve,
        dimension,
        dimension_value,
        after_days,
        events,
        censored
    from by_dimension
    union all
    select distinct
        curve,
        dimension,
        dimension_value,
        0 as after_days,
        0 as events,
        0 as censored
    from by_dimension

),

grouped as (

    select
        with_start.curve,
        with_start.dimension,
        with_start.dimension_value,
        with_start.after_days,
        sum(with_start.events) as events,
        sum(with_start.censored) as censored,
        min(profile.survival_band_z) as band_z
    from with_start
    cross join profile
    group by with_start.curve, with_start.dimension, with_start.dimension_value, with_start.after_days

),

estimated as (

    {{ kaplan_meier('grouped', group) }}

)

select * from estimated
