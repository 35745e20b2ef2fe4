-- A day's partition is made by the owner of tick; a role that may only write asks for it.
create function make_tick_partition(day date) returns void
language plpgsql security definer set search_path from current
as $$
declare
  name text := 'tick_' || to_char(day, 'YYYY_MM_DD');
begin
  -- 0x7461706d: one beside the migrations' lock.
  perform pg_advisory_xact_lock(1952542829);
  if exists (select from pg_inherits where inhparent = 'tick'::regclass and inhrelid = to_regclass(name)) then
    return;
  end if;
  -- Made aside and attached: CREATE ... PARTITION OF would wait for every reader of tick, and all others behind it.
  execute format('create table if not exists %I (like tick including constraints)', name);
  execute format('alter table tick attach partition %I for values from (%L) to (%L)', name,
                 day::timestamp at time zone 'UTC', (day + 1)::timestamp at time zone 'UTC');
end
$$;
revoke all on function make_tick_partition(date) from public;
comment on function make_tick_partition(date) is 'The partition of tick for a day in UTC; does nothing where it is there';
