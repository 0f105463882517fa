-- Who leads, who may be given shards, and word of each change to all who listen.

ALTER TABLE node
  ADD COLUMN peer_address text      NOT NULL DEFAULT '',
  ADD COLUMN api_address  text      NOT NULL DEFAULT '',
  ADD COLUMN version      text      NOT NULL DEFAULT '',
  -- An operator's word: outlives the process.
  ADD COLUMN draining     boolean   NOT NULL DEFAULT false,
  -- The process's own word: it is about to end.
  ADD COLUMN leaving      boolean   NOT NULL DEFAULT false,
  ADD COLUMN serving      integer[] NOT NULL DEFAULT '{}';
COMMENT ON COLUMN node.process IS 'The process that bears the name now; empty: it left in order.';

CREATE TABLE leader (
  only_row   boolean     PRIMARY KEY DEFAULT true CHECK (only_row),
  node       text        NOT NULL,
  process    text        NOT NULL,
  term       bigint      NOT NULL,
  expires_at timestamptz NOT NULL
);
COMMENT ON TABLE leader IS 'A lease by the clock of this database, not a lock of a session: a frozen leader loses it.';
INSERT INTO leader (node, process, term, expires_at) VALUES ('', '', 0, '-infinity');

ALTER TABLE assignment
  ADD COLUMN term    bigint NOT NULL DEFAULT 0,
  ADD COLUMN process text   NOT NULL DEFAULT '';
COMMENT ON COLUMN assignment.process IS 'For whom this generation is: a process that takes its node''s name later needs a new one.';

CREATE TABLE placement_override (
  shard  integer     PRIMARY KEY REFERENCES shard,
  node   text        NOT NULL,
  set_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE placement_override IS 'Set by an operator: where a shard goes while that node may be given shards.';

CREATE FUNCTION tell_cluster_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('cluster_change', TG_TABLE_NAME);
  RETURN NULL;
END $$;

CREATE TRIGGER assignment_changed AFTER INSERT OR UPDATE OR DELETE ON assignment
  FOR EACH STATEMENT EXECUTE FUNCTION tell_cluster_change();
CREATE TRIGGER placement_override_changed AFTER INSERT OR UPDATE OR DELETE ON placement_override
  FOR EACH STATEMENT EXECUTE FUNCTION tell_cluster_change();
CREATE TRIGGER slot_map_version_changed AFTER INSERT ON slot_map_version
  FOR EACH STATEMENT EXECUTE FUNCTION tell_cluster_change();
CREATE TRIGGER shard_changed AFTER INSERT OR UPDATE OF state ON shard
  FOR EACH STATEMENT EXECUTE FUNCTION tell_cluster_change();
CREATE TRIGGER leader_changed AFTER UPDATE ON leader
  FOR EACH ROW WHEN (OLD.node <> NEW.node) EXECUTE FUNCTION tell_cluster_change();
CREATE TRIGGER node_came AFTER INSERT ON node
  FOR EACH ROW EXECUTE FUNCTION tell_cluster_change();
-- Not for each heartbeat.
CREATE TRIGGER node_changed AFTER UPDATE ON node
  FOR EACH ROW WHEN ((OLD.process, OLD.draining, OLD.leaving, OLD.serving, OLD.peer_address, OLD.api_address)
         IS DISTINCT FROM (NEW.process, NEW.draining, NEW.leaving, NEW.serving, NEW.peer_address, NEW.api_address))
  EXECUTE FUNCTION tell_cluster_change();

GRANT SELECT, UPDATE ON leader TO paycluster_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON placement_override TO paycluster_app;
