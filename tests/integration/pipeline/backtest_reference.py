"""A backtest of RSI thresholds by the book, in plain Python: shares nothing with the program but the definitions.

Money is decimal. The rules are those of docs/backtest.md: Wilder's RSI; BUY below the one threshold opens long, SELL above the
other closes it; filled at the next bar's open, moved against the order by the slippage; the largest quantity whose cost with the fee
fits the equity; every amount rounded to 10^-8, half away from zero.
"""
import decimal
from decimal import Decimal

decimal.getcontext().prec = 50
UNIT = Decimal("1e-8")


def rounded(amount):
    return amount.quantize(UNIT, rounding=decimal.ROUND_HALF_UP)


def wilder_rsi(closes, length=14):
    """None where it is undefined: not enough closes, or a market that has not moved."""
    values = [None] * len(closes)
    gain = loss = 0.0
    for i in range(1, len(closes)):
        change = closes[i] - closes[i - 1]
        up, down = max(change, 0.0), max(-change, 0.0)
        if i <= length:
            gain, loss = gain + up / length, loss + down / length
        else:
            gain, loss = (gain * (length - 1) + up) / length, (loss * (length - 1) + down) / length
        if i >= length and gain + loss > 0:
            values[i] = 100 * gain / (gain + loss)
    return values


def affordable(budget, price, fee_rate, step):
    quantity = (budget / (price * (1 + fee_rate))).quantize(step, rounding=decimal.ROUND_DOWN)

    def cost(units):
        notional = rounded(price * units)
        return notional + rounded(notional * fee_rate)

    while quantity > 0 and cost(quantity) > budget:
        quantity -= step
    while cost(quantity + step) <= budget:
        quantity += step
    return quantity


def backtest(bars, *, cash=Decimal(100000), buy_below=30, sell_above=70, length=14, fee_bps=Decimal(0), slippage_bps=Decimal(0),
             quantity_decimals=8):
    """`bars` are (open, close) as decimals. Returns trades as (entry bar, exit bar or None, quantity, profit) and the equity
    at each close."""
    rsi = wilder_rsi([float(close) for _, close in bars], length)
    fee_rate, slippage, step = fee_bps / 10000, slippage_bps / 10000, Decimal(1).scaleb(-quantity_decimals)
    held = Decimal(0)
    wanted = None
    trades, equity = [], []
    for i, (opened, closed) in enumerate(bars):
        if wanted == "open":
            price = opened * (1 + slippage)
            quantity = affordable(cash, price, fee_rate, step)
            if quantity > 0:
                notional = rounded(price * quantity)
                fee = rounded(notional * fee_rate)
                cash -= notional + fee
                held = quantity
                trades.append([i, None, quantity, -notional - fee])
        elif wanted == "close":
            notional = rounded(opened * (1 - slippage) * held)
            fee = rounded(notional * fee_rate)
            cash += notional - fee
            trades[-1][1] = i
            trades[-1][3] += notional - fee
            held = Decimal(0)
        wanted = None
        if rsi[i] is not None:
            if rsi[i] < buy_below and held == 0:
                wanted = "open"
            elif rsi[i] > sell_above and held > 0:
                wanted = "close"
        equity.append(cash + rounded(held * closed))
    if held:
        trades[-1][3] += rounded(held * bars[-1][1])
    return trades, equity
