{{ config(
    materialized=changed_in_place(),
    incremental_strategy='replace',
    incremental_predicates=[
        'snapshot_on not in (select snapshot_on from intermediate.int_snapshot_dates where not is_rebuilt)'
    ]
) }}
{% set labels = profile_labels() %}

with metrics as (

    select * from {{ ref('int_customer_metrics') }}

),

-- A label's column carries its number among the labels in the order of their names: a name need be no column's.
matched as (

    select
        customer_id,
        {% for label in labels %}
        {{ first_matching_group(label.groups) }} is not null as has_label_{{ loop.index }},
        {% endfor %}
        snapshot_on
    from metrics

)

select * from matched
