with labels as (

    select * from {{ ref('labels') }}

)

select
    code_set,
    code,
    name_en,
    name_zh,
    rule_id,
    description
from labels
