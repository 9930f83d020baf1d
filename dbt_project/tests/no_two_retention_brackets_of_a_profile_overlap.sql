-- A day in two ranges would be counted in the first of them alone.
select
    earlier.profile,
    earlier.bracket_number,
    later.bracket_number as other_number
from {{ ref('retention_brackets') }} as earlier
inner join {{ ref('retention_brackets') }} as later
    on earlier.profile = later.profile and earlier.bracket_number < later.bracket_number
where later.from_days <= earlier.until_days
