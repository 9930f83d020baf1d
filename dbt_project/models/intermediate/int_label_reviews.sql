with reviews as (

    select * from {{ ref('stg_label_reviews') }}

),

-- A review follows its profile to the customer that the profile belongs to. The last one on a version of a rule counts.
newest as (

    select
        {{ golden_customer('reviews.customer_id') }} as customer_id,
        reviews.label,
        reviews.rule_version,
        reviews.review_id,
        reviews.review_status,
        reviews.reviewed_by,
        reviews.reviewed_at
    from reviews
    {{ join_golden_customer('reviews.customer_id') }}
    qualify row_number() over (
        partition by {{ golden_customer('reviews.customer_id') }}, reviews.label, reviews.rule_version
        order by reviews.reviewed_order desc
    ) = 1

)

select * from newest
