{% set is_increment = is_increment() %}
{% set changed_orders = ref('int_changed_orders') %}
{% set responses = ref('int_responses') %}

with customers as (

    select * from {{ ref('int_lifecycle_customers') }}

),

months as (

    select * from {{ ref('int_lifecycle_months') }}

),

bounds as (

    select
        min(month_number) as first_month,
        min(case when is_described then month_number end) as first_described_month,
        max(case when is_shown and not is_new then month_end end) as last_kept_on
    from months

),

{% if is_increment %}
-- What is dated after the last month-end that the release has can wait for the next one.
changed as (

    select changed.customer_id
    from {{ changed_orders }} as changed
    cross join bounds
    where changed.changed_from <= bounds.last_kept_on
    union distinct
    select responses.customer_id
    from {{ responses }} as responses
    cross join bounds
    where responses.is_present != responses.was_present and responses.response_on <= bounds.last_kept_on

),

-- The as-of day alone knows customers without a day of their own: they leave a month-end that is no longer that day.
marked as (

    select
        customers.*,
        changed.customer_id is not null or not customers.is_as_before or customers.known_from is null as is_changed
    from customers
    left join changed on customers.customer_id = changed.customer_id

),
{% else %}
marked as (

    select
        *,
        true as is_changed
    from customers

),
{% endif %}

scope as (

    select
        marked.customer_id,
        marked.known_from,
        marked.registered_on,
        marked.customer_type,
        marked.strategic_label,
        marked.is_changed,
        case when marked.is_changed then bounds.first_month else bounds.first_described_month end as from_month
    from marked
    cross join bounds
    where marked.is_changed or bounds.first_described_month is not null

)

select * from scope
where from_month is not null
