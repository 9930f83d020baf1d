{{ config(materialized=changed_in_place(), incremental_strategy='replace', incremental_predicates=['true']) }}

with merged as (

    select
        customer_id,
        golden_customer_id
    from {{ ref('int_customer_identity') }}
    where customer_id != golden_customer_id

),

{% if is_increment() %}
-- A profile that is no longer merged stays for one run, without a customer to go to, so that its facts are looked at.
compared as (

    select
        coalesce(merged.customer_id, former.customer_id) as customer_id,
        merged.golden_customer_id,
        former.golden_customer_id as former_golden_customer_id,
        {{ differs('merged.golden_customer_id', 'former.golden_customer_id') }} as is_changed
    from merged
    full outer join {{ this }} as former on merged.customer_id = former.customer_id
    where merged.customer_id is not null or former.golden_customer_id is not null

)
{% else %}
compared as (

    select
        customer_id,
        golden_customer_id,
        cast(null as {{ dbt.type_string() }}) as former_golden_customer_id,
        false as is_changed
    from merged

)
{% endif %}

select * from compared
