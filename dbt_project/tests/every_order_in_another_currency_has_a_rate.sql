-- An order in another currency whose day has no rate is never added up: the run stops, and says what to deliver.
{% set missing -%}
    select
        source_currency,
        cast(min(order_date) as {{ dbt.type_string() }}) as first_day,
        cast(max(order_date) as {{ dbt.type_string() }}) as last_day,
        count(*) as orders,
        max(currency) as reporting_currency
    from {{ ref('fct_orders') }}
    where fx_rate is null
    group by source_currency
    order by source_currency
{%- endset %}
{% if execute and flags.WHICH in ('build', 'test') %}
    {% set found = run_query(missing).rows %}
    {% set told = [] %}
    {% for row in found %}
        {% set days = row.first_day if row.first_day == row.last_day else row.first_day ~ ' to ' ~ row.last_day %}
        {% do told.append(row.source_currency ~ ' (' ~ days ~ ', ' ~ row.orders ~ ' order' ~ ('' if row.orders == 1 else 's') ~ ')') %}
    {% endfor %}
    {% if told %}
        {{ exceptions.raise_compiler_error(
            "No exchange rate to " ~ found[0].reporting_currency ~ " for orders in " ~ told | join(", ")
            ~ ". Deliver rates of these days as entity fx_rates (a rate holds for fx_max_age_days of"
            ~ " seeds/profile_parameters.csv), or correct the orders' currency or the profile's reporting_currency."
        ) }}
    {% endif %}
{% endif %}

{{ missing }}
