import { expect } from "chai";
import { readOptions } from "./options.ts";

const optionsOf = (...args: readonly string[]) => {
  const verdict = readOptions(args);
  if (verdict.kind !== "run") throw new Error(`refused: ${JSON.stringify(verdict)}`);
  return verdict.options;
};

describe("bench options", () => {
  it("has defaults", () =>
    expect(optionsOf()).to.include({
      merchants: 1000,
      profile: "fixed-latency",
      rate: null,
      redis: null,
      compare: null,
    }));

  it("reads one point", () =>
    expect(optionsOf("--rate", "1000", "--seconds", "600", "--shards", "1,4", "--profile", "sdk")).to.deep.include({
      rate: 1000,
      seconds: 600,
      shards: [1, 4],
      profile: "sdk",
    }));

  const profiles: readonly (readonly [string, number | null, number])[] = [
    ["fixed-latency", null, 1000],
    ["sdk", 1000, 1000],
    ["zipf", null, 1000],
    ["hot", 1000, 1],
    ["reads", 5000, 1000],
    ["webhooks", 500, 100],
    ["recovery", null, 1],
  ];
  for (const [profile, rate, merchants] of profiles)
    it(`knows the rate and the merchants of ${profile}`, () => {
      expect(optionsOf("--profile", profile)).to.include({ profile, rate, merchants });
      expect(optionsOf("--profile", profile, "--rate", "70")).to.include({ rate: 70 });
    });

  it("reads how many notices come, and what is in doubt", () => {
    expect(optionsOf()).to.include({ notices: null, recovery: null });
    expect(optionsOf("--profile", "webhooks").notices).to.equal(1000);
    expect(optionsOf("--profile", "webhooks", "--notices", "20", "--rate", "10")).to.include({ notices: 20, rate: 10 });
    expect(optionsOf("--profile", "recovery").recovery).to.deep.equal({ payments: 10_000, callsPerSecond: 500 });
    expect(optionsOf("--profile", "recovery", "--in-doubt", "40", "--budget", "20").recovery).to.deep.equal({
      payments: 40,
      callsPerSecond: 20,
    });
  });

  it("reads where Redis is", () => {
    expect(optionsOf("--redis", "own").redis).to.equal("own");
    expect(optionsOf("--redis", "redis://h:6379/1", "--profile", "zipf").redis).to.equal("redis://h:6379/1");
    expect(optionsOf("--compare", "redis", "--quick")).to.include({ compare: "redis", redis: null, quick: true });
    expect(optionsOf("--compare", "redis", "--rate", "100")).to.include({ compare: "redis", rate: 100 });
  });

  for (const args of [
    ["--rate", "0"],
    ["--shards", "1,x"],
    ["--profile", "fast"],
    ["--no-such"],
    ["--profile", "hot", "--merchants", "2"],
    ["--profile", "zipf", "--merchants", "5"],
    ["--redis", "http://h"],
    ["--redis", "h:6379"],
    ["--compare", "postgres"],
    ["--compare", "redis", "--profile", "hot"],
    ["--notices", "10"],
    ["--profile", "sdk", "--notices", "10"],
    ["--in-doubt", "10"],
    ["--profile", "webhooks", "--budget", "10"],
    ["--profile", "recovery", "--merchants", "2"],
  ])
    it(`refuses ${args.join(" ")}`, () => expect(readOptions(args).kind).to.equal("wrong"));
});
