{% do check_rules() %}

with parameters as (

    {{ profile_rows(ref('profile_parameters'), 'rule_rows.parameter') }}

),

pivoted as (

    select
        max(case when parameter = 'rfm_window_months' then cast(value as integer) end) as rfm_window_months,
        max(case when parameter = 'score_window_months' then cast(value as integer) end) as score_window_months,
        max(case when parameter = 'score_convention' then value end) as score_convention,
        max(case when parameter = 'score_cut_offset' then cast(value as double) end) as score_cut_offset,
        max(case when parameter = 'recency_weight' then cast(value as double) end) as recency_weight,
        max(case when parameter = 'frequency_weight' then cast(value as double) end) as frequency_weight,
        max(case when parameter = 'monetary_weight' then cast(value as double) end) as monetary_weight,
        max(case when parameter = 'primary_scheme' then value end) as primary_scheme,
        nullif(max(case when parameter = 'review_scheme' then value end), 'none') as review_scheme,
        max(case when parameter = 'age_from' then value end) as age_from,
        coalesce(
            max(case when parameter = 'dormancy_scheme' and value != 'primary' then value end),
            max(case when parameter = 'primary_scheme' then value end)
        ) as dormancy_scheme,
        max(case when parameter = 'unscored_tier' then value end) as unscored_tier,
        max(case when parameter = 'spend_period_days' then cast(value as integer) end) as spend_period_days,
        max(case when parameter = 'cadence_min_purchase_days' then cast(value as integer) end)
            as cadence_min_purchase_days,
        max(case when parameter = 'active_window_days' then cast(value as integer) end) as active_window_days,
        max(case when parameter = 'evaluation_rolling_days' then cast(value as integer) end)
            as evaluation_rolling_days,
        max(case when parameter = 'evaluation_months' then cast(value as integer) end) as evaluation_months,
        max(case when parameter = 'movement_period_months' then cast(value as integer) end)
            as movement_period_months,
        max(case when parameter = 'concentration_share' then cast(value as decimal(9, 6)) end)
            as concentration_share,
        max(case when parameter = 'cohort_weeks' then cast(value as integer) end) as cohort_weeks,
        max(case when parameter = 'cohort_split_months' then cast(value as integer) end) as cohort_split_months,
        max(case when parameter = 'cohort_split_values' then cast(value as integer) end) as cohort_split_values,
        max(case when parameter = 'campaign_days' then cast(value as integer) end) as campaign_days,
        max(case when parameter = 'survival_days' then cast(value as integer) end) as survival_days,
        max(case when parameter = 'survival_band_z' then cast(value as double) end) as survival_band_z,
        max(case when parameter = 'history_months' then cast(value as integer) end) as history_months,
        max(case when parameter = 'identity_max_key_size' then cast(value as integer) end) as identity_max_key_size,
        max(case when parameter = 'identity_max_cluster_size' then cast(value as integer) end)
            as identity_max_cluster_size,
        max(case when parameter = 'identity_phone_evidence' then value end) as identity_phone_evidence,
        max(case when parameter = 'identity_email_evidence' then value end) as identity_email_evidence,
        max(case when parameter = 'reporting_currency' then upper(trim(value)) end) as reporting_currency,
        max(case when parameter = 'fx_max_age_days' then cast(value as integer) end) as fx_max_age_days,
        max(case when parameter = 'finance_tolerance_share' then cast(value as decimal(9, 6)) end)
            as finance_tolerance_share,
        max(case when parameter = 'recording_hours' then cast(value as integer) end) as recording_hours,
        max(case when parameter = 'predicted_value_min_days' then cast(value as integer) end)
            as predicted_value_min_days,
        max(case when parameter = 'predicted_value_fade_days' then cast(value as integer) end)
            as predicted_value_fade_days,
        max(case when parameter = 'value_min_buyers' then cast(value as integer) end) as value_min_buyers,
        max(case when parameter = 'value_min_history_days' then cast(value as integer) end) as value_min_history_days,
        max(case when parameter = 'value_min_repeaters' then cast(value as integer) end) as value_min_repeaters,
        max(case when parameter = 'value_holdout_days' then cast(value as integer) end) as value_holdout_days,
        max(case when parameter = 'value_comparison_model' then value end) as value_comparison_model,
        max(case when parameter = 'value_next_order_max_days' then cast(value as integer) end)
            as value_next_order_max_days,
        max(case when parameter = 'value_next_order_min_p_alive' then cast(value as double) end)
            as value_next_order_min_p_alive,
        max(case when parameter = 'clv_annual_discount_rate' then cast(value as double) end)
            as clv_annual_discount_rate,
        max(case when parameter = 'clv_margin_coverage' then cast(value as double) end) as clv_margin_coverage,
        max(case when parameter = 'churn_risk_high_from' then cast(value as double) end) as churn_risk_high_from,
        max(case when parameter = 'churn_risk_medium_from' then cast(value as double) end) as churn_risk_medium_from,
        max(case when parameter = 'health_green_from' then cast(value as double) end) as health_green_from,
        max(case when parameter = 'health_yellow_from' then cast(value as double) end) as health_yellow_from,
        coalesce(
            max(case when parameter = 'contact_scheme' and value != 'primary' then value end),
            max(case when parameter = 'primary_scheme' then value end)
        ) as contact_scheme,
        max(case when parameter = 'contact_horizon_days' then cast(value as integer) end) as contact_horizon_days,
        max(case when parameter = 'contact_overdue_days' then cast(value as integer) end) as contact_overdue_days,
        max(case when parameter = 'contact_week_cap' then cast(value as integer) end) as contact_week_cap,
        max(case when parameter = 'contact_month_cap' then cast(value as integer) end) as contact_month_cap,
        max(case when parameter = 'contact_quiet_weekdays' then value end) as contact_quiet_weekdays,
        max(case when parameter = 'contact_holiday_calendar' then value end) as contact_holiday_calendar,
        max(case when parameter = 'contact_daily_capacity' then cast(value as integer) end) as contact_daily_capacity,
        max(case when parameter = 'contact_daily_trigger_capacity' then cast(value as integer) end)
            as contact_daily_trigger_capacity,
        max(case when parameter = 'contact_coupon_share' then cast(value as decimal(9, 6)) end)
            as contact_coupon_share,
        max(case when parameter = 'contract_grace_days' then cast(value as integer) end) as contract_grace_days,
        max(case when parameter = 'contract_min_customers' then cast(value as integer) end) as contract_min_customers,
        max(case when parameter = 'contract_forecast_periods' then cast(value as integer) end)
            as contract_forecast_periods,
        max(case when parameter = 'sla_policy_set' then replace(value, ' ', '') end) as sla_policy_set,
        max(case when parameter = 'service_undecided_share' then cast(value as decimal(9, 6)) end)
            as service_undecided_share,
        max(case when parameter = 'sla_soon_overdue_hours' then cast(value as integer) end) as sla_soon_overdue_hours,
        max(case when parameter = 'sla_horizon_days' then cast(value as integer) end) as sla_horizon_days,
        max(case when parameter = 'hotspot_baseline_weeks' then cast(value as integer) end) as hotspot_baseline_weeks,
        max(case when parameter = 'hotspot_min_tickets' then cast(value as integer) end) as hotspot_min_tickets,
        max(case when parameter = 'hotspot_min_score' then cast(value as double) end) as hotspot_min_score,
        max(case when parameter = 'hotspot_trend_share' then cast(value as double) end) as hotspot_trend_share,
        max(case when parameter = 'satisfaction_min_responses' then cast(value as integer) end)
            as satisfaction_min_responses,
        max(case when parameter = 'satisfaction_weeks' then cast(value as integer) end) as satisfaction_weeks,
        max(case when parameter = 'satisfaction_months' then cast(value as integer) end) as satisfaction_months,
        max(case when parameter = 'satisfaction_interval_z' then cast(value as double) end) as satisfaction_interval_z,
        max(case when parameter = 'target_min_count' then cast(value as integer) end) as target_min_count,
        max(case when parameter = 'top_membership_level' then value end) as top_membership_level,
        max(case when parameter = 'resource_departure_share' then cast(value as decimal(9, 6)) end)
            as resource_departure_share,
        max(case when parameter = 'holdout_variant' then lower(trim(value)) end) as holdout_variant,
        max(case when parameter = 'campaign_conversion_days' then cast(value as integer) end)
            as campaign_conversion_days,
        max(case when parameter = 'campaign_significance' then cast(value as decimal(9, 6)) end)
            as campaign_significance,
        max(case when parameter = 'campaign_power' then cast(value as decimal(9, 6)) end) as campaign_power,
        max(case when parameter = 'campaign_detectable_lift' then cast(value as decimal(9, 6)) end)
            as campaign_detectable_lift,
        max(case when parameter = 'sample_ratio_significance' then cast(value as decimal(9, 6)) end)
            as sample_ratio_significance,
        max(case when parameter = 'sample_ratio_min_expected' then cast(value as integer) end)
            as sample_ratio_min_expected,
        max(case when parameter = 'activation_days' then cast(value as integer) end) as activation_days,
        max(case when parameter = 'win_back_days' then cast(value as integer) end) as win_back_days,
        max(case when parameter = 'board_history_days' then cast(value as integer) end) as board_history_days,
        max(case when parameter = 'board_reason_share' then cast(value as double) end) as board_reason_share,
        max(case when parameter = 'board_reason_departure' then cast(value as double) end) as board_reason_departure,
        max(case when parameter = 'churn_reason_weeks' then cast(value as integer) end) as churn_reason_weeks,
        max(case when parameter = 'program_months' then cast(value as integer) end) as program_months,
        max(case when parameter = 'tier_agreement_months' then cast(value as integer) end) as tier_agreement_months,
        max(case when parameter = 'program_excellent_from' then cast(value as double) end) as program_excellent_from,
        max(case when parameter = 'program_good_from' then cast(value as double) end) as program_good_from,
        max(case when parameter = 'alert_closed_days' then cast(value as integer) end) as alert_closed_days,
        max(case when parameter = 'alert_owner_cap' then cast(value as integer) end) as alert_owner_cap,
        max(case when parameter = 'alert_backtest_customers' then cast(value as integer) end)
            as alert_backtest_customers,
        max(case when parameter = 'alert_naive_silent_days' then cast(value as integer) end)
            as alert_naive_silent_days,
        max(case when parameter = 'alert_naive_cadence_factor' then cast(value as double) end)
            as alert_naive_cadence_factor
    from parameters

)

select * from pivoted
