"""Failures of Airflow's tasks where tapeline's own alerts are: the stream and a channel in Redis, and a webhook.

TAPELINE_REDIS   host:port, unix:/path or a redis:// URL; without it nothing is published
REDIS_PASSWORD   where Redis asks for one
ALERT_WEBHOOK    https, or http on loopback; told { "text": ... }; without it nobody is
"""
from __future__ import annotations

import json
import logging
import os
import urllib.parse
import urllib.request
from datetime import UTC, datetime
from typing import Any

_log = logging.getLogger(__name__)
_STREAM = "alerts"
_STREAM_LENGTH = 10_000
_GUARD_S = 7 * 86_400  # an alert of that id is told once


def task_failed(context: dict[str, Any]) -> None:
    """As on_failure_callback: of a task, or of a whole run that took too long."""
    instance = context.get("task_instance") or context.get("ti")
    run = context.get("dag_run")
    dag_id = getattr(instance, "dag_id", None) or getattr(run, "dag_id", "unknown")
    task_id = getattr(instance, "task_id", None) or "the run"
    run_id = getattr(run, "run_id", None) or context.get("run_id") or "unknown"
    reason = str(context.get("exception") or context.get("reason") or "it failed").strip().splitlines()[-1]
    tell(f"airflow:{dag_id}:{run_id}:{task_id}", "airflow_task_failed", f"{dag_id}, {task_id} ({run_id}): {reason}")


def tell(alert_id: str, rule: str, message: str) -> None:
    """Both ways; that one of them fails keeps nobody from the other, and never hides the failure itself."""
    alert = {"alert_id": alert_id, "symbol": "AIRFLOW", "rule": rule, "severity": "critical", "message": message,
             "fired_at": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"}
    for way in (_publish, _post):
        try:
            way(alert)
        except Exception:
            _log.exception("the alert %s could not be told by %s", alert_id, way.__name__.strip("_"))


def _publish(alert: dict[str, str]) -> None:
    address = os.environ.get("TAPELINE_REDIS")
    if not address:
        _log.warning("TAPELINE_REDIS is not set: the alert is not published")
        return
    import redis
    password = os.environ.get("REDIS_PASSWORD") or None
    options: dict[str, Any] = {"socket_timeout": 10, "socket_connect_timeout": 10}
    if password:
        options["password"] = password
    if address.startswith(("redis://", "rediss://")):
        client = redis.Redis.from_url(address, **options)
    elif address.startswith("unix:"):
        client = redis.Redis(unix_socket_path=address.removeprefix("unix:"), **options)
    else:
        host, _, port = address.rpartition(":")
        client = redis.Redis(host=host, port=int(port), **options)
    with client:
        if client.set("alert:" + alert["alert_id"], "1", nx=True, ex=_GUARD_S):
            client.xadd(_STREAM, alert, maxlen=_STREAM_LENGTH, approximate=True)
            client.publish(f"{_STREAM}:{alert['symbol']}", json.dumps(alert))


def _post(alert: dict[str, str]) -> None:
    url = os.environ.get("ALERT_WEBHOOK")
    if not url:
        return
    parts = urllib.parse.urlsplit(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in ("127.0.0.1", "localhost", "::1")):
        raise ValueError("ALERT_WEBHOOK must be https, or http on loopback")
    body = json.dumps({"text": f"{alert['severity']}: {alert['message']}"}).encode()
    request = urllib.request.Request(url, body, {"Content-Type": "application/json", "Idempotency-Key": alert["alert_id"]})
    with urllib.request.urlopen(request, timeout=10):
        pass
