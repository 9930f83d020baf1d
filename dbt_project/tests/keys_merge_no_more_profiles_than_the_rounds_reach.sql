-- A group of more profiles could end with labels that the rounds have not brought together.
select
    identity_max_cluster_size,
    {{ identity_rounds() + 1 }} as profiles_reached
from {{ ref('int_profile') }}
where identity_max_cluster_size is null or identity_max_cluster_size > {{ identity_rounds() + 1 }}
