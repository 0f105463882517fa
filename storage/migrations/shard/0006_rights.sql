-- The application may add to what happened, never change it.

GRANT USAGE ON SCHEMA public TO paycluster_app;
GRANT SELECT ON payment, journal, idempotency, ledger_entry, commit_anchor, shard_lease, shard_epoch, shard_slot,
  operation_open, relay_cursor, gateway_event, merchant_event, delivery, discrepancy,
  payment_current, payment_timeline, operation, idempotency_reply, ledger_leg, ledger_balance TO paycluster_app;
GRANT INSERT ON payment, journal, idempotency, ledger_entry, commit_anchor, shard_epoch, merchant_event TO paycluster_app;
GRANT UPDATE ON shard_lease TO paycluster_app;
GRANT INSERT, UPDATE ON shard_slot, relay_cursor, gateway_event, delivery, discrepancy TO paycluster_app;
GRANT INSERT, UPDATE, DELETE ON operation_open TO paycluster_app;
