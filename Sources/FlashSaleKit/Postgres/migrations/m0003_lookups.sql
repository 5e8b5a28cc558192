-- What happened to one buyer, hold or unit is found by an index, whatever the size of the sale.

create index ledger_unit on ledger (sale_id, unit) where kind = 'purchased';
create index ledger_controls on ledger (sale_id, epoch, seq, idx)
    where kind in ('control', 'opened', 'rebuilt', 'reconciled');

-- The attempts of a sale that sells have no B-tree: it would cost COPY too much. A filter of the users of every 16
-- blocks costs a fraction of that, because it is made afterwards; it leaves about one block in 500 to be looked at.
-- What both cost is in docs/INSPECTION.md.
do $$
declare
    sale record;
begin
    for sale in select id from sales
        where finished_at is null and to_regclass(format('attempts_s%s', id)) is not null
    loop
        execute format(
            'create index if not exists %I on %I using brin '
            '(user_id text_bloom_ops (n_distinct_per_range = 1600, false_positive_rate = 0.002), seq) '
            'with (pages_per_range = 16)',
            format('attempts_s%s_blocks', sale.id), format('attempts_s%s', sale.id));
    end loop;
end $$;
