"""Portfolios by skfolio (BSD-3): long only, fully invested; and what they would have earned out of sample.

    equal weight       what the others have to beat
    minimum variance   the covariance shrunk by Ledoit and Wolf
    risk parity        every symbol bears the same part of the variance
    maximum Sharpe     expected returns shrunk by James and Stein, the covariance by Ledoit and Wolf

Where no symbol is expected to earn anything there is no maximum Sharpe ratio; minimum variance stands in, and `fallbacks` of
walk_forward() tells how often.
"""
from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from skfolio import RiskMeasure
from skfolio.model_selection import WalkForward, cross_val_predict
from skfolio.moments import LedoitWolf, ShrunkMu
from skfolio.optimization import EqualWeighted, MeanRisk, ObjectiveFunction, RiskBudgeting
from skfolio.prior import EmpiricalPrior

from tapeline.errors import NoData

NAMES = ("equal weight", "minimum variance", "risk parity", "maximum Sharpe")


def model(name: str) -> Any:
    """The scikit-learn estimator of that name: fit() it on returns, and it has weights_."""
    shrunk = EmpiricalPrior(covariance_estimator=LedoitWolf())
    least = MeanRisk(objective_function=ObjectiveFunction.MINIMIZE_RISK, risk_measure=RiskMeasure.VARIANCE,
                     prior_estimator=shrunk)
    models = {"equal weight": EqualWeighted(), "minimum variance": least,
              "risk parity": RiskBudgeting(risk_measure=RiskMeasure.VARIANCE, prior_estimator=shrunk),
              "maximum Sharpe": MeanRisk(objective_function=ObjectiveFunction.MAXIMIZE_RATIO,
                                         risk_measure=RiskMeasure.VARIANCE, fallback=least,
                                         prior_estimator=EmpiricalPrior(mu_estimator=ShrunkMu(),
                                                                        covariance_estimator=LedoitWolf()))}
    if name not in models:
        raise ValueError(f"there is no portfolio {name!r}: choose one of {', '.join(NAMES)}")
    return models[name]


def weights(returns: pd.DataFrame, names: tuple[str, ...] = NAMES) -> pd.DataFrame:
    """A row a symbol, a column a portfolio; every column adds up to 1."""
    _require(returns, 2 * returns.shape[1] + 2)
    return pd.DataFrame({name: model(name).fit(returns).weights_ for name in names}, index=list(returns.columns))


@dataclass(frozen=True)
class OutOfSample:
    """What portfolios earned in times that they had not seen."""

    returns: pd.DataFrame  # a column a portfolio
    train: int  # rows that each was fitted on
    test: int  # rows that it was held for then
    fallbacks: dict[str, int]  # how many of the fits fell back


def walk_forward(returns: pd.DataFrame, *, train: int, test: int, names: tuple[str, ...] = NAMES) -> OutOfSample:
    """Fits on `train` rows, holds for the `test` rows after them, moves on by `test`, to the end."""
    if train < 2 or test < 1:
        raise ValueError(f"train is {train} and test {test}: give at least 2 and 1")
    _require(returns, train + test)
    earned, fallbacks = {}, {}
    for name in names:
        cut = WalkForward(train_size=train, test_size=test, reduce_test=True)
        predicted = cross_val_predict(model(name), returns, cv=cut)
        earned[name] = pd.Series(predicted.returns, index=predicted.observations)
        fallbacks[name] = sum(1 for part in predicted.portfolios if len(part.fallback_chain or ()) > 1)
    return OutOfSample(pd.DataFrame(earned), train, test, fallbacks)


def _require(returns: pd.DataFrame, rows: int) -> None:
    if returns.shape[1] < 2:
        raise NoData(f"a portfolio needs two symbols, here is {returns.shape[1]}")
    if len(returns) < rows:
        raise NoData(f"{len(returns)} returns are too few: {rows} are the least here; take a longer range")
    if not np.isfinite(returns.to_numpy()).all():
        raise ValueError("returns have gaps (NaN): keep the times that every symbol has, as price_table() does")
