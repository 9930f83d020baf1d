{{ changed_fact_keys(
    'order_id',
    delivered=ref('stg_changed_order_ids'),
    fact='fct_orders',
    merged_customers=ref('int_merged_customers')
) }}
