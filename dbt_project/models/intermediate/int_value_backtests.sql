with backtests as (

    select * from {{ ref('stg_value_backtests') }}

),

fits as (

    select * from {{ ref('stg_value_fits') }}

),

of_fits as (

    select
        fits.fit_id,
        fits.model,
        fits.data_until,
        fits.holdout_days,
        backtests.measure,
        backtests.method,
        backtests.group_name,
        backtests.group_number,
        backtests.customers,
        backtests.actual,
        backtests.predicted,
        backtests.mean_absolute_error,
        backtests.root_mean_square_error,
        max(case when backtests.group_name = 'all' then backtests.actual end) over (
            partition by backtests.fit_id, backtests.measure, backtests.method
        ) as overall_actual
    from backtests
    inner join fits on backtests.fit_id = fits.fit_id

)

select * from of_fits
