with contacts as (

    select * from {{ ref('int_contacts') }}
    where exclusion is not null

)

select
    customer_id,
    due_on,
    trigger,
    contact_kind,
    occasion,
    exclusion,
    given_way_to,
    channel,
    owner,
    priority,
    rule_id,
    reason,
    is_provisional,
    as_of_date
from contacts
