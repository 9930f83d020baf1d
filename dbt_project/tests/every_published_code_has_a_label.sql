-- Every code in a published table has its English and Chinese name in dim_labels. A tier in force is left out: a person may
-- have approved it when the rules still knew it, and a night's run must not stop on that.
with codes as (

    select distinct scheme as code_set, tier as code from {{ ref('customer_tiers') }}
    union distinct
    select distinct scheme as code_set, tier as code from {{ ref('retention_by_tier') }}
    union distinct
    select distinct scheme as code_set, to_tier as code from {{ ref('tier_migration') }}
    union distinct
    select distinct
        case when from_tier = 'entered' then 'tier_migration' else scheme end as code_set,
        from_tier as code
    from {{ ref('tier_migration') }}
    union distinct
    select distinct 'tier_review_state' as code_set, review_state as code from {{ ref('customer_tiers') }}
    union distinct
    select distinct 'alert_rule' as code_set, rule_id as code from {{ ref('alert_backtest') }}
    union distinct
    select distinct 'alert_rule' as code_set, rule_id as code from {{ ref('alerts') }}
    union distinct
    select distinct 'alert_action' as code_set, recommended_action as code from {{ ref('alerts') }}
    union distinct
    select distinct 'alert_close_reason' as code_set, close_reason as code from {{ ref('alerts') }}
    union distinct
    select distinct 'alert_owner_type' as code_set, owner_type as code from {{ ref('alerts') }}
    union distinct
    select distinct 'alert_cause' as code_set, cause_dimension as code from {{ ref('alerts') }}
    union distinct
    select distinct 'alert_cause' as code_set, second_cause_dimension as code from {{ ref('alerts') }}
    union distinct
    select distinct 'board_target_state' as code_set, target_state as code from {{ ref('kpi_history') }}
    union distinct
    select distinct 'alert_metric' as code_set, metric as code from {{ ref('alerts') }}
    union all
    select distinct 'alert_news' as code_set, news as code from {{ ref('alerts') }}
    union distinct
    select 'tier_review_status' as code_set, status as code from {{ ref('tier_review_list') }}
    union distinct
    select 'clv_basis' as code_set, clv_basis as code from {{ ref('customer_value') }}
    union distinct
    select 'value_missing_reason' as code_set, missing_reason as code from {{ ref('customer_value') }}
    union distinct
    select 'value_missing_reason' as code_set, missing_reason as code from {{ ref('contract_survival') }}
    union distinct
    select 'value_model' as code_set, model as code from {{ ref('clv_model_runs') }}
    union distinct
    select 'value_fit_status' as code_set, status as code from {{ ref('clv_model_runs') }}
    union distinct
    select 'backtest_measure' as code_set, measure as code from {{ ref('value_backtest') }}
    union distinct
    select 'backtest_method' as code_set, method as code from {{ ref('value_backtest') }}
    union distinct
    select 'backtest_group' as code_set, group_name as code from {{ ref('value_backtest') }}
    union distinct
    select 'factor' as code_set, driver_1 as code from {{ ref('customer_churn_risk') }}
    union distinct
    select 'factor' as code_set, driver_2 as code from {{ ref('customer_churn_risk') }}
    union distinct
    select 'factor' as code_set, driver_3 as code from {{ ref('customer_churn_risk') }}
    union distinct
    select 'risk_band' as code_set, risk_band as code from {{ ref('customer_churn_risk') }}
    union distinct
    select 'score_missing_reason' as code_set, missing_reason as code from {{ ref('customer_churn_risk') }}
    union distinct
    select 'score_missing_reason' as code_set, missing_reason as code from {{ ref('customer_health') }}
    union distinct
    select 'factor' as code_set, changed_factor as code from {{ ref('customer_health') }}
    union distinct
    select 'health_band' as code_set, band as code from {{ ref('customer_health') }}
    union distinct
    select 'health_band' as code_set, previous_band as code from {{ ref('customer_health') }}
    union distinct
    select 'health_band' as code_set, band as code from {{ ref('customer_health_history') }}
    union distinct
    select 'tier_direction' as code_set, direction as code from {{ ref('tier_review_list') }}
    union distinct
    select 'scheme' as code_set, scheme as code from {{ ref('customer_tiers') }}
    union distinct
    select 'matched_by' as code_set, matched_by as code from {{ ref('customer_merges') }}
    union distinct
    select 'decided_by' as code_set, decided_by as code from {{ ref('customer_merges') }}
    union distinct
    select 'review_reason' as code_set, review_reason as code from {{ ref('identity_review') }}
    union distinct
    select 'rfm_segment' as code_set, rfm_segment as code from {{ ref('customer_rfm') }}
    union distinct
    select 'r_band' as code_set, {{ as_text('r_band', 0) }} as code from {{ ref('customer_rfm') }}
    union distinct
    select 'f_band' as code_set, {{ as_text('f_band', 0) }} as code from {{ ref('customer_rfm') }}
    union distinct
    select 'm_band' as code_set, {{ as_text('m_band', 0) }} as code from {{ ref('customer_rfm') }}
    union distinct
    select 'age_stage' as code_set, age_stage as code from {{ ref('customer_lifecycle') }}
    union distinct
    select 'activity_state' as code_set, activity_state as code from {{ ref('customer_lifecycle') }}
    union distinct
    select 'curve_stage' as code_set, curve_stage as code from {{ ref('customer_lifecycle') }}
    union distinct
    select 'lifecycle_stage' as code_set, lifecycle_stage as code from {{ ref('customer_lifecycle') }}
    union distinct
    select 'lifecycle_stage' as code_set, from_stage as code from {{ ref('lifecycle_transitions') }}
    union distinct
    select 'dormancy' as code_set, dormancy as code from {{ ref('customer_lifecycle') }}
    union distinct
    select 'cohort_definition' as code_set, definition as code from {{ ref('retention_cohorts') }}
    union distinct
    select 'cohort_period_type' as code_set, period_type as code from {{ ref('retention_cohorts') }}
    union distinct
    select 'dimension' as code_set, dimension as code from {{ ref('retention_cohorts') }}
    union distinct
    select 'dimension' as code_set, dimension as code from {{ ref('churn_metrics') }}
    union distinct
    select 'dimension' as code_set, dimension as code from {{ ref('satisfaction_metrics') }}
    union distinct
    select 'survey_type' as code_set, survey_type as code from {{ ref('satisfaction_metrics') }}
    union distinct
    select 'satisfaction_reason' as code_set, missing_reason as code from {{ ref('satisfaction_metrics') }}
    union distinct
    select 'target_metric' as code_set, metric as code from {{ ref('metric_values') }}
    union distinct
    select 'metric_reason' as code_set, missing_reason as code from {{ ref('metric_values') }}
    union distinct
    select 'target_metric' as code_set, metric as code from {{ ref('target_tracking') }}
    union distinct
    select 'target_period_type' as code_set, period_type as code from {{ ref('target_tracking') }}
    union distinct
    select 'target_direction' as code_set, direction as code from {{ ref('target_tracking') }}
    union distinct
    select 'target_status' as code_set, status as code from {{ ref('target_tracking') }}
    union distinct
    select 'board_metric' as code_set, metric as code from {{ ref('kpi_board') }}
    union distinct
    select 'board_category' as code_set, category as code from {{ ref('kpi_board') }}
    union distinct
    select 'board_no_reason' as code_set, no_reason as code from {{ ref('kpi_board') }}
    union distinct
    select 'owner_role' as code_set, owner as code from {{ ref('kpi_board') }}
    union distinct
    select 'board_reason' as code_set, missing_reason as code from {{ ref('kpi_history') }}
    union distinct
    select 'board_dimension' as code_set, dimension as code from {{ ref('kpi_contributions') }}
    union distinct
    select 'plan_type' as code_set, plan_type as code from {{ ref('plan_progress') }}
    union distinct
    select 'plan_status' as code_set, status as code from {{ ref('plan_progress') }}
    union distinct
    select 'churn_revenue_reason' as code_set, revenue_missing_reason as code from {{ ref('churn_metrics') }}
    union distinct
    select 'revenue_movement' as code_set, movement as code from {{ ref('revenue_movements') }}
    union distinct
    select 'customer_base_reason' as code_set, margin_missing_reason as code from {{ ref('customer_base_metrics') }}
    union distinct
    select 'customer_base_reason' as code_set, cross_sell_missing_reason as code from {{ ref('customer_base_metrics') }}
    union distinct
    select 'dimension' as code_set, dimension as code from {{ ref('survival_curves') }}
    union distinct
    select 'margin_reason' as code_set, margin_missing_reason as code from {{ ref('retention_cohorts') }}
    union distinct
    select 'survival_curve' as code_set, curve as code from {{ ref('survival_curves') }}
    union distinct
    select 'next_order_missing_reason' as code_set, next_order_missing_reason as code from {{ ref('customer_value') }}
    union distinct
    select 'survival_reason' as code_set, missing_reason as code from {{ ref('survival_summary') }}
    union distinct
    select 'evaluation_period_type' as code_set, period_type as code from {{ ref('retention_by_tier') }}
    union distinct
    select 'order_status' as code_set, status as code from {{ ref('fct_orders') }}
    union distinct
    select 'completeness_reason' as code_set, missing_reason as code from {{ ref('completeness') }}
    union distinct
    select 'lateness_reason' as code_set, missing_reason as code from {{ ref('interaction_lateness') }}
    union distinct
    select 'reconciliation_reason' as code_set, missing_reason as code from {{ ref('finance_reconciliation') }}
    union distinct
    select 'check_severity' as code_set, severity as code from {{ ref('data_quality') }}
    union distinct
    select 'label' as code_set, label as code from {{ ref('customer_labels') }}
    union distinct
    select 'review_status' as code_set, review_status as code from {{ ref('customer_labels') }}
    union distinct
    select 'policy_set' as code_set, policy_set as code from {{ ref('ticket_sla_policies') }}
    union distinct
    select 'policy_set' as code_set, policy_set as code from {{ ref('sla_policies') }}
    union distinct
    select 'sla_metric' as code_set, metric as code from {{ ref('ticket_sla_policies') }}
    union distinct
    select 'sla_clock' as code_set, clock as code from {{ ref('ticket_sla_policies') }}
    union distinct
    select 'sla_status' as code_set, status as code from {{ ref('ticket_sla_policies') }}
    union distinct
    select 'sla_missing_reason' as code_set, missing_reason as code from {{ ref('ticket_sla_policies') }}
    union distinct
    select 'sla_missing_reason' as code_set, timely_missing_reason as code from {{ ref('service_metrics') }}
    union distinct
    select 'sla_missing_reason' as code_set, call_back_missing_reason as code from {{ ref('service_metrics') }}
    union distinct
    select 'sla_missing_reason' as code_set, csat_missing_reason as code from {{ ref('service_metrics') }}
    union distinct
    select 'priority' as code_set, priority as code from {{ ref('ticket_sla') }}
    union distinct
    select 'dimension' as code_set, dimension as code from {{ ref('service_metrics') }}
    union distinct
    select 'service_period_type' as code_set, period_type as code from {{ ref('service_metrics') }}
    union distinct
    select 'hotspot_trend' as code_set, trend as code from {{ ref('issue_hotspots') }}
    union distinct
    select 'hotspot_verdict' as code_set, verdict as code from {{ ref('issue_hotspots') }}
    union distinct
    select 'contact' as code_set, trigger as code from {{ ref('contact_calendar') }}
    union distinct
    select 'contact_channel' as code_set, channel as code from {{ ref('contact_calendar') }}
    union distinct
    select 'contact' as code_set, trigger as code from {{ ref('contact_exclusions') }}
    union distinct
    select 'contact_exclusion' as code_set, exclusion as code from {{ ref('contact_exclusions') }}
    union distinct
    select 'contact_period' as code_set, period as code from {{ ref('service_policies') }}
    union distinct
    -- Also those that the rules of the seeds can give, though nobody holds them today.
    select 'campaign_reason' as code_set, missing_reason as code from {{ ref('campaign_performance') }}
    union distinct
    select 'sample_ratio_reason' as code_set, sample_ratio_missing_reason as code from {{ ref('campaign_performance') }}
    union distinct
    select 'campaign_comparison' as code_set, comparison as code from {{ ref('campaign_performance') }}
    union distinct
    select 'cadence_reason' as code_set, missing_reason as code from {{ ref('cadence_compliance') }}
    union distinct
    select 'execution_reason' as code_set, missing_reason as code from {{ ref('touch_execution') }}
    union distinct
    select 'activation_measure' as code_set, measure as code from {{ ref('activation_metrics') }}
    union distinct
    select 'activation_reason' as code_set, missing_reason as code from {{ ref('activation_metrics') }}
    union distinct
    select 'dimension' as code_set, dimension as code from {{ ref('activation_metrics') }}
    union distinct
    select 'label' as code_set, label as code from {{ ref('label_rules') }}
    union distinct
    select scheme as code_set, tier as code from {{ ref('tier_rules') }}
    union distinct
    select 'rfm_segment' as code_set, segment as code from {{ ref('rfm_segments') }}
    union distinct
    select
        case scheme
            when 'lifecycle_age' then 'age_stage'
            when 'lifecycle_activity' then 'activity_state'
            when 'lifecycle_curve' then 'curve_stage'
            when 'lifecycle_dormancy' then 'dormancy'
            else scheme
        end as code_set,
        tier as code
    from {{ ref('lifecycle_rules') }}

),

-- A tier in braces is a value of the data and so its own name.
data_values as (

    select distinct
        rules.scheme as code_set,
        products.category as code
    from {{ ref('tier_rules') }} as rules
    cross join {{ ref('dim_products') }} as products
    where rules.tier = '{preferred_category}'

)

select codes.*
from codes
left join data_values on codes.code_set = data_values.code_set and codes.code = data_values.code
left join {{ ref('dim_labels') }} as labels on codes.code_set = labels.code_set and codes.code = labels.code
where
    codes.code is not null
    and substr(codes.code, 1, 1) != '{'
    and labels.code is null
    and data_values.code is null
