with newest as (

    {{ newest_version('fx_rates', ['currency', 'rate_date']) }}

),

run_parameters as (

    select * from {{ source('raw', 'run_parameters') }}

),

known_by_then as (

    select
        -- ids
        upper(trim(newest.currency)) as currency,

        -- numbers
        newest.rate as fx_rate,

        -- days
        newest.rate_date,

        -- bookkeeping
        newest._load_seq,
        newest._line_no
    from newest
    cross join run_parameters
    where newest.rate_date <= run_parameters.as_of_date

),

-- `usd` and `USD` are two keys of landing and one currency.
one_a_day as (

    select
        currency,
        fx_rate,
        rate_date
    from known_by_then
    qualify row_number() over (partition by currency, rate_date order by _load_seq desc, _line_no desc) = 1

)

select * from one_a_day
