-- People, and programs of theirs, that may look into the cluster or change it. Only the owner of the database adds them.

CREATE TABLE operator (
  name       text COLLATE "C" PRIMARY KEY CHECK (name ~ '^[a-z0-9][a-z0-9._-]{0,63}$'),
  role       text        NOT NULL CHECK (role IN ('read', 'operate')),
  token_hash bytea       NOT NULL UNIQUE CHECK (octet_length(token_hash) = 32),
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  revoked_at timestamptz
);
COMMENT ON COLUMN operator.token_hash IS 'HMAC-SHA-256 under a key that is not in this database; tokens are random.';

GRANT SELECT ON operator TO paycluster_app;
