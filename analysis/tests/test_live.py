"""Alerts and latest values from a real Redis."""
import threading

import pytest
import redis
import tapeline
from tapeline.database import redis_address


@pytest.fixture
def client(servers):
    with redis.Redis(unix_socket_path=redis_address().removeprefix("unix:"), decode_responses=True) as client:
        client.flushall()
        yield client


def publish(client, number, symbol="BTC-USD"):
    client.xadd("alerts", {"alert_id": f"a{number}", "symbol": symbol, "rule": "often", "severity": "info",
                           "message": f"{symbol} moved", "close": "1.5"})


def test_alerts_come_as_they_fire(client):
    publish(client, 0)  # before: not live
    fired = ((1, "BTC-USD"), (2, "ETH-USD"), (3, "BTC-USD"))
    publisher = threading.Timer(0.3, lambda: [publish(client, number, symbol) for number, symbol in fired])
    publisher.start()
    stream = tapeline.live("BTC-USD", seconds=20)
    first, second = next(stream), next(stream)
    stream.close()
    publisher.join()  # its last answer may come after the alert; the client is closed behind us
    assert [first.alert_id, second.alert_id] == ["a1", "a3"]
    assert (first.symbol, first.rule, first.severity, first.message) == ("BTC-USD", "often", "info", "BTC-USD moved")
    assert first.fields["close"] == "1.5"


def test_it_goes_on_behind_a_position(client):
    for number in range(4):
        publish(client, number)
    every = list(tapeline.live(since="0", seconds=0.2))
    assert [alert.alert_id for alert in every] == ["a0", "a1", "a2", "a3"]
    assert [alert.alert_id for alert in tapeline.live(since=every[1].position, seconds=0.2)] == ["a2", "a3"]


def test_latest_values(client):
    client.hset("market:data", mapping={"BTC-USD": "61837.63", "ETH-USD": "2683.8"})
    client.mset({"BTC-USD:price": "61837.63", "BTC-USD:rsi": "41.5", "BTC-USD:signal": "HOLD", "BTC-USD:trend": "neutral",
                 "ETH-USD:price": "2683.8", "ETH-USD:signal": "BUY"})
    table = tapeline.latest()
    assert table.loc["BTC-USD", "price"] == 61837.63 and table.loc["ETH-USD", "signal"] == "BUY"
    assert table["rsi"].isna().tolist() == [False, True]
    with pytest.raises(tapeline.UnknownName, match="did you mean 'BTC-USD'?"):
        tapeline.latest("BTCUSD")


def test_no_redis_says_so():
    with pytest.raises(tapeline.ServerUnreachable, match="nobody has said where Redis is"):
        tapeline.latest()
    with pytest.raises(tapeline.ServerUnreachable, match="Redis does not answer"):
        tapeline.latest(redis="127.0.0.1:1")
    with pytest.raises(tapeline.ServerUnreachable, match="'nonsense' is none: write host:port"):
        tapeline.latest(redis="nonsense")
