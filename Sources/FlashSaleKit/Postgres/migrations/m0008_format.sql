-- The format of what the stores keep. A program refuses an installation whose format is above the one that it knows.

alter table installation add column format integer not null default 1 check (format >= 1);
