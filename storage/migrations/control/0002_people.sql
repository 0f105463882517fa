-- Merchants, their programs, our signing keys, and who changed what.

CREATE TABLE merchant (
  id         uuid     PRIMARY KEY,
  slot       smallint NOT NULL CHECK (slot BETWEEN 0 AND 4095),
  status     text     NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'suspended')),
  -- [{"name": "stripe", "account": "acct_…"}, …] in order of preference.
  gateways   jsonb    NOT NULL CHECK (jsonb_typeof(gateways) = 'array'),
  -- Null: every currency that we take.
  currencies text[],
  rate_limit_per_second integer NOT NULL DEFAULT 100 CHECK (rate_limit_per_second > 0),
  created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE TABLE api_client (
  id          text COLLATE "C" PRIMARY KEY,
  merchant_id uuid        NOT NULL REFERENCES merchant,
  secret_hash bytea       NOT NULL CHECK (octet_length(secret_hash) = 32),
  scopes      text[]      NOT NULL,
  created_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
  revoked_at  timestamptz
);
COMMENT ON COLUMN api_client.secret_hash IS 'HMAC-SHA-256; secrets are random, so no slow hash is needed.';

CREATE TABLE signing_key (
  kid            text COLLATE "C" PRIMARY KEY,
  alg            text        NOT NULL,
  public_jwk     jsonb       NOT NULL,
  sealed_private bytea       NOT NULL,
  created_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
  retired_at     timestamptz
);

CREATE TABLE audit (
  id       bigint      PRIMARY KEY,
  at       timestamptz NOT NULL,
  who      text        NOT NULL,
  action   text        NOT NULL,
  subject  text        NOT NULL,
  reason   text,
  before   text,
  after    text,
  previous bytea       NOT NULL CHECK (octet_length(previous) = 32),
  hash     bytea       NOT NULL CHECK (octet_length(hash) = 32)
);
COMMENT ON TABLE audit IS 'Insert-only: hash = SHA-256(previous || the row), so a changed or removed row shows.';

CREATE TABLE sandbox_secret (
  name  text PRIMARY KEY,
  value text NOT NULL
);
COMMENT ON TABLE sandbox_secret IS 'Secrets of a sandbox, readable by the owner only: a second start adopts what the first one made.';
