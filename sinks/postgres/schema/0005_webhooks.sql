-- Alerts on their way to webhooks: kept until delivered, however often the process or the other side ends.

create table webhook (
  lane text not null,
  name text not null,
  position bigint not null,
  since timestamptz not null default clock_timestamp(),
  primary key (lane, name)
);
comment on column webhook.position is 'Alerts up to here are queued; what fired before the webhook was configured is not sent';

create table alert_delivery (
  lane text not null,
  webhook text not null,
  alert_id text not null,
  status text not null default 'waiting' check (status in ('waiting', 'delivered', 'dead')),
  body text not null,
  attempts integer not null default 0,
  next_attempt_at timestamptz not null default clock_timestamp(),
  answer text not null default '',
  changed_at timestamptz not null default clock_timestamp(),
  primary key (lane, webhook, alert_id)
);
create index alert_delivery_waiting on alert_delivery (next_attempt_at) where status = 'waiting';
comment on table alert_delivery is 'dead: refused, or tried too often; update ... set status = ''waiting'' sends it once more';
create index fact_alert_journal_position on fact_alert (lane_id, journal_position);
