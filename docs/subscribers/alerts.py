"""Prints every alert as it fires: python3 alerts.py [redis://127.0.0.1:6379/0] [SYMBOL]

Needs the package `redis`. The channel tells what happens now; whoever must not miss one reads the stream `alerts`, which
keeps the newest 10,000, from the last entry that was handled: that is what this does first after a lost connection.
"""
import json
import sys
import time

import redis

url = sys.argv[1] if len(sys.argv) > 1 else "redis://127.0.0.1:6379/0"
symbol = sys.argv[2] if len(sys.argv) > 2 else None
seen = "$"  # only what comes from now on; "0" would begin with the oldest that is kept

while True:
    try:
        with redis.Redis.from_url(url, decode_responses=True, socket_timeout=30) as client:
            while True:
                for _, entries in client.xread({"alerts": seen}, block=10_000) or []:
                    for seen, alert in entries:
                        if symbol in (None, alert["symbol"]):
                            print(json.dumps(alert), flush=True)
    except redis.ConnectionError as error:
        print(f"lost the connection ({error}); trying again", file=sys.stderr)
        time.sleep(1)
