{#
  The newest version of each key that the source had written by the as-of date: latest updated_at where the entity has
  one, then load order. A key of which only later versions were delivered keeps the newest: it did exist by then.

  Most keys were delivered once: they are told by a count of key hashes, and only the others are put in order. Two keys of
  one hash are put in order too, and both stay.

  among: a relation with a column named as the key's first; only keys that it holds are looked at, all of them put in
  order. None: all keys.
#}
{% macro newest_version(entity, key, has_updated_at=false, among=none) -%}
    {% set versions = source('raw', entity) %}
    {% set hash = key_hash(key, 'versions') %}
    {% if among is none -%}
    {% set repeated -%}
        (
            select {{ hash }} as key_hash
            from {{ versions }} as versions
            group by {{ hash }}
            having count(*) > 1
        )
    {%- endset %}
    select versions.*
    from {{ versions }} as versions
    left join {{ repeated }} as repeated on {{ hash }} = repeated.key_hash
    where repeated.key_hash is null
    union all
    {% endif -%}
    select versions.*
    from {{ versions }} as versions
    {% if among is none -%}
    inner join {{ repeated }} as repeated on {{ hash }} = repeated.key_hash
    {% endif -%}
    {% if has_updated_at -%}
    cross join {{ source('raw', 'run_parameters') }} as asked
    {% endif -%}
    {% if among is not none -%}
    where versions.{{ key[0] }} in (select {{ key[0] }} from {{ among }})
    {% endif -%}
    qualify row_number() over (
        partition by versions.{{ key | join(', versions.') }}
        order by
            {% if has_updated_at -%}
            case when cast(versions.updated_at as date) > asked.as_of_date then 1 else 0 end,
            versions.updated_at desc nulls last,
            {% endif -%}
            versions._load_seq desc,
            versions._line_no desc
    ) = 1
{%- endmacro %}
