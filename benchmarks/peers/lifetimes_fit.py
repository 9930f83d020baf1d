"""`lifetimes`' BG/NBD by maximum likelihood, without a penalty."""

from fitting import Fitting
from lifetimes import BetaGeoFitter


def main() -> None:
    """Fit."""
    asked = Fitting()
    customers = asked.customers
    fitter = BetaGeoFitter(penalizer_coef=0.0)
    fitter.fit(customers["frequency"], customers["recency"], customers["age"])
    asked.answer(["lifetimes"], **fitter.params_)


main()
