{% set labels = profile_labels() %}
{% set history = ref('int_label_history') %}

-- Seen on month-ends and on the as-of day: the other days that a run describes move with it from day to day.
with days as (

    select snapshot_on from {{ ref('int_snapshot_dates') }}
    where is_as_of or is_month_end

),

current_labels as (

    select * from {{ ref('int_customer_labels') }}

),

reviews as (

    select * from {{ ref('int_label_reviews') }}

),

run_parameters as (

    select * from {{ source('raw', 'run_parameters') }}

),

spans as (

    select
        {% for label in labels %}
        min(case when history.has_label_{{ loop.index }} then history.snapshot_on end) as first_seen_{{ loop.index }},
        max(case when history.has_label_{{ loop.index }} then history.snapshot_on end) as last_seen_{{ loop.index }},
        {% endfor %}
        history.customer_id
    from {{ history }} as history
    inner join days on history.snapshot_on = days.snapshot_on
    group by history.customer_id

),

listed as (

    {% set rows = [] %}
    {% for label in labels %}
        {% do rows.append({
            "label": sql_text(label.label),
            "rule_id": sql_text(label.rule_id),
            "rule_version": sql_text(label.rule_version),
            "rule_text": sql_text(label.rule_text),
            "first_seen_on": "first_seen_" ~ loop.index,
            "last_seen_on": "last_seen_" ~ loop.index,
        }) %}
    {% endfor %}
    {{ stacked('spans', ['customer_id'], rows or [no_label()]) }}

)

select
    listed.customer_id,
    listed.label,
    listed.rule_id,
    listed.rule_version,
    listed.rule_text,
    current_labels.evidence,
    listed.first_seen_on,
    listed.last_seen_on,
    current_labels.label is not null as is_current,
    coalesce(reviews.review_status, 'proposed') as review_status,
    reviews.reviewed_by,
    reviews.reviewed_at,
    run_parameters.as_of_date
from listed
cross join run_parameters
left join current_labels
    on listed.customer_id = current_labels.customer_id and listed.label = current_labels.label
left join reviews
    on
        listed.customer_id = reviews.customer_id
        and listed.label = reviews.label
        and listed.rule_version = reviews.rule_version
where listed.last_seen_on is not null
