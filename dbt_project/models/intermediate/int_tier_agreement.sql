{% set schemes = rule_rows('tier_rules') | map(attribute='scheme') | unique | list %}
{% set history = ref('int_tier_history') %}

with months as (

    select * from {{ ref('int_program_months') }}
    where is_complete

),

expectations as (

    {{ profile_rows(ref('tier_expectations'), 'rule_rows.scheme') }}

),

profile as (

    select * from {{ ref('int_profile') }}

),

orders as (

    select * from {{ ref('fct_orders') }}
    where is_purchase

),

expected as (

    select expectations.*
    from expectations
    inner join profile on expectations.scheme = profile.primary_scheme

),

held as (

    select
        months.month_start,
        history.customer_id,
        case profile.primary_scheme
            {% for scheme in schemes %}
            when {{ sql_text(scheme) }} then history.tier_{{ loop.index }}
            {% endfor %}
        end as tier
    from {{ history }} as history
    inner join months on history.snapshot_on = months.tier_held_on
    cross join profile

),

customer_months as (

    select
        customer_id,
        {{ month_start('order_date') }} as bought_in,
        count(*) as purchases,
        sum(net_amount) as spend
    from orders
    where order_date > (select min(months.tier_held_on) from months)
    group by customer_id, {{ month_start('order_date') }}

),

behaved as (

    select
        months.month_start,
        customer_months.customer_id,
        sum(customer_months.purchases) as purchases,
        sum(customer_months.spend) as spend
    from customer_months
    inner join months
        on customer_months.bought_in > months.tier_held_on and customer_months.bought_in <= months.month_start
    group by months.month_start, customer_months.customer_id

),

-- Every row of a tier has to hold: a customer agrees when none is broken. A tier without a row is not judged.
compared as (

    select
        held.month_start,
        held.customer_id,
        min(
            case
                when
                    case expected.behaviour
                        when 'purchases' then coalesce(behaved.purchases, 0)
                        when 'spend' then coalesce(behaved.spend, 0)
                    end
                    between coalesce(expected.low, -1000000000000) and coalesce(expected.high, 1000000000000)
                    then 1
                else 0
            end
        ) as agrees
    from held
    inner join expected on held.tier = expected.tier
    left join behaved on held.month_start = behaved.month_start and held.customer_id = behaved.customer_id
    group by held.month_start, held.customer_id

),

counted as (

    select
        month_start,
        sum(agrees) as agreeing_customers,
        count(*) as judged_customers
    from compared
    group by month_start

),

held_months as (

    select distinct month_start from held

),

known as (

    select
        months.month_start,
        held_months.month_start is not null as is_held,
        (select count(*) from expected) > 0 as is_expected,
        coalesce(counted.agreeing_customers, 0) as agreeing_customers,
        coalesce(counted.judged_customers, 0) as judged_customers
    from months
    left join held_months on months.month_start = held_months.month_start
    left join counted on months.month_start = counted.month_start

)

select * from known
