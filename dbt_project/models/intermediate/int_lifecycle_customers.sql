{{ config(
    materialized=changed_in_place(),
    incremental_strategy='replace',
    incremental_predicates=['true']
) }}

with customers as (

    select
        customer_id,
        as_of_date,
        least(registered_on, first_seen_on) as known_from,
        registered_on,
        customer_type,
        strategic_label
    from {{ ref('dim_customers') }}

),

compared as (

    select
        customers.*,
        {% if is_increment() %}
        previous.customer_id is not null
        and not {{ differs('customers.known_from', 'previous.known_from') }}
        and not {{ differs('customers.registered_on', 'previous.registered_on') }}
        and not {{ differs('customers.customer_type', 'previous.customer_type') }}
        and not {{ differs('customers.strategic_label', 'previous.strategic_label') }} as is_as_before
        {% else %}
        false as is_as_before
        {% endif %}
    from customers
    {% if is_increment() %}
    left join {{ this }} as previous on customers.customer_id = previous.customer_id
    {% endif %}

)

select * from compared
