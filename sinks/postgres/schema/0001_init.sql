-- The star schema: what is measured (dim_*), what was measured (fact_*), and how it came here (lane_checkpoint, audit_batch).

create table dim_source (
  source_id smallint primary key,
  name text not null unique
);
comment on table dim_source is 'Sources by their stable number, as journals write it';

create table dim_instrument (
  instrument_id integer generated always as identity primary key,
  symbol text not null,
  source_id smallint not null references dim_source,
  native_symbol text not null,
  unique (source_id, native_symbol)
);
comment on column dim_instrument.symbol is 'The configuration''s name; the native one where none is configured';

create table lane_checkpoint (
  lane_id smallint generated always as identity primary key,
  lane text not null unique,
  position bigint not null default 0,
  configuration_hash text not null default ''
);
comment on column lane_checkpoint.position is 'All rows of journal frames that end at or before this are stored; moved by compare-and-set only';

-- mantissa * 10^exponent as numeric, exactly; exponents are in [-30, 0].
create function scaled_decimal(mantissa bigint, exponent smallint) returns numeric
language sql immutable parallel safe strict
-- A literal, not array[...]: that one would keep the function from being inlined.
return trim_scale(mantissa * ('{
  1, 1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1e-9, 1e-10, 1e-11, 1e-12, 1e-13, 1e-14, 1e-15,
  1e-16, 1e-17, 1e-18, 1e-19, 1e-20, 1e-21, 1e-22, 1e-23, 1e-24, 1e-25, 1e-26, 1e-27, 1e-28, 1e-29, 1e-30
}'::numeric[])[1 - exponent]);

create table tick (
  event_time timestamptz not null,
  received_time timestamptz not null,
  event_ns bigint not null,
  price_mantissa bigint not null,
  size_mantissa bigint not null,
  trade_id bigint,
  journal_position bigint not null,
  instrument_id integer not null,
  source_id smallint not null,
  lane_id smallint not null,
  price_exponent smallint not null,
  size_exponent smallint not null,
  side smallint not null,
  flags smallint not null
) partition by range (event_time);
create index tick_event_time_brin on tick using brin (event_time);
comment on table tick is 'One row a tick, prices as scaled integers, a partition a day; read it through fact_tick';

create view fact_tick as
select instrument_id, source_id, event_time, received_time,
       scaled_decimal(price_mantissa, price_exponent) as price,
       scaled_decimal(size_mantissa, size_exponent) as volume,
       trade_id,
       case side when 1 then 'buy' when 2 then 'sell' end as side,
       (flags & 2) <> 0 as is_backfilled,
       lane_id, journal_position, event_ns
from tick;
comment on view fact_tick is 'Ticks with exact numeric prices; side is the taker''s';

create table fact_bar (
  instrument_id integer not null,
  source_id smallint not null,
  interval_s integer not null,
  bar_start timestamptz not null,
  open numeric not null,
  high numeric not null,
  low numeric not null,
  close numeric not null,
  volume numeric not null,
  trades integer not null,
  sma double precision,
  rsi double precision,
  bb_mid double precision,
  bb_sigma double precision,
  bb_upper double precision,
  bb_lower double precision,
  percent_b double precision,
  bandwidth double precision,
  volatility double precision,
  volatility_annual double precision,
  periods_per_year double precision,
  change double precision,
  change_pct double precision,
  bars_seen bigint not null,
  signal text not null,
  signal_reason text not null,
  trend text not null,
  is_partial boolean not null,
  is_filled boolean not null,
  is_source_bar boolean not null,
  lane_id smallint not null,
  journal_position bigint not null,
  primary key (instrument_id, interval_s, bar_start, is_source_bar, lane_id)
);
comment on column fact_bar.bars_seen is 'Closes that the indicators have seen: how far a recursive one is from its seed';
comment on column fact_bar.is_partial is 'The recording or the process began or ended inside this bar; it fed no indicator';
comment on column fact_bar.is_source_bar is 'Delivered by the source, not built from ticks';
comment on column fact_bar.journal_position is 'Frame of the tick, bar or clock that closed it';

create table fact_signal (
  instrument_id integer not null,
  source_id smallint not null,
  interval_s integer not null,
  bar_start timestamptz not null,
  signal text not null,
  previous text not null,
  reason text not null,
  trend text not null,
  close double precision,
  rsi double precision,
  sma double precision,
  bb_upper double precision,
  bb_lower double precision,
  lane_id smallint not null,
  journal_position bigint not null
);
comment on table fact_signal is 'Changes of signal, one row a change';
create index fact_signal_bar_start on fact_signal (bar_start);

create table fact_alert (
  alert_id text not null,
  rule text not null,
  rule_version integer not null,
  severity text not null,
  instrument_id integer not null,
  source_id smallint not null,
  symbol text not null,
  interval_s integer not null,
  bar_start timestamptz not null,
  bar_end timestamptz not null,
  signal text not null,
  trend text not null,
  close numeric not null,
  rsi double precision,
  sma double precision,
  bb_upper double precision,
  bb_lower double precision,
  change_pct double precision,
  volatility double precision,
  received_time timestamptz not null,
  lane_id smallint not null,
  journal_position bigint not null,
  primary key (alert_id, lane_id)
);
comment on column fact_alert.alert_id is 'Derived from the journal: the same in Redis and in every replay';

create table quality_event (
  lane_id smallint not null,
  journal_position bigint not null,
  source_id smallint not null,
  instrument_id integer,
  event_time timestamptz,
  kind text not null,
  reason text not null,
  detail text not null,
  received_time timestamptz not null
);
comment on table quality_event is 'Everything that was rejected or refused, with its reason and the frame it stands in';
create index quality_event_received_time on quality_event (received_time);

create table audit_batch (
  batch_id bigint generated always as identity primary key,
  lane_id smallint not null,
  from_position bigint not null,
  to_position bigint not null,
  row_count integer not null,
  program_version text not null,
  configuration_hash text not null,
  committed_at timestamptz not null default clock_timestamp()
);

create view financial_data as
select i.symbol,
       b.close as price,
       b.volume,
       b.rsi,
       b.signal,
       b.bar_start + make_interval(secs => b.interval_s) as "timestamp"
from fact_bar b join dim_instrument i using (instrument_id)
where not b.is_partial
order by "timestamp" desc, i.symbol;
comment on view financial_data is 'Closed bars, newest first, in the shape that notebooks ask for; timestamp is the end of the bar';
