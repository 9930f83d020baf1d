with contacts as (

    select * from {{ ref('int_contacts') }}
    where exclusion is null

)

select
    customer_id,
    due_on,
    trigger,
    contact_kind,
    occasion,
    channel,
    owner,
    template,
    fields,
    priority,
    rule_id,
    reason,
    earliest_on,
    latest_on,
    expires_on,
    is_overdue,
    is_provisional,
    as_of_date
from contacts
