{#
  The keys of a fact's rows that an increment looks at again: those delivered, and those of customers who are merged
  otherwise than before. They stand under the customer that the profile had then.

  delivered: relation of the keys that new loads bring; fact: name of the fact, read as the last release has it, and by
  increments alone: a full build has none; merged_customers: relation int_merged_customers.
#}
{% macro changed_fact_keys(key, delivered, fact, merged_customers) -%}
with delivered as (

    select {{ key }} from {{ delivered }}

),

{% if is_increment() %}
moved as (

    select distinct coalesce(former_golden_customer_id, customer_id) as customer_id
    from {{ merged_customers }}
    where is_changed

),

changed as (

    select {{ key }} from delivered
    union distinct
    select facts.{{ key }}
    from {{ source('released', fact) }} as facts
    inner join moved on facts.customer_id = moved.customer_id

)
{% else %}
changed as (

    select {{ key }} from delivered

)
{% endif %}

select * from changed
{%- endmacro %}
