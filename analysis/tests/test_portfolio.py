"""Risk by hand, weights against other solvers and the library's own calls, on the prices that skfolio ships."""
import numpy as np
import pandas as pd
import pytest
import tapeline
from scipy.optimize import minimize
from skfolio import MultiPeriodPortfolio, RiskMeasure
from skfolio.datasets import load_sp500_dataset
from skfolio.model_selection import WalkForward, cross_val_predict
from skfolio.moments import ShrunkMu
from skfolio.optimization import MeanRisk, RiskBudgeting
from skfolio.preprocessing import prices_to_returns
from sklearn.covariance import LedoitWolf as SklearnLedoitWolf
from tapeline import indicators, portfolio, risk


@pytest.fixture(scope="module")
def returns():
    prices = load_sp500_dataset()
    return prices_to_returns(prices).iloc[-756:, :8]


def test_returns_are_the_librarys(returns):
    prices = load_sp500_dataset()
    pd.testing.assert_frame_equal(risk.returns(prices).iloc[-756:, :8], returns, check_names=False)


def test_the_summary_is_what_a_hand_computes():
    one = pd.Series([0.10, -0.20, 0.05, -0.02, 0.03] * 8, name="a")
    found = risk.summary(one, 252, risk_free_annual=0.02).loc["a"]
    wealth = np.cumprod(1 + one.to_numpy())
    assert found["total return"] == pytest.approx(wealth[-1] - 1)
    assert found["annual return"] == pytest.approx(wealth[-1] ** (252 / 40) - 1)
    assert found["annual volatility"] == pytest.approx(one.std(ddof=1) * np.sqrt(252))
    assert found["Sharpe"] == pytest.approx((one.mean() - 0.02 / 252) / one.std(ddof=1) * np.sqrt(252))
    high = np.maximum.accumulate(np.append(1.0, wealth))[1:]
    assert found["max drawdown"] == pytest.approx((1 - wealth / high).max())
    assert found["VaR 95%"] == pytest.approx(0.20)
    assert found["CVaR 95%"] == pytest.approx(0.20) and found["worst period"] == -0.20 and found["periods"] == 40


def test_the_year_is_that_of_the_market(returns):
    one = returns.iloc[:, :1]
    equities = risk.summary(one, indicators.periods_per_year("us_equity"))
    crypto = risk.summary(one, indicators.periods_per_year("crypto"))
    ratio = np.sqrt(365 / 252)
    assert (crypto["annual volatility"] / equities["annual volatility"]).iloc[0] == pytest.approx(ratio)
    assert (crypto["Sharpe"] / equities["Sharpe"]).iloc[0] == pytest.approx(ratio)


def least_variance(covariance):
    """By a general solver, from the covariance alone."""
    count = len(covariance)
    found = minimize(lambda w: w @ covariance @ w * 1e4, np.full(count, 1 / count), jac=lambda w: 2e4 * covariance @ w,
                     bounds=[(0, 1)] * count, constraints={"type": "eq", "fun": lambda w: w.sum() - 1}, method="SLSQP",
                     options={"ftol": 1e-14, "maxiter": 1_000})
    assert found.success
    return found.x


def test_weights_are_those_of_other_solvers(returns):
    found = portfolio.weights(returns)
    assert list(found.columns) == list(portfolio.NAMES) and list(found.index) == list(returns.columns)
    assert np.allclose(found.sum(), 1, atol=1e-8) and (found.to_numpy() > -1e-8).all()
    covariance = SklearnLedoitWolf().fit(returns).covariance_
    assert np.allclose(found["minimum variance"], least_variance(covariance), atol=2e-4)
    parity = found["risk parity"].to_numpy()
    shares = parity * (covariance @ parity) / (parity @ covariance @ parity)
    assert np.allclose(shares, 1 / 8, atol=2e-3)

    mu = ShrunkMu().fit(returns).mu_
    sharpe = lambda w: w @ mu / np.sqrt(w @ covariance @ w)
    best = minimize(lambda w: -sharpe(w), np.full(8, 1 / 8), bounds=[(0, 1)] * 8, method="SLSQP",
                    constraints={"type": "eq", "fun": lambda w: w.sum() - 1}, options={"ftol": 1e-14, "maxiter": 1_000})
    assert sharpe(found["maximum Sharpe"].to_numpy()) == pytest.approx(sharpe(best.x), rel=1e-4)


def test_weights_agree_with_the_librarys_examples():
    """As in skfolio's documentation: the S&P 500 data, its own split, its own estimators."""
    returns = prices_to_returns(load_sp500_dataset())
    train, test = returns.iloc[:len(returns) * 67 // 100], returns.iloc[len(returns) * 67 // 100:]
    ours = portfolio.weights(train, ("minimum variance", "risk parity"))
    plain = {"minimum variance": MeanRisk(risk_measure=RiskMeasure.VARIANCE, prior_estimator=portfolio.model(
                 "minimum variance").prior_estimator).fit(train),
             "risk parity": RiskBudgeting(risk_measure=RiskMeasure.VARIANCE, prior_estimator=portfolio.model(
                 "risk parity").prior_estimator).fit(train)}
    for name, theirs in plain.items():
        assert np.allclose(ours[name], theirs.weights_, atol=1e-10), name
        earned = theirs.predict(test)
        by_hand = risk.summary(pd.Series(test @ ours[name], name=name), 252)
        assert by_hand.loc[name, "annual volatility"] == pytest.approx(
            earned.standard_deviation * np.sqrt(252), rel=1e-9), name
        assert by_hand.loc[name, "CVaR 95%"] == pytest.approx(earned.cvar, rel=1e-9)


def test_walk_forward_has_seen_nothing_of_its_tests(returns):
    found = portfolio.walk_forward(returns, train=250, test=60, names=("minimum variance",))
    theirs = cross_val_predict(portfolio.model("minimum variance"), returns, cv=WalkForward(60, 250, reduce_test=True))
    assert isinstance(theirs, MultiPeriodPortfolio)
    assert np.allclose(found.returns["minimum variance"], theirs.returns)
    assert list(found.returns.index) == list(returns.index[250:])
    # What comes later changes nothing that was earned before.
    later = returns.copy()
    later.iloc[500:] *= -3
    other = portfolio.walk_forward(later, train=250, test=60, names=("minimum variance",))
    assert np.allclose(found.returns.iloc[:250], other.returns.iloc[:250], atol=1e-12)
    assert not np.allclose(found.returns.iloc[250:], other.returns.iloc[250:])


@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::RuntimeWarning")
def test_where_nothing_earns_the_least_variance_stands_in(returns):
    falling = -returns.abs() - 0.001
    found = portfolio.weights(falling, ("minimum variance", "maximum Sharpe"))
    assert np.allclose(found["maximum Sharpe"], found["minimum variance"], atol=1e-6)
    assert portfolio.walk_forward(falling, train=400, test=200, names=("maximum Sharpe",)).fallbacks["maximum Sharpe"] == 2


def test_what_is_too_little_says_so(returns):
    with pytest.raises(tapeline.NoData, match="needs two symbols, here is 1"):
        portfolio.weights(returns.iloc[:, :1])
    with pytest.raises(tapeline.NoData, match="10 returns are too few: 18 are the least"):
        portfolio.weights(returns.iloc[:10])
    with pytest.raises(ValueError, match="have gaps"):
        portfolio.weights(returns.where(returns > -0.05))
    with pytest.raises(ValueError, match="no portfolio 'best'"):
        portfolio.model("best")
    with pytest.raises(ValueError, match="periods_per_year is 0"):
        risk.summary(returns, 0)
    with pytest.raises(tapeline.NoData, match="0 returns are too few"):
        risk.summary(returns.iloc[:0], 252)


def test_prices_of_stored_bars(database):
    prices = risk.price_table(tapeline.load_bars(interval="1m"))
    assert list(prices.columns) == ["BTC-USD", "DOGE-USD", "ETH-USD", "SOL-USD"] and len(prices) > 1_000
    assert portfolio.weights(risk.returns(prices)).shape == (4, 4)
    with pytest.raises(ValueError, match="several intervals"):
        risk.price_table(tapeline.load_bars())
