import { expect } from "chai";
import { createBasicCheck } from "./basic-credentials.ts";

const basic = (text: string): string => `Basic ${Buffer.from(text).toString("base64")}`;

describe("basic credentials", () => {
  const passes = createBasicCheck({ user: "adyen", password: "pass:wörd" });
  const cases: ReadonlyArray<readonly [name: string, header: string | undefined, passes: boolean]> = [
    ["the right ones", basic("adyen:pass:wörd"), true],
    ["the scheme in other case", basic("adyen:pass:wörd").replace("Basic", "bAsIc "), true],
    ["none", undefined, false],
    ["an empty header", "", false],
    ["the scheme alone", "Basic ", false],
    ["another scheme", basic("adyen:pass:wörd").replace("Basic", "Bearer"), false],
    ["no base64", "Basic adyen:pass", false],
    ["another user", basic("adyem:pass:wörd"), false],
    ["another password", basic("adyen:pass:word"), false],
    ["a password that begins alike", basic("adyen:pass"), false],
    ["one without a password", basic("adyen"), false],
  ];
  for (const [name, header, expected] of cases)
    it(`${name} -> ${expected}`, () => expect(passes(header)).to.equal(expected));

  it("are not looked at when none are set", () => expect(createBasicCheck(null)(undefined)).to.equal(true));

  for (const [user, password, says] of [
    ["", "x", /basicAuth\.user/],
    [" ", "x", /basicAuth\.user/],
    ["a:b", "x", /basicAuth\.user/],
    ["adyen", "", /basicAuth\.password/],
    ["adyen", "  ", /basicAuth\.password/],
  ] as const)
    it(`do not start with ${JSON.stringify([user, password])}`, () =>
      expect(() => createBasicCheck({ user, password })).to.throw(says));
});
