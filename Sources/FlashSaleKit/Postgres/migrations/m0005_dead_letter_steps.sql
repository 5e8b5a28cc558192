-- A line of the journal does not say when it was decided: its entry does, and leaves Redis two minutes later. With the
-- step beside it, a letter can be put into its table whenever what had refused it is gone.

alter table dead_letter add epoch bigint, add seq bigint, add at timestamptz;
