with newest as (

    {{ newest_version('value_fits', ['fit_id']) }}

),

run_parameters as (

    select * from {{ source('raw', 'run_parameters') }}

),

-- What was fitted on data up to a day is known from that day on, whenever it was fitted.
fitted_by_then as (

    select
        -- ids
        newest.fit_id,

        -- descriptions
        newest.profile,
        newest.model,
        newest.status,
        newest.reason,
        newest.fitted_parameters,
        newest.standard_errors,
        newest.diagnostics,

        -- numerics
        newest.holdout_days,
        newest.log_likelihood,
        newest.customers,
        newest.repeat_customers,
        newest.holdout_mae,
        newest.holdout_rmse,
        newest.naive_mae,

        -- days and instants
        newest.data_until,
        newest.fitted_at
    from newest
    cross join run_parameters
    where newest.data_until <= run_parameters.as_of_date

)

select * from fitted_by_then
