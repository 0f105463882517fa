import { expect } from "chai";
import { parseOutput } from "./pgbench.ts";
import { undurableSettings } from "./machine.ts";

describe("parseOutput", () => {
  const output = `transaction type: <builtin: TPC-B (sort of)>
number of transactions actually processed: 8371
latency average = 19.137 ms
initial connection time = 51.339 ms
tps = 1672.134567 (without initial connection time)
`;
  it("reads the figures", () => expect(parseOutput(output)).to.deep.equal({ tps: 1672.134567, latencyMs: 19.137 }));
  it("throws when there are none", () => expect(() => parseOutput("pgbench: error")).to.throw("no figures"));
});

describe("undurableSettings", () => {
  const safe = { fsync: "on", full_page_writes: "on", synchronous_commit: "on" };
  it("finds nothing in safe settings", () => expect(undurableSettings(safe)).to.deep.equal([]));
  it("names what is off", () => expect(undurableSettings({ ...safe, fsync: "off" })).to.deep.equal(["fsync=off"]));
  it("does not take a missing setting for on", () => expect(undurableSettings({ fsync: "on" })).to.have.length(2));
});
