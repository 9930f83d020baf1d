{{ changed_fact_keys(
    'touch_id',
    delivered=ref('stg_changed_touch_ids'),
    fact='fct_touches',
    merged_customers=ref('int_merged_customers')
) }}
