-- User ids are bytes: Postgres compares and orders them as Redis and every program does, whatever locale its database
-- was made with, and an upgrade of that locale's library can no longer disorder their indexes.

-- A change of collation rewrites no table, but it rebuilds every index on the column (ledger_user, purchases_slot, and
-- of each sale attempts_sN_blocks or attempts_sN_user) and reads the ledger once for the constraint that names the
-- column: about 4 s for a million rows in ledger, attempts and purchases each, on two cores. The tables are locked
-- meanwhile: buyers are answered from Redis, purchases 202, and the journal keeps what is decided. Run it before a
-- sale opens.

-- All locks at once, before anything is done, and not behind a backup that runs for an hour: everybody else would wait
-- behind us. What other migrations of this transaction may wait is set again below.
select set_config('flashsale.lock_timeout', current_setting('lock_timeout'), true);
set local lock_timeout = '10s';
lock table ledger, attempts, purchases, control_log in access exclusive mode;
select set_config('lock_timeout', current_setting('flashsale.lock_timeout'), true);

alter table ledger alter column user_id type text collate "C";
-- Its partitions as well, with their indexes.
alter table attempts alter column user_id type text collate "C";
alter table purchases alter column user_id type text collate "C";
-- Of a ban its user.
alter table control_log alter column value type text collate "C";
