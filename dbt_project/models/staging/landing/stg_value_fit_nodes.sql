with newest as (

    {{ newest_version('value_fit_nodes', ['fit_id', 'purchases', 'node_number']) }}

),

renamed as (

    select
        -- ids
        fit_id,
        node_number,

        -- numerics
        purchases as repeat_purchase_days,
        node as dropout_probability,
        weight as node_weight
    from newest

)

select * from renamed
