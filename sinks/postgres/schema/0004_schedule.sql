-- What the schedule has done, and what its jobs have found.

create table job_schedule (
  lane text not null,
  job text not null,
  decided_until timestamptz not null,
  primary key (lane, job)
);
comment on table job_schedule is 'Up to when it is decided what becomes of a job''s times; what came due later while nothing ran has been missed';

create table job_run (
  lane text not null,
  job text not null,
  step text not null,
  scheduled_for timestamptz not null,
  session_date date not null,
  status text not null check (status in ('done', 'findings', 'failed', 'skipped')),
  attempts integer not null default 1,
  started_at timestamptz not null,
  ended_at timestamptz not null,
  detail text not null,
  primary key (lane, job, step, scheduled_for)
);
create index job_run_scheduled_for on job_run (scheduled_for);

create table overnight_change (
  lane text not null,
  session_date date not null,
  instrument_id integer not null references dim_instrument,
  source_id smallint not null references dim_source,
  previous_close numeric not null,
  previous_time timestamptz not null,
  price numeric not null,
  price_time timestamptz not null,
  change_pct double precision not null,
  primary key (lane, session_date, instrument_id)
);
comment on table overnight_change is 'Newest price against the last one at or before the close of the session before';

create table session_signal (
  lane text not null,
  session_date date not null,
  instrument_id integer not null references dim_instrument,
  source_id smallint not null references dim_source,
  interval_s integer not null,
  bar_end timestamptz not null,
  close numeric not null,
  rsi double precision,
  signal text not null,
  trend text not null,
  primary key (lane, session_date, instrument_id, interval_s)
);
comment on table session_signal is 'The signals of the newest closed bars when the job looked, before the session';

create table job_alert (
  alert_id text primary key,
  lane text not null,
  rule text not null,
  session_date date not null,
  instrument_id integer not null references dim_instrument,
  source_id smallint not null references dim_source,
  symbol text not null,
  change_pct double precision not null,
  message text not null,
  fired_at timestamptz not null default clock_timestamp(),
  published_at timestamptz
);
comment on table job_alert is 'Alerts of jobs; their evidence is the row of overnight_change of the same session and instrument';
