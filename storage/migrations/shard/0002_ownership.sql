-- Who may write this shard, which slots it holds, and the fence that each commit passes.

CREATE TABLE shard_lease (
  one            boolean     PRIMARY KEY DEFAULT true CHECK (one),
  epoch          bigint      NOT NULL,
  slots_version  bigint      NOT NULL,
  generation     bigint      NOT NULL,
  last_seq       bigint      NOT NULL,
  open_floor_seq bigint      NOT NULL,
  renewed_at     timestamptz NOT NULL,
  -- No owner may answer from memory before this time: earlier owners may still do so (design §3.2).
  serve_after    timestamptz NOT NULL,
  activation_id  uuid,
  released       boolean     NOT NULL,
  node           text        NOT NULL,
  process        text        NOT NULL,
  anchor         bytea       NOT NULL CHECK (octet_length(anchor) = 32)
) WITH (fillfactor = 10); -- one row, rewritten by every commit: room for it to stay on its page
COMMENT ON TABLE shard_lease IS 'One row, locked by every commit: ownership is (shard, epoch).';

CREATE TABLE shard_epoch (
  epoch         bigint      PRIMARY KEY,
  activation_id uuid        NOT NULL,
  node          text        NOT NULL,
  process       text        NOT NULL,
  started_at    timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE shard_epoch IS 'One row per activation, for ever.';

CREATE TABLE shard_slot (
  slot  smallint PRIMARY KEY CHECK (slot BETWEEN 0 AND 4095),
  state text     NOT NULL CHECK (state IN ('arriving', 'owned', 'refused', 'frozen', 'gone')),
  peer  integer,
  CHECK (peer IS NOT NULL OR state IN ('owned', 'refused', 'frozen'))
);
COMMENT ON TABLE shard_slot IS 'Which slots this shard may write; changed only by a commit that raises shard_lease.slots_version.';

CREATE TABLE operation_open (
  operation_id  uuid        PRIMARY KEY,
  payment_id    uuid        NOT NULL,
  next_check_at timestamptz NOT NULL,
  deadline_at   timestamptz NOT NULL,
  tries         integer     NOT NULL CHECK (tries >= 0),
  slot          smallint    NOT NULL CHECK (slot BETWEEN 0 AND 4095)
) WITH (fillfactor = 50);
COMMENT ON TABLE operation_open IS 'Operations in doubt. Small; an operation that ends in its first call never stands here.';

-- Raises PC001 unless the lease is the caller's; locks it until the transaction ends and renews it.
CREATE FUNCTION shard_renew(p_epoch bigint, p_slots_version bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  UPDATE shard_lease SET renewed_at = clock_timestamp()
   WHERE epoch = p_epoch AND slots_version = p_slots_version AND NOT released;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'the shard lease is not epoch %, slots version %', p_epoch, p_slots_version USING ERRCODE = 'PC001';
  END IF;
END $$;

-- The fence of a commit: as shard_renew, and PC002 when the journal would not continue without a gap.
CREATE FUNCTION shard_fence(p_epoch bigint, p_slots_version bigint, p_first_seq bigint, p_last_seq bigint,
                            p_open_floor bigint, p_anchor bytea) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  UPDATE shard_lease
     SET last_seq = p_last_seq, open_floor_seq = p_open_floor, anchor = p_anchor, renewed_at = clock_timestamp()
   WHERE epoch = p_epoch AND slots_version = p_slots_version AND NOT released
     AND last_seq = p_first_seq - 1 AND p_last_seq >= p_first_seq;
  IF NOT FOUND THEN
    PERFORM shard_renew(p_epoch, p_slots_version);
    RAISE EXCEPTION 'the journal does not continue at %', p_first_seq USING ERRCODE = 'PC002';
  END IF;
END $$;

-- Gives the lease up: nothing can be committed under this epoch any more, and a successor need not wait.
CREATE FUNCTION shard_release(p_epoch bigint, p_slots_version bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM shard_renew(p_epoch, p_slots_version);
  UPDATE shard_lease SET released = true;
END $$;
