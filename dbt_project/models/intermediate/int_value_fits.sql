with fits as (

    select * from {{ ref('stg_value_fits') }}

),

models as (

    select * from {{ ref('int_value_models') }}

),

judged as (

    select
        fits.*,
        coalesce(fits.fit_id = models.bg_nbd_fit_id, false)
        or coalesce(fits.fit_id = models.gamma_gamma_fit_id, false) as is_in_force
    from fits
    cross join models

)

select * from judged
