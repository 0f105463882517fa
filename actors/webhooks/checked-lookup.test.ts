import { expect } from "chai";
import type { LookupAddress, LookupOptions } from "node:dns";
import { createCheckedLookup, LookupError, type ResolveName } from "./checked-lookup.ts";
import { type EndpointRules, PUBLIC_ENDPOINTS, SANDBOX_ENDPOINTS } from "./endpoint-url.ts";

/** The addresses that the socket would get, or why it gets none. */
const lookUp = (
  name: string,
  rules: EndpointRules,
  resolve: ResolveName,
  options: LookupOptions = { all: true },
): Promise<string | readonly LookupAddress[] | readonly [string, number | undefined]> =>
  new Promise((done) => {
    createCheckedLookup(rules, resolve)(name, options, (error, address, family) => {
      if (error !== null) done(error instanceof LookupError ? error.reason : `another error: ${error.message}`);
      else done(typeof address === "string" ? [address, family] : address);
    });
  });
/** A name server that gives one answer after another. */
const answering = (...answers: readonly (readonly string[])[]): { resolve: ResolveName; asked: () => number } => {
  let asked = 0;
  return { resolve: async () => answers[asked++] ?? [], asked: () => asked };
};

describe("checked look-up", () => {
  const refused: readonly (readonly [name: string, addresses: readonly string[], rules: EndpointRules])[] = [
    ["an inner address", ["10.0.0.1"], PUBLIC_ENDPOINTS],
    ["loopback", ["127.0.0.1"], PUBLIC_ENDPOINTS],
    ["mapped loopback", ["::ffff:127.0.0.1"], PUBLIC_ENDPOINTS],
    ["a cloud's metadata", ["169.254.169.254"], PUBLIC_ENDPOINTS],
    ["a public address beside an inner one", ["8.8.8.8", "10.0.0.1"], PUBLIC_ENDPOINTS],
    ["an inner one behind many public ones", [...Array<string>(20).fill("8.8.8.8"), "::1"], PUBLIC_ENDPOINTS],
    ["an inner address, in the sandbox too", ["10.0.0.1"], SANDBOX_ENDPOINTS],
    ["what is no address", ["evil"], SANDBOX_ENDPOINTS],
  ];
  for (const [name, addresses, rules] of refused)
    it(`refuses ${name}`, async () =>
      expect(await lookUp("shop.example", rules, answering(addresses).resolve)).to.equal("address_not_allowed"));

  it("gives the socket exactly what it judged, and asks once", async () => {
    const server = answering(["8.8.8.8", "2606:4700::1111"], ["127.0.0.1"]);
    expect(await lookUp("shop.example", PUBLIC_ENDPOINTS, server.resolve)).to.deep.equal([
      { address: "8.8.8.8", family: 4 },
      { address: "2606:4700::1111", family: 6 },
    ]);
    expect(server.asked()).to.equal(1);
  });

  it("judges a name anew for the next socket", async () => {
    const { resolve } = answering(["8.8.8.8"], ["127.0.0.1"]);
    expect(await lookUp("shop.example", PUBLIC_ENDPOINTS, resolve)).to.deep.equal([{ address: "8.8.8.8", family: 4 }]);
    expect(await lookUp("shop.example", PUBLIC_ENDPOINTS, resolve)).to.equal("address_not_allowed");
  });

  it("gives one address to a socket that asks for one", async () => {
    const { resolve } = answering(["2606:4700::1111", "8.8.8.8"]);
    expect(await lookUp("shop.example", PUBLIC_ENDPOINTS, resolve, {})).to.deep.equal(["2606:4700::1111", 6]);
  });

  it("gives eight addresses at most", async () => {
    const found = await lookUp("shop.example", PUBLIC_ENDPOINTS, answering(Array<string>(100).fill("8.8.8.8")).resolve);
    expect(found).to.have.lengthOf(8);
  });

  it("tells a name without an address from a forbidden one", async () => {
    expect(await lookUp("shop.example", PUBLIC_ENDPOINTS, answering([]).resolve)).to.equal("name_not_resolved");
    const broken: ResolveName = async () => Promise.reject(new Error("SERVFAIL"));
    expect(await lookUp("shop.example", PUBLIC_ENDPOINTS, broken)).to.equal("name_not_resolved");
  });

  it("answers localhost itself, in the sandbox only", async () => {
    const never: ResolveName = async () => Promise.reject(new Error("asked"));
    const found = await lookUp("localhost", SANDBOX_ENDPOINTS, never);
    expect(found).to.deep.equal([
      { address: "127.0.0.1", family: 4 },
      { address: "::1", family: 6 },
    ]);
    expect(await lookUp("localhost", PUBLIC_ENDPOINTS, answering(["127.0.0.1"]).resolve)).to.equal(
      "address_not_allowed",
    );
  });
});
