/** The command line of the proof, and which messages CI tries. */
import { expect } from "chai";
import { isEssential } from "./essential.ts";
import { readOptions } from "./options.ts";

describe("the options of chaos:messages", () => {
  it("have defaults; the clock gives the seed", () => {
    expect(readOptions([], 77)).to.deep.equal({
      kind: "run",
      options: {
        gateways: ["stripe", "adyen"],
        from: 1,
        to: 100_000,
        seed: 77,
        lanes: 12,
        essentialOnly: false,
        stopEarly: false,
        list: false,
        mutation: null,
      },
    });
  });

  for (const args of [["--gateway", "cash"], ["--mutation", "none"], ["--from", "x"], ["--lanes"], ["--unknown"]])
    it(`refuse ${args.join(" ")}`, () => expect(readOptions(args, 1).kind).to.equal("wrong"));
});

describe("the essential messages", () => {
  const cases: readonly (readonly [text: string, isEssential: boolean])[] = [
    ["create: node>postgres Bind commit_requests", true],
    ["create: node>postgres Bind BEGIN of commit_requests", false],
    ["create: node>postgres Execute COMMIT of commit_facts_with_side", true],
    ["capture: postgres>node CommandComplete COMMIT of commit_postings #2", true],
    ["capture: postgres>node CommandComplete SELECT 1 of commit_postings", false],
    ["refund: node>stripe connects for POST /v1/refunds", true],
    ["refund: node>stripe head of POST /v1/refunds", false],
    ["refund: node>adyen last byte of POST /v72/payments/:id/refunds", true],
    ["refund: adyen>node answer's last byte to POST /v72/payments/:id/refunds", true],
    ["refund: adyen>node last byte of POST /v1/webhooks/adyen", true],
    ["refund: node>adyen answer's last byte to POST /v1/webhooks/adyen", true],
    ["create: client>node last byte of POST /v1/payments", false],
    ["create: node>client answer's last byte to POST /v1/payments", true],
    ["capture: node>postgres Bind find_notices", false],
  ];
  for (const [text, expected] of cases)
    it(`${expected ? "are" : "are not"}: ${text}`, () => expect(isEssential(text)).to.equal(expected));
});
