-- Roles with no more rights than each needs. Once, by a superuser, in the database of the pipeline:
--
--   createdb tapeline; psql -d tapeline -f roles.sql
--
-- Then give those that log in a password (alter role tapeline_writer password '...'), and let the owner make the tables:
-- tapeline migrate, with [postgres] dsn of tapeline_owner. The service runs as tapeline_writer; Grafana, notebooks and
-- whoever else looks, as tapeline_reader. The script may be run again, also over tables that are there already.
\set ON_ERROR_STOP on
begin;
do $$
declare
  name text;
begin
  foreach name in array array['tapeline_owner', 'tapeline_writer', 'tapeline_reader'] loop
    if not exists (select from pg_roles where rolname = name) then
      execute format('create role %I login', name);
    end if;
  end loop;
end
$$;
revoke create on schema public from public;
grant create, usage on schema public to tapeline_owner;
grant usage on schema public to tapeline_writer, tapeline_reader;

-- Tables that are there, and those that later migrations make.
grant select on all tables in schema public to tapeline_reader;
grant select, insert, update on all tables in schema public to tapeline_writer;
alter default privileges for role tapeline_owner in schema public grant select on tables to tapeline_reader;
alter default privileges for role tapeline_owner in schema public grant select, insert, update on tables to tapeline_writer;
-- make_tick_partition is for the writer; everybody may compute the prices of fact_tick.
grant execute on all functions in schema public to tapeline_writer;
alter default privileges for role tapeline_owner in schema public grant execute on functions to tapeline_writer;
commit;
