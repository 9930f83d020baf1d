{#
  Money is published in one currency, the profile's reporting currency. A rate is that of a day: units of the reporting
  currency for one unit of the other.
#}

{# An amount at a rate, rounded to cents, halves away from zero. At rate 1 it is the amount as it is. #}
{% macro converted(amount, rate) -%}
    case
        when {{ rate }} = 1 then cast({{ amount }} as decimal(18, 2))
        else cast(cast({{ amount }} as decimal(18, 2)) * {{ rate }} as decimal(18, 2))
    end
{%- endmacro %}

{#
  Staged orders with their amounts in the reporting currency; an order whose rate is missing has none. Only orders in
  another currency are looked up: a null never meets a rate.

  orders: a relation of columns as stg_orders has them.
#}
{% macro in_reporting_currency(orders) -%}
    select
        priced.order_id,
        priced.customer_id,
        priced.status,
        priced.channel,
        priced.region,
        priced.reporting_currency as currency,
        {{ converted('priced.gross_amount', 'priced.fx_rate') }} as gross_amount,
        {{ converted('priced.discount_amount', 'priced.fx_rate') }} as discount_amount,
        coalesce(priced.foreign_currency, priced.reporting_currency) as source_currency,
        priced.gross_amount as source_amount,
        priced.fx_rate,
        priced.ordered_at,
        priced.order_date
    from (
        select
            placed.*,
            case when placed.foreign_currency is null then cast(1 as decimal(18, 8)) else rates.fx_rate end as fx_rate
        from (
            select
                staged.*,
                profile.reporting_currency,
                case when staged.currency != profile.reporting_currency then staged.currency end as foreign_currency
            from {{ orders }} as staged
            cross join {{ ref('int_profile') }} as profile
        ) as placed
        left join {{ ref('int_fx_rate_days') }} as rates
            on placed.foreign_currency = rates.currency and placed.order_date = rates.rate_day
    ) as priced
{%- endmacro %}
