-- Why an alert fired, indicators of one's own, and what became of everything that was received.

alter table fact_alert
  add column message text not null default '',
  add column rule_text text not null default '',
  add column evidence jsonb not null default '{}',
  add column configuration_hash text not null default '';
comment on column fact_alert.rule_text is 'The condition as it was written in the configuration';
comment on column fact_alert.evidence is 'The fields that the condition reads, with the values that made it true';
comment on column fact_alert.rule_version is 'Hash of all that decides when the rule fires, as a signed number';

create table fact_indicator (
  instrument_id integer not null,
  source_id smallint not null,
  interval_s integer not null,
  bar_start timestamptz not null,
  is_source_bar boolean not null,
  name text not null,
  value double precision not null,
  lane_id smallint not null,
  journal_position bigint not null,
  primary key (instrument_id, interval_s, bar_start, name, is_source_bar, lane_id)
);
comment on table fact_indicator is 'Indicators of [indicators.custom], one row a bar and name; where one is undefined there is no row';

create view bar_indicators as
select instrument_id, source_id, interval_s, bar_start, is_source_bar, lane_id, jsonb_object_agg(name, value) as indicators
from fact_indicator
group by instrument_id, source_id, interval_s, bar_start, is_source_bar, lane_id;

create table completeness (
  lane_id smallint not null,
  source_id smallint not null,
  instrument_id integer not null,
  minute timestamptz not null,
  received integer not null,
  stored integer not null,
  rejected integer not null,
  duplicates integer not null,
  late integer not null,
  out_of_order integer not null,
  flagged integer not null,
  missing bigint not null,
  filled bigint not null,
  journal_position bigint not null
);
create index completeness_minute on completeness (minute);
comment on table completeness is 'What was received in a minute, by our clock; several rows of one minute add up';
comment on column completeness.received is 'Ticks and rejected data: stored + rejected; duplicates are among the rejected';
comment on column completeness.missing is 'Trade ids that were skipped';
comment on column completeness.filled is 'Of those, of whatever minute, that came late';

create view completeness_ledger as
select l.lane, s.name as source, i.symbol, c.minute, c.received, c.rejected, c.duplicates, c.late, c.out_of_order,
       c.flagged, c.missing, c.filled, c.stored, coalesce(t.committed, 0) as committed
from (select lane_id, source_id, instrument_id, minute, sum(received) as received, sum(stored) as stored,
             sum(rejected) as rejected, sum(duplicates) as duplicates, sum(late) as late,
             sum(out_of_order) as out_of_order, sum(flagged) as flagged, sum(missing) as missing, sum(filled) as filled
      from completeness
      group by lane_id, source_id, instrument_id, minute) c
join lane_checkpoint l using (lane_id)
join dim_source s using (source_id)
join dim_instrument i using (instrument_id)
left join (select lane_id, instrument_id, date_trunc('minute', received_time) as minute, count(*) as committed
           from tick
           group by lane_id, instrument_id, date_trunc('minute', received_time)) t
  using (lane_id, instrument_id, minute)
order by c.minute desc, s.name, i.symbol;
comment on view completeness_ledger is 'A source, symbol and minute a row: stored is what was handed to the database, committed what is in it';
