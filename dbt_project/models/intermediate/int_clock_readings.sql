{# The instants of a ticket at which the clock of working hours is read. #}
{% set instants = ['received_us', 'contacted_us', 'answered_us', 'settled_us', 'asked_us', 'now_us'] %}

with courses as (

    select * from {{ ref('int_ticket_courses') }}

),

pauses as (

    select * from {{ ref('int_ticket_pauses') }}

),

spans as (

    select * from {{ ref('int_open_spans') }}

),

named as (

    {% for instant in instants %}
    select
        hours_region as region,
        {{ instant }} as at_us
    from courses
    where {{ instant }} is not null
    union all
    {% endfor %}
    select
        hours_region as region,
        from_us as at_us
    from pauses
    union all
    select
        hours_region as region,
        until_us as at_us
    from pauses

),

asked as (

    select distinct
        region,
        at_us
    from named

),

marks as (

    select
        region,
        at_us,
        0 as span_number
    from asked
    union all
    select
        region,
        opens_us as at_us,
        span_number
    from spans

),

-- The span that has opened last.
reached as (

    select
        region,
        at_us,
        span_number = 0 as is_asked,
        max(span_number) over (
            partition by region order by at_us asc, span_number desc rows between unbounded preceding and current row
        ) as last_span
    from marks

)

select
    reached.region,
    reached.at_us,
    coalesce(
        spans.open_before_us + least(reached.at_us, spans.closes_us) - spans.opens_us, 0
    ) as open_us
from reached
left join spans on reached.region = spans.region and reached.last_span = spans.span_number
where reached.is_asked
