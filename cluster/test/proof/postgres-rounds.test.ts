/** Which of PostgreSQL's messages count, and what they are called. */
import { expect } from "chai";
import { databaseOf, type Frame, FrameReader, sqlStateOf, withoutApplicationName } from "./postgres-frames.ts";
import { Round } from "./postgres-rounds.ts";

const text = (...parts: readonly string[]): Buffer => Buffer.from(parts.map((part) => `${part}\0`).join(""));
function frame(type: string, body: Buffer = Buffer.alloc(0)): Frame {
  const length = Buffer.alloc(4);
  length.writeInt32BE(4 + body.length);
  return { type, bytes: Buffer.concat([Buffer.from(type), length, body]) };
}
const parse = (name: string): Frame => frame("P", text(name, "SELECT"));
const bind = (name: string): Frame => frame("B", text("", name));
const EXECUTE = frame("E", Buffer.concat([text(""), Buffer.alloc(4)]));
const SYNC = frame("S");

const transaction = (name: string): readonly Frame[] => [
  parse(name),
  ...["begin", name, "commit"].flatMap((one) => [bind(one), EXECUTE]),
  SYNC,
];

function namesOf(frames: readonly Frame[]): readonly (string | null)[] {
  const round = new Round();
  for (const one of frames) round.read(one);
  return frames.map((one) => round.sent(one));
}

describe("what counts of PostgreSQL's messages", () => {
  it("a commit: every message of it, also its BEGIN", () => {
    expect(namesOf(transaction("commit_requests"))).to.deep.equal([
      "Parse commit_requests",
      "Bind BEGIN of commit_requests",
      "Execute BEGIN of commit_requests",
      "Bind commit_requests",
      "Execute commit_requests",
      "Bind COMMIT of commit_requests",
      "Execute COMMIT of commit_requests",
      "Sync of commit_requests",
    ]);
  });

  const cases: readonly (readonly [what: string, frames: readonly Frame[], counts: boolean])[] = [
    ["a look-up in a request's way", [parse("find_keys"), bind("find_keys"), EXECUTE, SYNC], true],
    ["a lease renewal", transaction("shard_renew"), false],
    ["the notes of doubts", transaction("save_doubts"), false],
    ["the scan of keys", [bind("scan_keys"), EXECUTE, SYNC], false],
    ["a look at the epoch", [bind("read_epoch"), EXECUTE, SYNC], false],
    ["an activation's query", [frame("Q", text("BEGIN"))], false],
  ];
  for (const [what, frames, counts] of cases)
    it(`${what}: ${counts ? "yes" : "no"}`, () => {
      expect(namesOf(frames).every((name) => (name !== null) === counts)).to.equal(true);
    });

  it("is undecided until the statement is named", () => {
    const round = new Round();
    const decided = transaction("commit_facts").map((one) => {
      round.read(one);
      return round.isDecided;
    });
    expect(decided[0]).to.equal(true); // its Parse names it
    const prepared = new Round();
    prepared.read(bind("begin"));
    prepared.read(EXECUTE);
    expect(prepared.isDecided).to.equal(false);
    prepared.read(bind("commit_facts"));
    expect([prepared.isDecided, prepared.name]).to.deep.equal([true, "commit_facts"]);
  });

  it("knows when the lease is locked: once the commit's own statement was executed", () => {
    const round = new Round();
    const frames = transaction("commit_facts");
    for (const one of frames) round.read(one);
    const locked = frames.map((one) => {
      round.sent(one);
      return round.lockPassed;
    });
    expect(locked.indexOf(true)).to.equal(4);
  });
});

describe("PostgreSQL's frames", () => {
  const startup = Buffer.concat([
    Buffer.from([0, 0, 0, 0, 0, 3, 0, 0]),
    text("user", "app", "database", "paycluster_shard_3", "application_name", "paycluster:3:node-1"),
    Buffer.alloc(1),
  ]);
  startup.writeInt32BE(startup.length);

  it("are whole whatever the chunks are", () => {
    const bytes = Buffer.concat([startup, ...transaction("commit_both").map((one) => one.bytes)]);
    const reader = new FrameReader(true);
    const frames = [...bytes].flatMap((byte) => reader.push(Buffer.from([byte])));
    expect(frames.map(({ type }) => type)).to.deep.equal(["", "P", "B", "E", "B", "E", "B", "E", "S"]);
    expect(Buffer.concat(frames.map((one) => one.bytes)).equals(bytes)).to.equal(true);
  });

  it("hide the application's name, and nothing else", () => {
    const hidden = withoutApplicationName({ type: "", bytes: startup });
    expect(hidden.length).to.equal(startup.length);
    expect(hidden.includes("paycluster:")).to.equal(false);
    expect(databaseOf({ type: "", bytes: hidden })).to.equal("paycluster_shard_3");
  });

  it("tell an error's SQLSTATE", () => {
    expect(sqlStateOf(frame("E", text("SERROR", "VERROR", "CPC001", "Mthe lease", "")))).to.equal("PC001");
  });
});
