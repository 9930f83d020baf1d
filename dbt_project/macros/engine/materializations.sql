{#
  Tables and views on DuckDB, each put in its place by one statement. dbt builds beside the present table, renames twice
  and drops: that keeps readers served, of which a candidate has none, and costs statements and commits that a run on few
  rows feels. A table that fails leaves the one before, the transaction being undone.
#}

{% materialization table, adapter="duckdb", supported_languages=["sql"] %}
    {%- set existing = load_cached_relation(this) -%}
    {%- set relation = this.incorporate(type="table") -%}
    {{ run_hooks(pre_hooks) }}
    {%- call statement("main") -%}
        {% if existing is not none %}drop {{ existing.type }} if exists {{ existing }};{% endif %}
        {{ create_table_as(false, relation, compiled_code, "sql") }}
    {%- endcall -%}
    {{ run_hooks(post_hooks) }}
    {% do persist_docs(relation, model) %}
    {{ adapter.commit() }}
    {{ return({"relations": [relation]}) }}
{% endmaterialization %}

{% materialization view, adapter="duckdb" %}
    {%- set relation = this.incorporate(type="view") -%}
    {{ run_hooks(pre_hooks) }}
    {%- call statement("main") -%}
        create or replace view {{ relation }} as ({{ compiled_code }});
    {%- endcall -%}
    {{ run_hooks(post_hooks) }}
    {% do persist_docs(relation, model) %}
    {{ adapter.commit() }}
    {{ return({"relations": [relation]}) }}
{% endmaterialization %}
