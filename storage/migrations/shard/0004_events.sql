-- What comes in from gateways, what goes out to merchants, and what does not agree.

CREATE TABLE relay_cursor (
  stream     text        PRIMARY KEY,
  seq        bigint      NOT NULL CHECK (seq >= 0),
  updated_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE relay_cursor IS 'Last journal seq that the stream acknowledged.';

CREATE TABLE gateway_event (
  gateway      smallint    NOT NULL,
  dedupe_key   text COLLATE "C" NOT NULL,
  slot         smallint    NOT NULL CHECK (slot BETWEEN 0 AND 4095),
  payment_id   uuid,
  received_at  timestamptz NOT NULL,
  processed_at timestamptz,
  state        text        NOT NULL CHECK (state IN ('received', 'processed', 'parked', 'spooled')),
  payload      bytea       NOT NULL,
  PRIMARY KEY (gateway, dedupe_key)
);
COMMENT ON TABLE gateway_event IS 'Verified notifications, once each.';

CREATE TABLE merchant_event (
  payment_id  uuid        NOT NULL,
  sequence    integer     NOT NULL CHECK (sequence > 0),
  id          uuid        NOT NULL UNIQUE,
  merchant_id uuid        NOT NULL,
  slot        smallint    NOT NULL CHECK (slot BETWEEN 0 AND 4095),
  type        text        NOT NULL,
  created_at  timestamptz NOT NULL,
  body        bytea       NOT NULL,
  PRIMARY KEY (payment_id, sequence)
);
COMMENT ON TABLE merchant_event IS 'Events for merchants, without a gap per payment.';

CREATE TABLE delivery (
  event_id        uuid        NOT NULL,
  endpoint_id     uuid        NOT NULL,
  slot            smallint    NOT NULL CHECK (slot BETWEEN 0 AND 4095),
  state           text        NOT NULL CHECK (state IN ('waiting', 'delivered', 'given_up')),
  attempts        integer     NOT NULL DEFAULT 0 CHECK (attempts >= 0),
  next_attempt_at timestamptz,
  last_status     smallint,
  PRIMARY KEY (event_id, endpoint_id)
);
COMMENT ON TABLE delivery IS 'How far an event came at each endpoint.';

CREATE TABLE discrepancy (
  id               uuid        PRIMARY KEY,
  slot             smallint    NOT NULL CHECK (slot BETWEEN 0 AND 4095),
  payment_id       uuid,
  operation_id     uuid,
  class            text        NOT NULL,
  state            text        NOT NULL CHECK (state IN ('open', 'resolved', 'ignored')),
  -- Finding the same thing again changes nothing.
  dedupe_key       text COLLATE "C" NOT NULL UNIQUE,
  expected         text,
  observed         text,
  evidence         text,
  suggested_action text,
  first_seen_at    timestamptz NOT NULL,
  resolved_at      timestamptz,
  resolved_by      text
);
COMMENT ON TABLE discrepancy IS 'Differences between our books and a gateway''s.';
