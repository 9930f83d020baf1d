with newest as (

    {{ newest_version('products', ['product_id']) }}

),

renamed as (

    select
        -- ids
        product_id,

        -- descriptions
        name as product_name,
        category,
        brand,

        -- amounts
        unit_cost
    from newest

)

select * from renamed
