with newest as (

    {{ newest_version('value_fit_parameters', ['fit_id', 'parameter']) }}

),

renamed as (

    select
        -- ids
        fit_id,

        -- descriptions
        parameter,

        -- numerics
        value as parameter_value,
        standard_error
    from newest

)

select * from renamed
