/** Golden outputs of every kind and format: scripts and eyes rely on them, so members are only ever added. */
import { expect } from "chai";
import { ACTOR_VIEW } from "./actor.ts";
import { INSPECTION_VIEW } from "./actor-text.ts";
import { ageText, durationText, untilText } from "./ages.ts";
import { STATUS_VIEW } from "./cluster.ts";
import { LOCATION_VIEW } from "./locate.ts";
import { NODE_VIEW } from "./node.ts";
import { SHARD_VIEW } from "./shard.ts";
import { type Drawing, renderAnswer, type View } from "./views.ts";
import { yamlText } from "./yaml-text.ts";

const NOW = "2026-11-23T09:00:00.000Z";
const drawing: Drawing = { nowMs: Date.parse(NOW), isWide: false, paint: (_, text) => text };
const text = (format: Parameters<typeof renderAnswer>[0], view: View, items: readonly object[]): string =>
  renderAnswer(format, { kind: "Thing", items, nextSteps: ["npx payctl node list"] }, view, drawing);

const NODES = [
  {
    name: "node-1",
    state: "UP",
    draining: false,
    leader: true,
    pid: 4711,
    version: "0.1.0",
    api_address: "http://127.0.0.1:8080",
    heartbeat_at: "2026-11-23T08:59:59.600Z",
    started_at: "2026-11-22T05:58:00.000Z",
    shards_assigned: [0, 2],
    shards_serving: [0, 2],
  },
  {
    name: "node-2",
    state: "DOWN",
    draining: true,
    leader: false,
    pid: null,
    version: null,
    api_address: "",
    heartbeat_at: "2026-11-23T08:59:48.000Z",
    started_at: "2026-11-23T08:57:55.000Z",
    shards_assigned: [],
    shards_serving: [1],
  },
];
const INSPECTION = {
  shard: 1,
  node: "node-2",
  taken_at: NOW,
  mode: "serving",
  epoch: "7",
  slots: 1365,
  slots_version: "1",
  last_seq: "4711",
  mailbox_depth: 3,
  commit: {
    in_flight_rows: 12,
    in_flight_since: "2026-11-23T08:59:59.980Z",
    intents_waiting: 2,
    outcomes_waiting: 1,
    healthy: true,
    acknowledged_at: "2026-11-23T08:59:59.900Z",
  },
  payments_in_memory: 500,
  notices_waiting: 0,
  open_operations: 203,
  received_operations: 0,
  operations_shown: 1,
  operations: [
    {
      id: "op_1",
      payment_id: "pay_1",
      merchant_id: "mer_1",
      kind: "sale",
      state: "unknown",
      gateway: "stripe",
      seq: "4000",
      submitted_at: "2026-11-23T08:58:00.000Z",
      tries: 3,
      calling: { action: "query", due_at: "2026-11-23T09:00:12.000Z" },
      in_doubt_since: "2026-11-23T08:58:20.000Z",
      next_check_at: "2026-11-23T09:00:30.000Z",
      deadline_at: "2026-11-23T09:13:00.000Z",
      pending_reason: "outcome_unknown",
      needs_review: false,
      noted_on_disk: true,
      being_written: false,
      client_waits: false,
    },
  ],
  disk: {
    epoch: "7",
    node: "node-2",
    released: false,
    renewed_at: NOW,
    last_seq: "4711",
    open_floor_seq: "4000",
    open_operations: 204,
  },
  comparison: "partial",
  comparison_note: "…",
  differences: [{ kind: "only on disk", operation_id: "op_9", detail: "sale of pay_9" }],
};

const goldens: readonly (readonly [
  name: string,
  format: Parameters<typeof renderAnswer>[0],
  View,
  readonly object[],
  golden: string,
])[] = [
  [
    "nodes",
    "table",
    NODE_VIEW,
    NODES,
    `NAME    STATE  LEADER  ASSIGNED  SERVING  HEARTBEAT  UP FOR
node-1  UP     yes     0,2       0,2      0.4s       1d3h
node-2  DOWN   -       -         1        12s        2m5s`,
  ],
  [
    "nodes",
    "wide",
    NODE_VIEW,
    NODES,
    `NAME    STATE  LEADER  ASSIGNED  SERVING  HEARTBEAT  UP FOR  PID   VERSION  API
node-1  UP     yes     0,2       0,2      0.4s       1d3h    4711  0.1.0    http://127.0.0.1:8080
node-2  DOWN   -       -         1        12s        2m5s    -     -        -`,
  ],
  ["nodes", "name", NODE_VIEW, NODES, "node-1\nnode-2"],
  ["no nodes", "jsonl", NODE_VIEW, [], ""],
  ["things", "jsonl", NODE_VIEW, [{ a: 1 }, { a: 2 }], '{"a":1}\n{"a":2}'],
  [
    "things",
    "json",
    NODE_VIEW,
    [{ a: 1 }],
    '{"apiVersion":"payctl/v1","kind":"Thing","items":[{"a":1}],"next_steps":["npx payctl node list"]}',
  ],
  [
    "things",
    "yaml",
    NODE_VIEW,
    [{ a: 1, at: NOW, none: null, list: [], of: { b: ["x", "no"] } }],
    `apiVersion: payctl/v1
kind: Thing
items:
  - a: 1
    at: "2026-11-23T09:00:00.000Z"
    none: null
    list: []
    of:
      b:
        - x
        - "no"
next_steps:
  - npx payctl node list`,
  ],
  [
    "a shard whose owner said nothing",
    "table",
    SHARD_VIEW,
    [
      {
        shard: 0,
        state: "active",
        node: "node-1",
        generation: "9",
        override: null,
        mode: "serving",
        epoch: "7",
        last_seq: "4711",
        mailbox_depth: 3,
        open_operations: 2,
        in_doubt: 1,
      },
      {
        shard: 1,
        state: "active",
        node: null,
        generation: null,
        override: null,
        mode: null,
        epoch: null,
        last_seq: null,
        mailbox_depth: null,
        open_operations: null,
        in_doubt: null,
      },
    ],
    `SHARD  NODE    MODE     EPOCH  MAILBOX  OPEN  IN DOUBT
0      node-1  serving  7      3        2     1
1      -       -        -      -        -     -`,
  ],
  [
    "actors",
    "table",
    ACTOR_VIEW,
    [
      {
        shard: 0,
        node: "node-1",
        mode: "serving",
        epoch: "7",
        last_seq: "4711",
        mailbox_depth: 3,
        open_operations: 2,
        in_doubt: 1,
        oldest_doubt_at: "2026-11-23T08:58:55.000Z",
        payments_in_memory: 500,
        notices_waiting: 0,
      },
    ],
    `SHARD  NODE    MODE     EPOCH  MAILBOX  OPEN  IN DOUBT  OLDEST
0      node-1  serving  7      3        2     1         1m5s`,
  ],
  [
    "a location",
    "table",
    LOCATION_VIEW,
    [
      {
        id: "pay_1",
        slot: 7,
        shard: 1,
        node: "node-2",
        node_state: "DRAINING",
        generation: "9",
        epoch: "7",
        mode: "serving",
      },
    ],
    "pay_1  slot 7  shard 1  node-2 (DRAINING)  epoch 7  serving",
  ],
  [
    "a location from the id alone",
    "table",
    LOCATION_VIEW,
    [{ id: "pay_1", slot: 7, shard: 1, node: null, node_state: null, epoch: null, mode: null }],
    "pay_1  slot 7  shard 1  owner unknown  actor unknown",
  ],
  [
    "a cluster that is not well",
    "table",
    STATUS_VIEW,
    [
      {
        healthy: false,
        problems: ["shard 1 has no owner"],
        view_at: "2026-11-23T08:59:59.800Z",
        leader: { node: "node-1", term: "4", expires_at: NOW },
        nodes: { up: 2, draining: 0, down: 1 },
        shards: { total: 3, served: 2 },
        slot_map_version: "3",
        operations: { open: 6, in_doubt: 3 },
      },
    ],
    `State       UNHEALTHY
Nodes       2 UP, 0 DRAINING, 1 DOWN
Shards      2 of 3 served
Leader      node-1 (term 4)
Operations  6 open, 3 in doubt
Slot map    version 3
View        0.2s old
Problem     shard 1 has no owner`,
  ],
  [
    "a look into an actor",
    "table",
    INSPECTION_VIEW,
    [INSPECTION],
    `Shard        1 on node-2: serving, epoch 7
Slots        1365
Mailbox      3 waiting, 0 notices
Commit       12 rows in flight for 0.0s; 2 intents and 1 outcomes wait; acknowledged 0.1s ago
Memory       500 payments, 203 open operations, last seq 4711
Database     epoch 7, 204 open operations, last seq 4711
Differences  1
             only on disk: op_9: sale of pay_9

PAYMENT  KIND  STATE    AGE  TRIES  IN DOUBT  NEXT CHECK  DEADLINE  WHY
pay_1    sale  unknown  2m   3      1m40s     in 30s      in 13m    outcome_unknown
… and 202 younger ones`,
  ],
];

describe("what payctl shows", () => {
  for (const [name, format, view, items, golden] of goldens)
    it(`${name} as ${format}`, () => expect(text(format, view, items)).to.equal(golden));

  it("colours words that say how something is, and columns stay straight", () => {
    const painted = renderAnswer("table", { kind: "Node", items: NODES, nextSteps: [] }, NODE_VIEW, {
      ...drawing,
      paint: (color, padded) => `<${color}>${padded}</>`,
    });
    expect(
      painted
        .split("\n")
        .slice(1)
        .map((line) => line.slice(0, 30)),
    ).to.deep.equal(["node-1  <green>UP   </>  yes  ", "node-2  <red>DOWN </>  -      "]);
  });

  const durations: readonly (readonly [ms: number, text: string])[] = [
    [-5, "0.0s"],
    [0, "0.0s"],
    [9_949, "9.9s"],
    [10_000, "10s"],
    [59_999, "59s"],
    [60_000, "1m"],
    [65_000, "1m5s"],
    [3_660_000, "1h1m"],
    [86_400_000, "1d"],
    [97_200_000, "1d3h"],
  ];
  for (const [ms, words] of durations) it(`${ms} ms are ${words}`, () => expect(durationText(ms)).to.equal(words));
  it("tells what never was, and what is due", () => {
    expect([ageText(null, 0), untilText(null, 0), untilText("1970-01-01T00:00:00Z", 1)]).to.deep.equal([
      "-",
      "-",
      "now",
    ]);
  });

  const yaml: readonly (readonly [value: unknown, text: string])[] = [
    ["plain words", "plain words"],
    ["yes", '"yes"'],
    ["0x1f", '"0x1f"'],
    ["a: b", '"a: b"'],
    ["line\nfeed", '"line\\nfeed"'],
    ["", '""'],
    [[], "[]"],
    [{}, "{}"],
    [[[1, 2], { a: [] }], "- - 1\n  - 2\n- a: []"],
    [{ "a key": { b: true } }, "a key:\n  b: true"],
  ];
  for (const [value, lines] of yaml)
    it(`${JSON.stringify(value)} in YAML`, () => expect(yamlText(value)).to.equal(lines));
});
