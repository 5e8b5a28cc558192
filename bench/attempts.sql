-- Fills a seeded, opened and drained sale with a flash sale as it would have been: ten million attempts of 400,000
-- users on a stock of 10,000, in batches of 250. Variables: sale, attempts (a multiple of 250).
--
--   attempts 0 to 10,009      held, but for ten of `greedy`, who has all that one may: refused by the limit
--   everything after that     sold out, `mallory` banned
--   20 purchases behind each of 460 batches from batch 1,000 on: holds 3 to 9,202 are bought
--   behind batch 2,000        holds 9,400 to 9,899 are given back, and the next two batches get them
--
-- So 9,200 are sold and 800 held at the end. `flashctl verify` finds nothing wrong with it.

\set ON_ERROR_STOP 1
begin;

create temporary table terms as
select id as sale, opens_at, stock, user_limit, hold_ms * interval '1 ms' as hold,
    (select epoch from journal_cursor where sale_id = :sale and stream = 'ledger') as epoch,
    (select max(last_seq) + 1 from journal_cursor where sale_id = :sale) as first
from sales where id = :sale;

-- Number of a batch of attempts: one more for every step of the ledger alone in front of it.
create function pg_temp.step(batch bigint) returns bigint language sql immutable as $$
    select batch + (batch > 20)::int + least(greatest(batch - 1000, 0), 460) + (batch > 2000)::int
$$;

create temporary table made as
select n, n / 250 as batch, (n % 250)::integer as idx,
    case when n < 10 or n between 300 and 309 then 'greedy'
        when n % 1000000 = 777777 then 'mallory'
        else 'user' || abs(hashint8(n)) % 400000 end as user_id,
    case when n between 300 and 309 then 'L'
        when n < 10010 or n between 500250 and 500749 then 'H'
        when n % 1000000 = 777777 then 'B'
        else 'S' end::"char" as outcome
from generate_series(0, :attempts - 1) n;

insert into attempts (sale_id, epoch, seq, idx, at, item_id, outcome, user_id)
select sale, epoch, first + pg_temp.step(batch), idx, opens_at + batch * interval '90 ms', 1 + n % 50, outcome, user_id
from made, terms order by n;

create temporary table holds as
select row_number() over (order by n) - 1 as number, n, batch, idx, user_id,
    decode(md5('hold ' || n || ' of sale ' || :sale), 'hex') as hold_id
from made where outcome = 'H';

insert into ledger (sale_id, epoch, seq, idx, at, kind, hold_id, user_id, item_id, deadline, detail)
select sale, epoch, first + pg_temp.step(batch), idx, opens_at + batch * interval '90 ms', 'held', hold_id, user_id,
    1 + n % 50, opens_at + batch * interval '90 ms' + hold, '0'
from holds, terms;

insert into ledger (sale_id, epoch, seq, idx, at, kind, user_id, detail)
select sale, epoch, first + pg_temp.step(21) - 1, 0, opens_at + interval '1845 ms', 'ban', 'mallory', E'fraud\tops'
from terms;

-- Purchase p is of hold p + 3.
insert into ledger (sale_id, epoch, seq, idx, at, kind, hold_id, user_id, item_id, unit, user_slot, detail)
select sale, epoch, first + pg_temp.step(1001 + p / 20) - 1, p % 20, opens_at + (1000.5 + p / 20) * interval '90 ms',
    'purchased', hold_id, user_id, 1 + n % 50, p + 1, row_number() over (partition by user_id order by p), ''
from (select number - 3 as p, * from holds where number between 3 and 9202) bought, terms;

insert into purchases (
    sale_id, unit, sale_stock, sale_limit, user_id, user_slot, item_id, hold_id, ticket, purchased_at)
select sale_id, unit, stock, user_limit, user_id, user_slot, item_id, hold_id, '', at
from ledger, terms where sale_id = :sale and kind = 'purchased';

insert into ledger (sale_id, epoch, seq, idx, at, kind, hold_id, user_id, item_id)
select sale, epoch, first + pg_temp.step(2001) - 1, number - 9400, opens_at + 2000.5 * interval '90 ms', 'released',
    hold_id, user_id, 1 + n % 50
from holds, terms where number between 9400 and 9899;

update journal_cursor set
    drained_rows = (select count(*) from ledger where sale_id = :sale),
    drained_entries = (select count(*) from (select 1 from ledger where sale_id = :sale group by epoch, seq) steps),
    last_seq = (select max(seq) from ledger where sale_id = :sale),
    last_at = (select max(at) from ledger where sale_id = :sale)
where sale_id = :sale and stream = 'ledger';

update journal_cursor set
    drained_rows = :attempts, drained_entries = :attempts / 250,
    last_seq = (select first + pg_temp.step(:attempts / 250 - 1) from terms),
    last_at = (select opens_at + (:attempts / 250 - 1) * interval '90 ms' from terms)
where sale_id = :sale and stream = 'attempts';

commit;

-- As the drain does while it goes.
select brin_summarize_new_values(format('attempts_s%s_blocks', :sale)::regclass);
