{% set labels = profile_labels() %}

with metrics as (

    select * from {{ ref('int_customer_metrics') }}
    where is_as_of

),

matched as (

    select
        *,
        {% for label in labels %}
        {{ first_matching_group(label.groups) }} as match_{{ loop.index }},
        {% endfor %}
        {{ labels | length }} as labels_asked
    from metrics

),

listed as (

    {% set rows = [] %}
    {% for label in labels %}
        {% do rows.append({
            "label": sql_text(label.label),
            "match_number": "match_" ~ loop.index,
            "evidence": label_evidence("match_" ~ loop.index, label.groups),
        }) %}
    {% endfor %}
    {{ stacked('matched', ['customer_id', 'snapshot_on'], rows or [no_label()]) }}

)

select
    customer_id,
    snapshot_on,
    label,
    evidence
from listed
where match_number is not null
