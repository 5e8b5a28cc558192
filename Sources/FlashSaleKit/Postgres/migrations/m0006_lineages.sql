-- Which Postgres this is. A promoted standby goes on with another timeline, a restored dump with another system; the
-- random id tells two servers apart that were promoted to timelines of the same number.

create table lineages (
    number bigint generated always as identity primary key,
    -- system_identifier as pg_control_system() prints it.
    system text not null,
    timeline bigint not null,
    id uuid not null unique default gen_random_uuid(),
    recorded_at timestamptz not null default now()
);
insert into lineages (system, timeline)
select system_identifier::text, ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::bigint
from pg_control_system();
