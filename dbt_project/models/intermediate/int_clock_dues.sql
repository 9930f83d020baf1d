with clocks as (

    select * from {{ ref('int_ticket_clocks') }}

),

spans as (

    select * from {{ ref('int_open_spans') }}

),

asked as (

    select distinct
        hours_region as region,
        promised_reading as due_reading
    from clocks
    where clock = 'business' and promised_reading is not null

),

marks as (

    select
        region,
        due_reading as reading,
        0 as span_number
    from asked
    union all
    select
        region,
        open_before_us as reading,
        span_number
    from spans

),

-- The last span that opened with less on the clock: what is due as a span closes is due then, not when the next opens.
reached as (

    select
        region,
        reading,
        span_number = 0 as is_asked,
        max(span_number) over (
            partition by region order by reading, span_number rows between unbounded preceding and current row
        ) as last_span
    from marks

)

select
    reached.region,
    reached.reading as due_reading,
    spans.opens_us + reached.reading - spans.open_before_us as due_us
from reached
-- Beyond the working hours that are laid out there is no due time.
inner join spans on reached.region = spans.region and reached.last_span = spans.span_number
where reached.is_asked and reached.reading <= spans.open_until_us
