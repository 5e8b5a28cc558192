-- How long the keys of a finished sale stay in Redis: until every standby has its end, for one that is promoted without
-- it is filled again from them.

alter table sales
    -- A position of the log behind the end of the sale, and the lineage that it belongs to.
    add finished_lsn pg_lsn,
    add finished_lineage uuid references lineages (id),
    -- When Redis has confirmed that the keys are gone.
    add keys_removed_at timestamptz,
    add constraint sales_removed_finished check (keys_removed_at is null or finished_at is not null);
create index sales_keys_kept on sales (finished_at) where finished_at is not null and keys_removed_at is null;

-- Every standby that was ever seen, and how far it was when it was seen last. A row that is not seen any more stays,
-- and counts as behind until an operator says that it is gone for good.
create table standbys (
    -- Its slot, or the name that it gives itself when it has none.
    name text not null,
    kind text not null check (kind in ('slot', 'application')),
    first_seen timestamptz not null default now(),
    last_seen timestamptz not null default now(),
    -- What it has replayed; of a slot whose standby may not be seen, what it has on disk.
    replayed pg_lsn not null,
    lineage uuid not null references lineages (id),
    forgotten_at timestamptz,
    primary key (name, kind)
);
