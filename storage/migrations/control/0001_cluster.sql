-- The cluster's directory: small, and never on the way of a payment.

CREATE TABLE node (
  name         text        PRIMARY KEY,
  address      text        NOT NULL,
  process      text        NOT NULL,
  started_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
  heartbeat_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE node IS 'Who is alive, by the clock of this database.';

CREATE TABLE shard (
  id       integer PRIMARY KEY CHECK (id >= 0),
  -- Where its database is, without user or password.
  location text    NOT NULL,
  state    text    NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'draining', 'lost_tail'))
);

CREATE TABLE slot_map_version (
  version    bigint      PRIMARY KEY,
  reason     text        NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE TABLE slot_map (
  version  bigint   NOT NULL REFERENCES slot_map_version,
  slot     smallint NOT NULL CHECK (slot BETWEEN 0 AND 4095),
  shard    integer  NOT NULL REFERENCES shard,
  -- Set by an operator: the ring does not decide this slot.
  override boolean  NOT NULL DEFAULT false,
  PRIMARY KEY (version, slot)
);
COMMENT ON TABLE slot_map IS 'Slot to shard, a hint for routers; the truth is shard_slot of each shard.';

CREATE TABLE assignment (
  shard       integer     PRIMARY KEY REFERENCES shard,
  node        text        NOT NULL,
  generation  bigint      NOT NULL,
  assigned_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE assignment IS 'Which node should own a shard; the truth is shard_lease of the shard.';
CREATE SEQUENCE assignment_generation AS bigint;

CREATE TABLE rebalance (
  id         uuid        PRIMARY KEY,
  plan       jsonb       NOT NULL,
  state      text        NOT NULL,
  progress   jsonb       NOT NULL DEFAULT '{}',
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  updated_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
