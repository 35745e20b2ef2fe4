-- Rows that the database refused for what is in them: kept with the reason, so that one of them does not hold up the rest.

create table quarantined_row (
  lane_id smallint not null,
  journal_position bigint not null,
  source_id smallint not null,
  instrument_id integer,
  received_time timestamptz not null,
  table_name text not null,
  sql_state text not null,
  reason text not null,
  context text not null,
  row_copy bytea not null,
  committed_at timestamptz not null default clock_timestamp()
);
create index quarantined_row_received_time on quarantined_row (received_time);
comment on table quarantined_row is 'Rows that were refused by a table, a constraint or a trigger; the frame they come from is in the journal';
comment on column quarantined_row.reason is 'In the server''s words';
comment on column quarantined_row.context is 'Where in what was sent: "COPY tick, line 3, column price_mantissa"';
comment on column quarantined_row.row_copy is 'The row as a whole binary COPY: what `copy TABLE (...) from stdin (format binary)` takes';

create or replace view completeness_ledger as
select l.lane, s.name as source, i.symbol, c.minute, c.received, c.rejected, c.duplicates, c.late, c.out_of_order,
       c.flagged, c.missing, c.filled, c.stored, coalesce(t.committed, 0) as committed,
       coalesce(q.quarantined, 0) as quarantined
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
left join (select lane_id, instrument_id, date_trunc('minute', received_time) as minute, count(*) as quarantined
           from quarantined_row
           where table_name = 'tick'
           group by lane_id, instrument_id, date_trunc('minute', received_time)) q
  using (lane_id, instrument_id, minute)
order by c.minute desc, s.name, i.symbol;
comment on view completeness_ledger is 'A source, symbol and minute a row: stored is what was handed to the database, committed what is in it, quarantined what it refused';
