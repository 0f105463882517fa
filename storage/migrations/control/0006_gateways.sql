-- Gateway accounts that an operator has taken out of use: new money goes there no more, until the row is gone.

CREATE TABLE gateway_stop (
  gateway text NOT NULL CHECK (gateway ~ '^[a-z0-9-]{1,40}$'),
  account text NOT NULL,
  who     text NOT NULL,
  reason  text NOT NULL,
  set_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (gateway, account)
);
COMMENT ON COLUMN gateway_stop.account IS 'Empty: every account at the gateway.';

CREATE TRIGGER gateway_stop_changed AFTER INSERT OR UPDATE OR DELETE ON gateway_stop
  FOR EACH STATEMENT EXECUTE FUNCTION tell_cluster_change();

GRANT SELECT, INSERT, DELETE ON gateway_stop TO paycluster_app;
