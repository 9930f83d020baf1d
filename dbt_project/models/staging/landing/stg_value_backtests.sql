with newest as (

    {{ newest_version('value_backtests', ['fit_id', 'measure', 'method', 'group_name', 'group_number']) }}

),

renamed as (

    select
        -- ids
        fit_id,

        -- descriptions
        measure,
        method,
        group_name,
        group_number,

        -- numerics
        customers,
        actual,
        predicted,
        mean_absolute_error,
        root_mean_square_error
    from newest

)

select * from renamed
