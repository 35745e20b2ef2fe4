-- What `tapeline backtest --postgres` has computed; each run once, with all that came of it.

create table backtest_run (
  run_id bigint generated always as identity primary key,
  configuration_hash text not null,
  source text not null,
  interval_s integer not null,
  symbols text[] not null,
  summary jsonb not null,
  computed_at timestamptz not null default clock_timestamp()
);
comment on column backtest_run.summary is 'summary.json, as docs/backtest.md has it';

create table backtest_trade (
  run_id bigint not null references backtest_run on delete cascade,
  trade integer not null,
  symbol text not null,
  source text not null,
  side text not null,
  quantity numeric not null,
  entry_signal_time timestamptz not null,
  entry_time timestamptz not null,
  entry_price numeric not null,
  exit_signal_time timestamptz,
  exit_time timestamptz,
  exit_price numeric,
  exit_reason text not null,
  fees numeric not null,
  profit numeric not null,
  bars bigint not null,
  primary key (run_id, trade)
);
comment on column backtest_trade.profit is 'After fees; of an open position at its last close';

create table backtest_equity (
  run_id bigint not null references backtest_run on delete cascade,
  "time" timestamptz not null,
  equity numeric not null,
  cash numeric not null,
  exposure numeric not null,
  drawdown double precision not null,
  primary key (run_id, "time")
);
