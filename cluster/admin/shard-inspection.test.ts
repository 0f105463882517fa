/** What counts as a difference between an actor's memory and its database, and what was merely on its way. */
import { expect } from "chai";
import type { ActorInspection, OperationInspection } from "../../actors/index.ts";
import type { MerchantId, OperationId, PaymentId } from "../../actors/domain/index.ts";
import type { OpenOnDisk, ShardOnDisk } from "../../storage/index.ts";
import { compareLooks } from "./shard-inspection.ts";

const inMemory = (seq: number, more: Partial<OperationInspection> = {}): OperationInspection => ({
  operationId: `op_${seq}` as OperationId,
  paymentId: `pay_${seq}` as PaymentId,
  merchantId: "mer_1" as MerchantId,
  kind: "sale",
  state: "unknown",
  gateway: "stripe",
  t1Seq: String(seq),
  submittedAtMs: 0,
  deadlineAtMs: 900_000,
  tries: 1,
  running: null,
  inDoubtForMs: null,
  nextCheckAtMs: null,
  pendingReason: null,
  needsReview: false,
  isNoted: false,
  isWriting: false,
  backlog: 0,
  hasWaiter: false,
  ...more,
});
const onDisk = (seq: number, more: Partial<OpenOnDisk> = {}): OpenOnDisk => ({
  operationId: `op_${seq}` as OperationId,
  paymentId: `pay_${seq}` as PaymentId,
  kind: "sale",
  state: "unknown",
  t1Seq: BigInt(seq),
  deadlineAtMs: 900_000,
  notedTries: null,
  ...more,
});
const memory = (operations: readonly OperationInspection[], more: Partial<ActorInspection> = {}): ActorInspection => ({
  shard: 0,
  atMs: 1_000,
  mode: "serving",
  epoch: "7",
  slotsVersion: "1",
  slots: 4_096,
  lastSeq: "10",
  mailboxDepth: 0,
  commit: { inFlight: null, intents: 0, outcomes: 0, isHealthy: true, acknowledgedAgoMs: 10 },
  remembered: operations.length,
  notices: 0,
  openOperations: operations.length,
  receivedOperations: 0,
  operations,
  ...more,
});
const disk = (operations: readonly OpenOnDisk[], more: Partial<ShardOnDisk> = {}): ShardOnDisk => ({
  epoch: 7n,
  node: "node-1",
  released: false,
  renewedAgoMs: 100,
  lastSeq: 10n,
  openFloorSeq: 1n,
  openOperations: operations.length,
  operations,
  ...more,
});

describe("an actor's memory beside its database", () => {
  const nothing: readonly string[] = [];
  const cases: readonly (readonly [
    what: string,
    before: ActorInspection,
    disk: ShardOnDisk,
    after: ActorInspection,
    kinds: readonly string[],
  ])[] = [
    ["the same in all looks", memory([inMemory(1)]), disk([onDisk(1)]), memory([inMemory(1)]), nothing],
    ["an operation that memory does not know", memory([]), disk([onDisk(1)]), memory([]), ["only on disk"]],
    ["one that was told to memory meanwhile", memory([]), disk([onDisk(1)]), memory([inMemory(1)]), nothing],
    ["one that was begun after the first look", memory([]), disk([onDisk(11)]), memory([]), nothing],
    ["one that the database does not know", memory([inMemory(1)]), disk([]), memory([inMemory(1)]), ["only in memory"]],
    ["one that ended meanwhile", memory([inMemory(1)]), disk([]), memory([]), nothing],
    [
      "one whose end is being written",
      memory([inMemory(1)]),
      disk([]),
      memory([inMemory(1, { isWriting: true })]),
      nothing,
    ],
    [
      "another state",
      memory([inMemory(1, { state: "submitted" })]),
      disk([onDisk(1)]),
      memory([inMemory(1, { state: "submitted" })]),
      ["state"],
    ],
    [
      "a state that changed meanwhile",
      memory([inMemory(1, { state: "submitted" })]),
      disk([onDisk(1)]),
      memory([inMemory(1)]),
      nothing,
    ],
    ["another owner on disk", memory([]), disk([], { node: "node-2", epoch: 8n }), memory([]), ["owner", "epoch"]],
    ["a lease that was released", memory([]), disk([], { released: true }), memory([]), ["owner"]],
    [
      "an actor that owns nothing",
      memory([], { epoch: null }),
      disk([], { node: "node-2" }),
      memory([], { epoch: null }),
      nothing,
    ],
    [
      "an actor that took the shard anew meanwhile",
      memory([inMemory(1)]),
      disk([]),
      memory([inMemory(1)], { epoch: "8" }),
      nothing,
    ],
    [
      "what lies behind the end of a long list",
      memory([inMemory(1)], { openOperations: 9 }),
      disk([onDisk(1), onDisk(5)]),
      memory([inMemory(1)], { openOperations: 9 }),
      nothing,
    ],
  ];
  for (const [what, before, stored, after, kinds] of cases)
    it(`${kinds.length === 0 ? "is no difference" : "is a difference"}: ${what}`, () => {
      const { differences } = compareLooks("node-1", { before, disk: stored, after });
      expect(differences.map(({ kind }) => kind)).to.deep.equal(kinds);
    });

  it("says how far it went when a list was cut", () => {
    const looks = {
      before: memory([inMemory(4)], { openOperations: 2 }),
      disk: disk([]),
      after: memory([inMemory(4)]),
    };
    expect(compareLooks("node-1", looks).note).to.include("through seq 4");
    const all = { before: memory([]), disk: disk([]), after: memory([]) };
    expect(compareLooks("node-1", all).note).to.equal(null);
  });
});
