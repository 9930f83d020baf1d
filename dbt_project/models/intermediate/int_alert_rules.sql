with rules as (

    {{ profile_rows(ref('alert_rules'), 'rule_rows.rule_id') }}

)

select
    rule_id,
    alert_type,
    level,
    metric,
    {{ of_alert_metric('metric', 0) }} as approach,
    {{ of_alert_metric('metric', 1) }} as unit,
    {{ of_alert_metric('metric', 2) }} as subject_type,
    {{ of_alert_metric('metric', 3) }} as comparison,
    lookback_days,
    greatest(coalesce(min_count, 1), 1) as min_count,
    min_age_days,
    value_bound,
    categories,
    threshold,
    coalesce(close_threshold, threshold) as close_threshold,
    critical_threshold,
    severity,
    owner_role,
    to_subject_owner,
    recommended_action,
    reopen_days,
    digest_group
from rules
where is_enabled
