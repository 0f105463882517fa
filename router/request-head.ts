/** One pass over the headers of a request: copied once, doubled ones and card numbers found, nothing else kept. */
import { holdsCardNumber } from "./card-data.ts";

/** What uWebSockets.js offers of a request, only while its handler runs. */
export interface HeaderSource {
  forEach(visit: (name: string, value: string) => void): void;
}

/** The headers that we act on. Null: absent. */
export interface RequestHead {
  authorization: string | null;
  idempotencyKey: string | null;
  /** The alias `Idempotency-Key`. */
  idempotencyKeyAlias: string | null;
  contentType: string | null;
  contentEncoding: string | null;
  contentLength: string | null;
  transferEncoding: string | null;
  host: string | null;
  /** What a gateway signs its notifications with. */
  stripeSignature: string | null;
  /** A header that decides who asks for what stood twice: which of the two an intermediary believed is unknown. */
  doubled: string | null;
  /** The key stood twice with different values. */
  keysDiffer: boolean;
  /** Some header, known to us or not, holds a card number. Tokens and signatures are not looked at: they are encoded. */
  holdsCardNumber: boolean;
  /** How many headers there are, whatever their names. */
  count: number;
}

type Field = Exclude<keyof RequestHead, "doubled" | "keysDiffer" | "holdsCardNumber" | "count">;
const FIELDS: readonly (readonly [name: string, field: Field])[] = [
  ["authorization", "authorization"],
  ["x-idempotency-key", "idempotencyKey"],
  ["idempotency-key", "idempotencyKeyAlias"],
  ["content-type", "contentType"],
  ["content-encoding", "contentEncoding"],
  ["content-length", "contentLength"],
  ["transfer-encoding", "transferEncoding"],
  ["host", "host"],
  ["stripe-signature", "stripeSignature"],
];
/** By the length of the name: finding a field costs a comparison or two, not a hash of each name that a client sends. */
const FIELDS_BY_LENGTH = Array.from({ length: 18 }, (_, length) => FIELDS.filter(([name]) => name.length === length));

function fieldOf(name: string): Field | undefined {
  for (const [known, field] of FIELDS_BY_LENGTH[name.length] ?? []) if (known === name) return field;
  return undefined;
}

/** Encoded or encrypted bytes: what looks like a number in them is none. */
const ENCODED: ReadonlySet<Field | undefined> = new Set<Field>(["authorization", "stripeSignature"]);

/** Ids of traces, random numbers by their definition and often decimal: one in thirty looks like a card's. Not kept. */
const TRACES: ReadonlySet<string> = new Set([
  "traceparent",
  "x-datadog-trace-id",
  "x-datadog-parent-id",
  "x-cloud-trace-context",
]);

/** Copies what the request says about itself; names come in lower case. */
export function readHead(source: HeaderSource): RequestHead {
  const head: RequestHead = {
    authorization: null,
    idempotencyKey: null,
    idempotencyKeyAlias: null,
    contentType: null,
    contentEncoding: null,
    contentLength: null,
    transferEncoding: null,
    host: null,
    stripeSignature: null,
    doubled: null,
    keysDiffer: false,
    holdsCardNumber: false,
    count: 0,
  };
  source.forEach((name, value) => {
    head.count++;
    const field = fieldOf(name);
    if (!ENCODED.has(field) && holdsCardNumber(value) && !TRACES.has(name)) head.holdsCardNumber = true;
    if (field === undefined) return;
    const before = head[field];
    if (before === null) head[field] = value;
    else if (field === "idempotencyKey" || field === "idempotencyKeyAlias") head.keysDiffer ||= before !== value;
    else head.doubled = name;
  });
  return head;
}
