-- Bars of a source that were not taken when they happened, as fact_tick.is_backfilled has it of ticks.
alter table fact_bar add column is_backfilled boolean not null default false;
comment on column fact_bar.is_backfilled is
  'Of a source''s bars: it first came in an answer that had two or more later whole bars, after an outage, at a first start, or '
  'because the source is polled less often than every two bars; a correction does not change it. '
  'Bars built from ticks have false: see fact_tick.is_backfilled';
