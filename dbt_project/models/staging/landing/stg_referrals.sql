with newest as (

    {{ newest_version('referrals', ['referral_id']) }}

),

run_parameters as (

    select * from {{ source('raw', 'run_parameters') }}

),

recorded_by_then as (

    select
        -- ids
        newest.referral_id,
        newest.referrer_id,
        newest.referred_id,

        -- instants
        newest.referred_at
    from newest
    cross join run_parameters
    where cast(newest.referred_at as date) <= run_parameters.as_of_date

)

select * from recorded_by_then
