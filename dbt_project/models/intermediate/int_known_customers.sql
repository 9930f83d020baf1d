{{ config(materialized=changed_in_place(), incremental_strategy='replace', incremental_predicates=['true']) }}
{% set asked = asked_metrics() %}
{% set attributes = ['customer_type', 'strategic_label', 'need_tags'] %}
{% set is_increment = is_increment() %}

with customers as (

    select
        customer_id,
        least(registered_on, first_seen_on) as known_from,
        {% for column in attributes %}
        {{ column if column in asked else 'cast(null as ' ~ dbt.type_string() ~ ')' }} as {{ column }},
        {% endfor %}
        true as is_present
    from {{ ref('dim_customers') }}

),

{% if is_increment %}
compared as (

    select
        coalesce(customers.customer_id, former.customer_id) as customer_id,
        customers.known_from,
        {% for column in attributes %}
        customers.{{ column }},
        {% endfor %}
        case
            when
                former.customer_id is null
                or customers.customer_id is null
                or {{ differs('customers.known_from', 'former.known_from') }}
                {% for column in attributes %}
                or {{ differs('customers.' ~ column, 'former.' ~ column) }}
                {% endfor %}
                then least(customers.known_from, former.known_from)
        end as changed_from
    from customers
    full outer join {{ this }} as former on customers.customer_id = former.customer_id
    where customers.is_present or former.known_from is not null

)
{% else %}
compared as (

    select
        customer_id,
        known_from,
        {% for column in attributes %}
        {{ column }},
        {% endfor %}
        cast(null as date) as changed_from
    from customers

)
{% endif %}

select * from compared
