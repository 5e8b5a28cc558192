-- What operators change in a sale: each change once in control_log, and sales that were replaced before they sold.

-- Where the ledger has the change; null for what was not done by a script in Redis, as a reconciliation.
alter table control_log add epoch bigint, add seq bigint, add idx integer,
    -- The user who was banned, the limit that counts since, the sale that came instead.
    add value text,
    add constraint control_log_step unique (sale_id, epoch, seq, idx);

-- Redis decides a change and puts it on the ledger with who and why, also while Postgres is away. Whoever brings that
-- row here brings the row of control_log with it, in the same transaction: once, as the ledger has it once. A row of
-- the ledger that was lost and is written again by a reconciliation is logged already.
create function log_control() returns trigger language plpgsql as $$
begin
    if new.kind = 'control' then
        insert into control_log (sale_id, at, actor, action, reason, value, epoch, seq, idx)
        values (new.sale_id, new.at, split_part(new.detail, E'\t', 3),
            case split_part(new.detail, E'\t', 1) || ' ' || split_part(new.detail, E'\t', 2)
                when 'checkout_paused 1' then 'pause_checkout' when 'checkout_paused 0' then 'resume_checkout'
                when 'purchase_paused 1' then 'pause_purchase' when 'purchase_paused 0' then 'resume_purchase'
                else split_part(new.detail, E'\t', 1) end,
            split_part(new.detail, E'\t', 4),
            case when new.detail like E'limit\t%' then split_part(new.detail, E'\t', 2) end,
            new.epoch, new.seq, new.idx)
        on conflict (sale_id, epoch, seq, idx) do nothing;
    else
        insert into control_log (sale_id, at, actor, action, reason, value, epoch, seq, idx)
        values (new.sale_id, new.at, split_part(new.detail, E'\t', 2), new.kind, split_part(new.detail, E'\t', 1),
            new.user_id, new.epoch, new.seq, new.idx)
        on conflict (sale_id, epoch, seq, idx) do nothing;
    end if;
    return null;
end $$;
-- The end of a sale is no change that somebody has asked for.
create trigger ledger_control after insert on ledger for each row
    when (new.kind in ('ban', 'unban') or (new.kind = 'control' and new.detail not like E'state\t%'))
    execute function log_control();
create index control_log_sale on control_log (sale_id, id);

-- A sale of which nothing was held or sold may give its start to another one.
alter table sales add withdrawn_at timestamptz,
    add constraint sales_withdrawn_finished check (withdrawn_at is null or finished_at is not null);
drop index sales_seeded_start;
create unique index sales_seeded_start on sales (opens_at) where not hourly and withdrawn_at is null;
