{# The newest delivered version of each key: latest updated_at where the entity has one, then load order. #}
{% macro newest_version(entity, key, has_updated_at=false) -%}
    select *
    from {{ source('raw', entity) }}
    qualify row_number() over (
        partition by {{ key | join(', ') }}
        order by {% if has_updated_at %}updated_at desc nulls last, {% endif %}_load_seq desc, _line_no desc
    ) = 1
{%- endmacro %}
