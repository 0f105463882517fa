/** Every row of gateways.md §3.1 and §3.2 that the resolver decides: before and after the deadline, canceled, key outlived. */
import { expect } from "chai";
import type { OperationKind } from "./domain/index.ts";
import { type Doubt, KEY_STORE_HOLD_MS } from "./doubt-rules.ts";
import { GATEWAY_CAPABILITIES } from "./gateways/index.ts";
import { ruleFor } from "./resolver.ts";

const GRACE_MS = 20_000;
/** A call that may have arrived, long enough ago to be repeated. */
const calm: Omit<Doubt, "kind"> = {
  isCompensation: false,
  hasReference: true,
  isPastDeadline: false,
  isCancelRequested: false,
  isLongLate: false,
  keyAgeMs: GRACE_MS,
  seenUndecided: false,
  absenceIsProven: true,
  storedErrorReplayed: false,
  replayRefused: false,
  neverSubmitted: false,
  sinceFirstTryMs: GRACE_MS,
  sinceKeyStoreDownMs: null,
  detailsLost: false,
};
const CHARGES: readonly OperationKind[] = ["authorize", "sale"];
const MOVES: readonly OperationKind[] = ["capture", "refund"];
const VOID: readonly OperationKind[] = ["void"];

/** The rule before the deadline, after it, with a cancel request, and before it with a key that may be forgotten. */
type Wanted = readonly [open: string, late: string, canceled: string, outlived: string];
type Row = readonly [what: string, kinds: readonly OperationKind[], Partial<Doubt>, Wanted];

const neverLeft = { neverSubmitted: true, sinceFirstTryMs: 0 };
const unread = { seenUndecided: true };
const REPLAY_REFUSED = "replay refused, and not there";
const CALLED_OFF = ["late charge", "late charge"] as const;
const NEVER_LEFT = ["late and never submitted", "late and never submitted"] as const;

const STRIPE: readonly Row[] = [
  [
    "connection refused before a byte was sent",
    CHARGES,
    neverLeft,
    ["never submitted", ...NEVER_LEFT, "never submitted"],
  ],
  [
    "connection refused before a byte was sent",
    MOVES,
    neverLeft,
    ["never submitted", "late and never submitted", "never submitted", "never submitted"],
  ],
  [
    "connection refused before a byte was sent",
    VOID,
    neverLeft,
    ["never submitted", "late release, read first", "never submitted", "never submitted"],
  ],
  [
    "time-out, reset, 5xx, 400 of a changed state, unreadable 200: GET by id",
    CHARGES,
    {},
    ["read", ...CALLED_OFF, "read"],
  ],
  [
    "time-out, reset, 5xx, 400 of a changed state, unreadable 200: GET or list",
    MOVES,
    {},
    ["read", "late, read", "read", "read"],
  ],
  [
    "time-out, reset, 5xx, 400 of a changed state: GET by id",
    VOID,
    {},
    ["read", "late release, read first", "read", "read"],
  ],
  [
    "409 key in use, 429, 500: inside the grace, and the read shows nothing",
    CHARGES,
    { ...unread, sinceFirstTryMs: GRACE_MS - 1 },
    ["grace", ...CALLED_OFF, "key outlived"],
  ],
  [
    "GET shows requires_confirmation after the grace",
    CHARGES,
    unread,
    ["same key again", ...CALLED_OFF, "key outlived"],
  ],
  [
    "the read shows nothing of a capture or refund",
    MOVES,
    unread,
    ["same key again", "late, just read", "same key again", "key outlived"],
  ],
  [
    "the same, a minute after the deadline, seen often enough",
    MOVES,
    { ...unread, isLongLate: true },
    ["same key again", "late, and shown not to have run", "same key again", "key outlived"],
  ],
  [
    "the same, seen too seldom",
    MOVES,
    { ...unread, isLongLate: true, absenceIsProven: false },
    ["same key again", "late, just read", "same key again", "key outlived"],
  ],
  ["the read shows no void", VOID, unread, ["same key again", "late release", "same key again", "same key again"]],
  [
    "no pi_ committed",
    CHARGES,
    { hasReference: false },
    ["no id yet", "late, id unknown", "late, id unknown", "no id yet"],
  ],
  [
    "no pi_ committed, and nothing ever left the machine",
    CHARGES,
    { ...neverLeft, hasReference: false },
    ["no id yet", ...NEVER_LEFT, "no id yet"],
  ],
  [
    "stored 500 replayed and GET shows requires_confirmation",
    CHARGES,
    { ...unread, storedErrorReplayed: true },
    ["ended without executing", ...CALLED_OFF, "ended without executing"],
  ],
  [
    "stored 500 replayed, and a list may show it later",
    ["refund"],
    { ...unread, storedErrorReplayed: true, absenceIsProven: false },
    ["same key again", "late, just read", "same key again", "key outlived"],
  ],
  [
    "the replay of a refund is refused, and no list shows it",
    ["refund"],
    { ...unread, replayRefused: true },
    [REPLAY_REFUSED, "late, just read", REPLAY_REFUSED, "key outlived"],
  ],
  [
    "the replay of a refund is refused, and the list was not read since",
    ["refund"],
    { replayRefused: true },
    ["read", "late, read", "read", "read"],
  ],
  [
    "the replay of a refund is refused, and a list may show it later",
    ["refund"],
    { ...unread, replayRefused: true, absenceIsProven: false },
    ["same key again", "late, just read", "same key again", "key outlived"],
  ],
  [
    "the replay of a compensation is refused, and no list shows it",
    ["refund"],
    { ...unread, replayRefused: true, isCompensation: true },
    [REPLAY_REFUSED, "late compensation", REPLAY_REFUSED, "key outlived"],
  ],
  [
    "the replay of a capture is refused: it may be because it took place",
    ["capture"],
    { ...unread, replayRefused: true },
    ["same key again", "late, just read", "same key again", "key outlived"],
  ],
  [
    "a compensation that the list does not show",
    ["refund"],
    { ...unread, isCompensation: true, absenceIsProven: false },
    ["same key again", "late compensation", "same key again", "key outlived"],
  ],
  ["details lost", CHARGES, { detailsLost: true }, Array(4).fill("details lost, read") as unknown as Wanted],
  [
    "details lost, and read",
    CHARGES,
    { ...unread, detailsLost: true },
    Array(4).fill("details lost") as unknown as Wanted,
  ],
];

const unnamed = { hasReference: false };
const ADYEN: readonly Row[] = [
  [
    "connection refused before a byte was sent, 401",
    CHARGES,
    { ...unnamed, ...neverLeft },
    ["never submitted", ...NEVER_LEFT, "never submitted"],
  ],
  [
    "connection refused before a byte was sent, 401",
    MOVES,
    neverLeft,
    ["never submitted", "late and never submitted", "never submitted", "never submitted"],
  ],
  [
    "time-out, unreadable 200, 704: inside the grace",
    CHARGES,
    { ...unnamed, sinceFirstTryMs: GRACE_MS - 1 },
    ["grace", ...CALLED_OFF, "key outlived"],
  ],
  [
    "time-out, unreadable 200, 704, 429, 5xx, transient-error: same key",
    CHARGES,
    unnamed,
    ["same key again", ...CALLED_OFF, "key outlived"],
  ],
  [
    "503 with 703: the key is never dropped",
    CHARGES,
    { ...unnamed, sinceKeyStoreDownMs: KEY_STORE_HOLD_MS - 1 },
    ["key store down", ...CALLED_OFF, "key outlived"],
  ],
  [
    "703 a while ago",
    CHARGES,
    { ...unnamed, sinceKeyStoreDownMs: KEY_STORE_HOLD_MS },
    ["same key again", ...CALLED_OFF, "key outlived"],
  ],
  [
    "703 of a capture or refund",
    MOVES,
    { sinceKeyStoreDownMs: 0 },
    ["key store down", "late, nothing to ask", "key store down", "key outlived"],
  ],
  [
    "703 of a compensation",
    ["refund"],
    { isCompensation: true, sinceKeyStoreDownMs: 0 },
    ["key store down", "late, nothing to ask", "key store down", "key outlived"],
  ],
  [
    "capture or refund in doubt",
    MOVES,
    {},
    ["same key again", "late, nothing to ask", "same key again", "key outlived"],
  ],
  ["void in doubt", VOID, {}, ["same key again", "late release", "same key again", "same key again"]],
  [
    "a compensation in doubt",
    ["refund"],
    { isCompensation: true },
    ["same key again", "late compensation", "same key again", "key outlived"],
  ],
  ["details lost", CHARGES, { detailsLost: true }, Array(4).fill("details lost") as unknown as Wanted],
];

const SITUATIONS: ReadonlyArray<readonly [string, (ttlMs: number) => Partial<Doubt>]> = [
  ["before the deadline", (ttlMs) => ({ keyAgeMs: ttlMs - 1 })],
  ["after the deadline", () => ({ isPastDeadline: true })],
  ["with a cancel request", () => ({ isCancelRequested: true })],
  ["with a key that may be forgotten", (ttlMs) => ({ keyAgeMs: ttlMs })],
];

for (const [gateway, rows] of [
  ["stripe", STRIPE],
  ["adyen", ADYEN],
] as const)
  describe(`resolver's rows: ${gateway}`, () => {
    const capabilities = GATEWAY_CAPABILITIES[gateway];
    for (const [what, kinds, more, wanted] of rows)
      for (const kind of kinds)
        for (const [i, [when, situation]] of SITUATIONS.entries())
          it(`${kind}: ${what}, ${when} -> ${wanted[i]}`, () => {
            const doubt = { ...calm, kind, ...more, ...situation(capabilities.keyTtlMs) };
            expect(ruleFor(capabilities, doubt, GRACE_MS).name).to.equal(wanted[i]);
          });

    it("long after the key's life nothing of a charge, a capture or a refund is repeated, ours or not", () => {
      for (const kind of [...CHARGES, ...MOVES])
        for (const isCompensation of kind === "refund" ? [false, true] : [false])
          for (const seenUndecided of [false, true]) {
            const old = { keyAgeMs: capabilities.keyTtlMs, isPastDeadline: true, isLongLate: true };
            const { step } = ruleFor(capabilities, { ...calm, ...old, kind, isCompensation, seenUndecided }, GRACE_MS);
            expect(step, kind).to.be.oneOf(["query", "wait", "abandon", "fail"]);
          }
    });
  });
