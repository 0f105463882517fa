-- Insert-only tables have nothing to clean up: vacuum only freezes and marks pages, and every visit in the middle of a
-- rush costs the writer. So it comes by the million rows, and statistics with it: every plan here is fixed.

ALTER TABLE payment       SET (autovacuum_vacuum_insert_threshold = 5000000, autovacuum_analyze_threshold = 5000000);
ALTER TABLE journal       SET (autovacuum_vacuum_insert_threshold = 5000000, autovacuum_analyze_threshold = 5000000);
ALTER TABLE idempotency   SET (autovacuum_vacuum_insert_threshold = 5000000, autovacuum_analyze_threshold = 5000000);
ALTER TABLE ledger_entry  SET (autovacuum_vacuum_insert_threshold = 5000000, autovacuum_analyze_threshold = 5000000);
ALTER TABLE commit_anchor SET (autovacuum_vacuum_insert_threshold = 5000000, autovacuum_analyze_threshold = 5000000);
