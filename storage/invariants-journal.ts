/** What must never be in the journal: its order, its transitions, its chain, its keys and replies. */
import { facts, isInReview, isOld, isSilent, type Offenders, states, statuses } from "./invariant.ts";

const ENDED = states("succeeded", "failed");
const OPEN = states("submitted", "unknown");
const OPEN_WORDS = "('submitted', 'unknown')";
/** Rows of a journal that this shard has written itself: its commits' anchors are over them. */
const OWN_ROWS = `(SELECT * FROM journal WHERE origin_shard = (SELECT origin_shard FROM journal
   WHERE seq = (SELECT last_seq FROM shard_lease) ORDER BY recorded_at DESC LIMIT 1))`;

export const NEVER_IN_JOURNAL = {
  "I5 a payment is still pending": (scope) => `
    SELECT p.id, p.last_fact FROM payment_current p
     WHERE p.status = 'pending' AND ${isOld("p.created_at", scope)} AND NOT ${isInReview("p.id")}
       AND NOT (${isSilent("p.gateway", scope)}
                AND EXISTS (SELECT FROM journal j WHERE j.payment_id = p.id AND j.kind IN ${facts("cancelRequested")}))`,
  "I5 an operation is still open": (scope) => `
    SELECT o.payment_id, o.kind || ' ' || o.state FROM operation o JOIN payment_current p ON p.id = o.payment_id
     WHERE o.state IN ${OPEN_WORDS} AND ${isOld("o.submitted_at", scope)} AND NOT ${isInReview("p.id")}
       AND NOT ${isSilent("p.gateway", scope)}`,
  "I5 an operation in doubt is noted though it ended": `
    SELECT n.payment_id, o.kind || ' ' || o.state FROM operation_open n JOIN operation o ON o.id = n.operation_id
     WHERE o.state NOT IN ${OPEN_WORDS}`,
  "I5 an open operation is one that no owner would find": `
    SELECT s.payment_id, 'seq ' || s.seq FROM journal s CROSS JOIN shard_lease l
     WHERE s.gateway_key IS NOT NULL AND s.seq < l.open_floor_seq
       AND NOT EXISTS (SELECT FROM operation_open n WHERE n.operation_id = s.operation_id)
       AND (SELECT j.operation_state FROM journal j WHERE j.payment_id = s.payment_id
               AND j.operation_id = s.operation_id ORDER BY j.version DESC LIMIT 1) IN ${OPEN}`,
  "I6 a row does not start where the one before ended": `
    SELECT payment_id, 'version ' || version FROM (
      SELECT payment_id, version, from_status, lag(to_status) OVER (PARTITION BY payment_id ORDER BY version) AS before
        FROM journal) j
     WHERE from_status <> coalesce(before, 0)`,
  "I6 an end was left otherwise than by a late success": `
    SELECT payment_id, 'version ' || version FROM journal
     WHERE from_status IN ${statuses("failed", "canceled", "expired")} AND to_status <> from_status
       AND kind NOT IN ${facts("lateAuthorized", "lateCaptured")}`,
  "I7 versions of a payment have a gap": `
    SELECT payment_id, count(*) || ' rows up to version ' || max(version) FROM journal GROUP BY payment_id
    HAVING min(version) <> 1 OR max(version) <> count(*)`,
  "I7 the journal's seq has a gap": `
    SELECT NULL::uuid, 'origin ' || origin_shard FROM journal GROUP BY origin_shard
    HAVING min(seq) <> 1 OR max(seq) <> count(*)`,
  "I7 the lease's last seq is not the journal's": `
    SELECT NULL::uuid, 'lease ' || last_seq FROM shard_lease
     WHERE last_seq <> (SELECT coalesce(max(seq), 0) FROM journal)`,
  "I7 a commit's anchor is not the hash of its rows": `
    SELECT NULL::uuid, 'commit of seq ' || a.first_seq FROM commit_anchor a LEFT JOIN LATERAL (
      SELECT string_agg(j.hash::bytea, ''::bytea ORDER BY j.seq) AS hashes, count(*) AS n
        FROM ${OWN_ROWS} j WHERE j.seq BETWEEN a.first_seq AND a.last_seq) r ON true
     WHERE r.n <> a.last_seq - a.first_seq + 1 OR a.digest::bytea <> pg_catalog.sha256(a.previous::bytea || r.hashes)`,
  "I7 an anchor does not continue the one before": `
    SELECT NULL::uuid, 'commit of seq ' || first_seq FROM (
      SELECT first_seq, previous::bytea, lag(last_seq) OVER w AS last_before, lag(digest::bytea) OVER w AS digest_before
        FROM commit_anchor WINDOW w AS (ORDER BY first_seq)) a
     WHERE first_seq <> coalesce(last_before, 0) + 1 OR previous <> coalesce(digest_before, decode(repeat('00', 32), 'hex'))
    UNION ALL
    SELECT NULL::uuid, 'the lease' FROM shard_lease
     WHERE last_seq <> coalesce((SELECT max(last_seq) FROM commit_anchor), 0)
        OR anchor <> (SELECT digest::bytea FROM commit_anchor ORDER BY first_seq DESC LIMIT 1)`,
  "I11 a payment has no history, or a history no payment": `
    SELECT coalesce(p.id, j.payment_id), 'one of the two is missing'
      FROM payment p FULL JOIN (SELECT DISTINCT payment_id FROM journal) j ON j.payment_id = p.id
     WHERE p.id IS NULL OR j.payment_id IS NULL`,
  "I11 an ended operation that was asked for has not exactly one stored reply, or an open one has any": `
    SELECT i.payment_id, i.key FROM idempotency i CROSS JOIN LATERAL (
      SELECT count(*) FILTER (WHERE reply_status IS NOT NULL) AS replies,
             (array_agg(operation_state ORDER BY version DESC))[1] IN ${ENDED} AS has_ended
        FROM journal j WHERE j.payment_id = i.payment_id AND j.operation_id = i.operation_id HAVING count(*) > 0) o
     WHERE o.replies <> o.has_ended::int`,
  "I11 a reply answers no key": `
    SELECT j.payment_id, 'version ' || j.version FROM journal j LEFT JOIN idempotency i
        ON i.operation_id = j.operation_id AND i.payment_id = j.payment_id
     WHERE j.reply_status IS NOT NULL AND i.key IS NULL`,
  "I11 an operation has no key and is no compensation, or has one and is": `
    SELECT s.payment_id, 'version ' || s.version FROM journal s LEFT JOIN idempotency i
        ON i.operation_id = s.operation_id AND i.payment_id = s.payment_id
     WHERE s.gateway_key IS NOT NULL AND (i.key IS NULL) <> (s.cause = 'compensation')`,
  "I11 a key has no operation, or an operation two keys": `
    SELECT i.payment_id, i.key FROM idempotency i WHERE i.of_endpoint IS NULL AND (
      (SELECT count(*) FROM journal s WHERE s.payment_id = i.payment_id AND s.operation_id = i.operation_id
          AND s.gateway_key IS NOT NULL) <> 1
      OR EXISTS (SELECT FROM idempotency k WHERE k.operation_id = i.operation_id AND k.key <> i.key))`,
  "I11 the key of an endpoint names a payment": `
    SELECT i.payment_id, i.key FROM idempotency i WHERE i.of_endpoint
       AND (i.payment_id <> i.operation_id OR EXISTS (SELECT FROM journal j WHERE j.payment_id = i.payment_id))`,
  "I15 an epoch decreases along the journal": `
    SELECT NULL::uuid, 'seq ' || seq FROM (
      SELECT seq, epoch, lag(epoch) OVER (PARTITION BY origin_shard ORDER BY seq) AS before FROM journal) e
     WHERE epoch < before`,
  "I15 a row was written under an epoch that nobody took": `
    SELECT NULL::uuid, 'epoch ' || j.epoch FROM (SELECT DISTINCT epoch FROM ${OWN_ROWS} o) j
     WHERE NOT EXISTS (SELECT FROM shard_epoch e WHERE e.epoch = j.epoch)`,
  "I19 two operations have one gateway key": `
    SELECT (array_agg(payment_id))[1], gateway_key::text FROM journal WHERE gateway_key IS NOT NULL
     GROUP BY gateway_key HAVING count(*) > 1`,
} as const satisfies Readonly<Record<string, Offenders>>;
