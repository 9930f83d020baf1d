"""`pymc-marketing`'s BG/NBD by the maximum of the posterior, with default priors; among so many they weigh little."""

from fitting import Fitting
from pymc_marketing.clv import BetaGeoModel


def main() -> None:
    """Fit."""
    asked = Fitting()
    model = BetaGeoModel(data=asked.customers.rename(columns={"age": "T"}))
    model.fit(method="map", progressbar=False)
    found = model.fit_result
    asked.answer(["pymc-marketing", "pymc"], **{name: found[name].item() for name in ("r", "alpha", "a", "b")})


main()
