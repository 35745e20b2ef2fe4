-- Gaps that nothing has filled.
create view open_gap as
select l.lane, s.name as source, i.symbol, sum(c.missing) - sum(c.filled) as missing, min(c.minute) as since
from completeness c
join lane_checkpoint l using (lane_id)
join dim_source s using (source_id)
join dim_instrument i using (instrument_id)
group by l.lane, s.name, i.symbol
having sum(c.missing) > sum(c.filled);
comment on view open_gap is 'Trade ids that were skipped, and have not come since: by lane, source and symbol';
