{% set texts = [
    'customer_type', 'industry', 'company_size', 'region', 'account_owner', 'source_channel', 'preferred_channel',
    'need_tags', 'strategic_label', 'age_band', 'income_band', 'home_ownership', 'marital_status', 'household_size',
    'household_composition', 'kids_count',
] %}
{% set attributes = texts + ['birth_month', 'birth_day'] %}

with profiles as (

    select
        identities.golden_customer_id,
        customers.*
    from {{ ref('int_customer_identity') }} as identities
    inner join {{ ref('stg_customers') }} as customers on identities.customer_id = customers.customer_id

),

-- The fresher profile is believed, then the fuller one.
ranked as (

    select
        *,
        row_number() over (
            partition by golden_customer_id
            order by
                case when updated_at is null then 0 else 1 end,
                updated_at,
                {% for attribute in attributes -%}
                case when {{ attribute }} is null then 0 else 1 end{{ " +" if not loop.last else "," }}
                {% endfor -%}
                customer_id
        ) as freshness,
        -- Of two statements on consent the fresher counts; of two at one instant, the refusal.
        row_number() over (
            partition by golden_customer_id
            order by
                case when has_consent is null then 0 else 1 end,
                case when consent_stated_at is null then 0 else 1 end,
                consent_stated_at,
                case when has_consent then 0 else 1 end,
                customer_id
        ) as consent_freshness
    from profiles

),

golden as (

    select
        golden_customer_id as customer_id,
        {% for attribute in attributes -%}
        {{ latest_value(attribute, 'freshness') }} as {{ attribute }},
        {% endfor -%}
        coalesce({{ latest_value('has_consent', 'consent_freshness') }}, false)
        and max(case when is_opted_out then 1 else 0 end) = 0 as is_contactable,
        min(opted_out_on) as opted_out_on,
        min(registered_on) as registered_on
    from ranked
    group by golden_customer_id

)

select * from golden
