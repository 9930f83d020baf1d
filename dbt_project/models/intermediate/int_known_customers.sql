{{ config(materialized=changed_in_place(), incremental_strategy='replace', incremental_predicates=['true']) }}
{% set asked = rule_rows('tier_rules') | map(attribute='metric') | list %}
{% set is_increment = is_increment() %}

with customers as (

    select
        customer_id,
        least(registered_on, first_seen_on) as known_from,
        {% for column in ['customer_type', 'strategic_label'] %}
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
        customers.customer_type,
        customers.strategic_label,
        case
            when
                former.customer_id is null
                or customers.customer_id is null
                or {{ differs('customers.known_from', 'former.known_from') }}
                or {{ differs('customers.customer_type', 'former.customer_type') }}
                or {{ differs('customers.strategic_label', 'former.strategic_label') }}
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
        customer_type,
        strategic_label,
        cast(null as date) as changed_from
    from customers

)
{% endif %}

select * from compared
