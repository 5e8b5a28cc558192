-- What became of sales whose Redis came back, was emptied or replaced. One row per sale and epoch.

-- The last step of the sale that each drain has written: a recovery must not read millions of attempts to find it.
alter table journal_cursor add last_seq bigint not null default 0, add last_at timestamptz;
update journal_cursor c set (last_seq, last_at) =
    (select coalesce(max(l.seq), 0), max(l.at) from ledger l where l.sale_id = c.sale_id) where c.stream = 'ledger';
update journal_cursor c set (last_seq, last_at) =
    (select coalesce(max(a.seq), 0), max(a.at) from attempts a where a.sale_id = c.sale_id) where c.stream = 'attempts';

create table recoveries (
    sale_id bigint not null references sales (id),
    epoch bigint not null,
    -- adopted: Redis had everything; rebuilt: from the ledger; refused: the ledger does not add up, the sale is shut.
    kind text not null check (kind in ('adopted', 'rebuilt', 'refused')),
    -- adopted, rebuilt: why the sale was looked at; refused: what does not add up.
    reason text not null,
    -- The highest seq of each table when a rebuild read them. It goes on from there: what Redis had decided above them
    -- in older epochs was lost with its data. Null when Redis kept its own data.
    ledger_seq bigint,
    attempts_seq bigint,
    -- Open holds and purchases with which the sale went on.
    holds integer not null check (holds >= 0),
    sold integer not null check (sold >= 0),
    started_at timestamptz not null,
    -- Null while it has not opened the sale, and for ever when it was killed before or was refused.
    completed_at timestamptz,
    primary key (sale_id, epoch),
    constraint recoveries_rebuilt_complete check (kind <> 'rebuilt' or (ledger_seq is not null
        and attempts_seq is not null))
);
