-- What became of sales whose Redis came back, was emptied or replaced. One row per sale and epoch.

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
