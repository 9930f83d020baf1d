with newest as (

    {{ newest_version('customers', ['customer_id'], has_updated_at=true) }}

),

run_parameters as (

    select * from {{ source('raw', 'run_parameters') }}

),

known_by_then as (

    select
        -- ids
        newest.customer_id,
        newest.registration_no_hash,
        newest.phone_hash,
        newest.email_hash,
        newest.name_hash,

        -- descriptions
        newest.customer_type,
        newest.industry,
        newest.company_size,
        newest.region,
        newest.account_owner,
        newest.source_channel,
        newest.preferred_channel,
        newest.need_tags,
        newest.strategic_label,
        newest.age_band,
        newest.income_band,
        newest.home_ownership,
        newest.marital_status,
        newest.household_size,
        newest.household_composition,
        newest.kids_count,
        newest.birth_month,
        newest.birth_day,

        -- consent: no consent recorded is no consent (V2), and consent counts from its day
        coalesce(newest.consent_marketing, false)
        and (newest.consent_at is null or cast(newest.consent_at as date) <= run_parameters.as_of_date)
        and (newest.opted_out_at is null or cast(newest.opted_out_at as date) > run_parameters.as_of_date)
            as is_contactable,
        case
            when newest.consent_at is null or cast(newest.consent_at as date) <= run_parameters.as_of_date
                then newest.consent_marketing
        end as has_consent,
        coalesce(newest.consent_at, newest.updated_at) as consent_stated_at,
        coalesce(cast(newest.opted_out_at as date) <= run_parameters.as_of_date, false) as is_opted_out,
        case
            when cast(newest.opted_out_at as date) <= run_parameters.as_of_date
                then cast(newest.opted_out_at as date)
        end as opted_out_on,

        -- days and instants
        cast(newest.registered_at as date) as registered_on,
        case
            when cast(newest.consent_at as date) <= run_parameters.as_of_date then cast(newest.consent_at as date)
        end as consented_on,
        newest.updated_at
    from newest
    cross join run_parameters
    where newest.registered_at is null or cast(newest.registered_at as date) <= run_parameters.as_of_date

)

select * from known_by_then
