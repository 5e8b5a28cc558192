-- The sales, the proof of what was sold, and how far the journal has been read.

create table installation (
    only_row boolean primary key default true check (only_row),
    id uuid not null,
    -- Key of the HMAC that turns an Idempotency-Key into a code.
    secret bytea not null check (octet_length(secret) = 32),
    created_at timestamptz not null default now()
);
insert into installation (id, secret)
values (gen_random_uuid(), uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()));

-- Epochs fence writers of the past: each recovery and each opening takes a new one.
create sequence epochs as bigint;

create table sales (
    id bigint generated always as identity primary key,
    item_name text not null check (length(item_name) between 1 and 200),
    image_url text not null check (length(image_url) between 1 and 2000),
    stock integer not null check (stock between 1 and 10000000),
    user_limit integer not null check (user_limit between 1 and 1000000),
    hold_ms bigint not null check (hold_ms between 1000 and 86400000),
    opens_at timestamptz not null,
    closes_at timestamptz not null check (closes_at > opens_at),
    -- Sales of the hourly schedule; sales seeded by hand may overlap them.
    hourly boolean not null,
    test boolean not null default false,
    created_at timestamptz not null default now(),
    opened_in_redis_at timestamptz,
    finished_at timestamptz,
    summary jsonb,
    -- Target of the foreign key by which purchases copy the ceilings.
    unique (id, stock, user_limit)
);
create unique index sales_hourly_start on sales (opens_at) where hourly;
create unique index sales_seeded_start on sales (opens_at) where not hourly;
create index sales_unfinished on sales (opens_at) where finished_at is null;

-- Ceilings never change: a purchase that was legal stays legal, and number stock + 1 stays impossible.
create function refuse_change_of_terms() returns trigger language plpgsql as $$
begin
    if (new.id, new.stock, new.user_limit, new.opens_at, new.hold_ms, new.hourly)
        is distinct from (old.id, old.stock, old.user_limit, old.opens_at, old.hold_ms, old.hourly) then
        raise exception 'the terms of sale % are immutable', old.id using errcode = 'restrict_violation';
    end if;
    return new;
end $$;
create trigger sales_terms before update on sales for each row execute function refuse_change_of_terms();

-- Every state change of a sale, in its total order (epoch, seq, idx). Append-only: a sale can be rebuilt from it.
create table ledger (
    sale_id bigint not null references sales (id),
    epoch bigint not null,
    seq bigint not null,
    idx integer not null,
    at timestamptz not null,
    kind text not null check (kind in ('opened', 'rebuilt', 'held', 'purchased', 'expired', 'released',
                                       'control', 'ban', 'unban', 'reconciled')),
    hold_id bytea check (octet_length(hold_id) = 16),
    user_id text,
    item_id bigint,
    unit integer,
    user_slot integer,
    deadline timestamptz,
    -- held: whether an Idempotency-Key chose the code; purchased: the lottery ticket; control: field, value, who, why.
    detail text,
    primary key (sale_id, epoch, seq, idx),
    -- A NULL would pass the unique indexes below, and a rebuild could not fold such a row.
    constraint ledger_hold_complete check (kind not in ('held', 'purchased', 'expired', 'released')
        or (hold_id is not null and user_id is not null and item_id is not null)),
    constraint ledger_held_complete check (kind <> 'held' or deadline is not null),
    constraint ledger_purchased_complete check (kind <> 'purchased' or (unit is not null and user_slot is not null))
);
create unique index ledger_held_once on ledger (sale_id, hold_id) where kind = 'held';
create unique index ledger_ended_once on ledger (sale_id, hold_id) where kind in ('purchased', 'expired', 'released');
create index ledger_user on ledger (sale_id, user_id) where user_id is not null;

create function refuse_change_of_ledger() returns trigger language plpgsql as $$
begin
    raise exception 'the ledger is append-only' using errcode = 'restrict_violation';
end $$;
create trigger ledger_append_only before update or delete or truncate on ledger
    for each statement execute function refuse_change_of_ledger();

-- Every decided checkout. One partition a sale, created with the sale; no index while the sale is live.
create table attempts (
    sale_id bigint not null,
    epoch bigint not null,
    seq bigint not null,
    idx integer not null,
    at timestamptz not null,
    item_id bigint not null,
    outcome "char" not null,
    user_id text not null
) partition by list (sale_id);

-- The last defence. Every column is NOT NULL: a NULL would pass a check and a foreign key.
create table purchases (
    sale_id bigint not null,
    unit integer not null,
    sale_stock integer not null,
    sale_limit integer not null,
    user_id text not null,
    user_slot integer not null,
    item_id bigint not null,
    hold_id bytea not null check (octet_length(hold_id) = 16),
    ticket text not null,
    purchased_at timestamptz not null,
    constraint purchases_unit primary key (sale_id, unit),
    constraint purchases_slot unique (sale_id, user_id, user_slot),
    constraint purchases_hold unique (hold_id),
    constraint purchases_unit_in_stock check (unit between 1 and sale_stock),
    constraint purchases_slot_in_limit check (user_slot between 1 and sale_limit),
    constraint purchases_ceilings foreign key (sale_id, sale_stock, sale_limit) references sales (id, stock, user_limit)
);

-- How far each stream of each sale has been drained, and under which epoch.
create table journal_cursor (
    sale_id bigint not null references sales (id),
    stream text not null check (stream in ('ledger', 'attempts')),
    epoch bigint not null,
    last_id text not null,
    drained_entries bigint not null default 0,
    drained_rows bigint not null default 0,
    updated_at timestamptz not null default now(),
    primary key (sale_id, stream)
);

-- Rows of the journal that Postgres refused, as bytes, until somebody has repaired them.
create table dead_letter (
    id bigint generated always as identity primary key,
    sale_id bigint not null,
    stream text not null,
    entry_id text not null,
    idx integer not null,
    kind text not null,
    payload bytea not null,
    sqlstate text not null,
    reason text not null,
    created_at timestamptz not null default now(),
    repaired_at timestamptz
);

-- The Redis that was blessed last: a server with another run id, replication id or installation is not used.
create table redis_identity (
    only_row boolean primary key default true check (only_row),
    run_id text not null,
    master_replid text not null,
    installation_id uuid not null,
    epoch bigint not null,
    blessed_at timestamptz not null default now()
);

create table control_log (
    id bigint generated always as identity primary key,
    sale_id bigint,
    at timestamptz not null default now(),
    actor text not null,
    action text not null,
    reason text not null
);
