"""Fits of value models as both engines get them: SQL over no table."""

# Fits: of a day to come, failed, and newer with the second delivery.
VALUE_FITS = """
    from (values
        ('P1', 'default_b2b', 'bg_nbd', 'converged', null, date '2023-12-31'),
        ('S1', 'default_b2b', 'gamma_gamma', 'converged', null, date '2023-12-31'),
        ('P2', 'default_b2b', 'bg_nbd', 'converged', null, date '2024-01-31'),
        ('P3', 'default_b2b', 'bg_nbd', 'failed', 'Not to be trusted: it''s at a bound.', date '2024-02-29'),
        ('P4', 'default_b2b', 'bg_nbd', 'converged', null, date '2024-03-30'),
        ('S2', 'default_b2b', 'gamma_gamma', 'converged', null, date '2024-02-28'),
        ('C1', 'default_b2b', 'churn_calibration', 'converged', null, date '2023-12-31'),
        ('C2', 'default_b2b', 'churn_calibration', 'converged', null, date '2024-01-31'),
        ('B2', 'default_b2b', 'sbg', 'converged', null, date '2024-01-31'),
        ('Q1', 'default_b2b', 'pareto_nbd', 'converged', null, date '2024-04-30')
    ) as fits(fit_id, profile, model, status, reason, data_until)
"""
EARLY_FITS = "'P1', 'S1', 'P2', 'C1', 'C2', 'B2'"
FULL_VALUE_FITS = f"""
    select *, timestamp '2024-04-02 08:15:00' as fitted_at, 91 as holdout_days,
        '{{"r": 0.243, "中文": null}}' as fitted_parameters, '{{"r": 0.01}}' as standard_errors,
        '{{"starts": 4}}' as diagnostics, -9582.429 as log_likelihood, 60 as customers, 40 as repeat_customers,
        0.1 + 0.2 as holdout_mae, 1e-3 as holdout_rmse, 0.5 as naive_mae
    from ({VALUE_FITS})
"""
VALUE_FIT_PARAMETERS = """
    select fit_id, parameter, value + hash(fit_id) % 10 / 100 as value, case when parameter = 'r' then 0.01 end
        as standard_error
    from (values ('P1'), ('P2'), ('P4')) as fits(fit_id)
    cross join (values ('r', 0.243), ('alpha', 4.414), ('a', 0.793), ('b', 2.426)) as found(parameter, value)
    union all
    select fit_id, parameter, value, null
    from (values ('S1'), ('S2')) as fits(fit_id)
    cross join (values ('p', 6.25), ('q', 3.74), ('v', 15.44)) as found(parameter, value)
    union all
    select fit_id, parameter, value, null
    from (values ('C1'), ('C2')) as fits(fit_id)
    cross join (values ('intercept', -2), ('slope', 4), ('uses_p_alive', 1)) as found(parameter, value)
    union all
    select 'B2', parameter, value, 0.05 from (values ('alpha', 0.668), ('beta', 3.806)) as found(parameter, value)
"""
# Coarse, with a node next to 0, where the series stands in for the difference.
VALUE_FIT_NODES = """
    select fit_id, purchases, node_number, list_extract([1e-7, 0.13, 0.61], node_number) / (1 + purchases) as node,
        list_extract([0.2, 0.5, 0.3], node_number) as weight
    from (values ('P1'), ('P2'), ('P4')) as fits(fit_id)
    cross join range(15) as numbers(purchases)
    cross join range(1, 4) as nodes(node_number)
"""
VALUE_BACKTESTS = """
    select fit_id, measure, method, group_name, group_number, 30 as customers, actual, predicted,
        case when measure = 'purchases' then 0.4 end as mean_absolute_error,
        case when measure = 'purchases' then 0.8 end as root_mean_square_error
    from (values ('P1'), ('P2'), ('P4')) as fits(fit_id)
    cross join (values
        ('purchases', 'model', 'all', 0, 0.3, 1 / 3),
        ('purchases', 'model', 'repeat_purchases', 0, 0.1, 0.125),
        ('purchases', 'last_period', 'all', 0, 0.3, 0.5),
        ('silence', 'model', 'all', 0, 0.8, 0.75),
        ('silence', 'model', 'risk_decile', 1, 0.95, 0.9)
    ) as groups(measure, method, group_name, group_number, actual, predicted)
"""
