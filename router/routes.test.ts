import { expect } from "chai";
import { NEXT_STATUS, REFUSALS, type RefusalCode, refuse } from "../actors/domain/index.ts";
import { retryAfterSOf, statusLine } from "./http-errors.ts";
import { matchRoute } from "./routes.ts";
import { stateMachineJson } from "./state-machine.ts";

describe("routes", () => {
  const cases: readonly (readonly [method: string, path: string, expected: string])[] = [
    ["POST", "/v1/payments", "create_payment"],
    ["GET", "/v1/payments/pay_1", "get_payment pay_1"],
    ["GET", "/v1/meta/state-machine", "state_machine"],
    ["GET", "/v1/payments", "allow POST"],
    ["PUT", "/v1/payments/pay_1", "allow GET"],
    ["get", "/v1/payments/pay_1", "allow GET"],
    ["GET", "/oauth/token", "allow POST"],
    ["GET", "/", "unknown"],
    ["GET", "", "unknown"],
    ["GET", "/v1/payments/", "unknown"],
    ["GET", "/v1/payments/a/b", "unknown"],
    ["GET", "/v1/payments/{id}", "get_payment {id}"],
    ["GET", "//v1/payments", "unknown"],
    ["GET", "/V1/payments", "unknown"],
  ];
  for (const [method, path, expected] of cases)
    it(`${method} ${path}`, () => {
      const match = matchRoute(method, path);
      const shown =
        match.kind === "route"
          ? `${match.route.name} ${match.id}`.trim()
          : match.kind === "wrongMethod"
            ? `allow ${match.allow}`
            : match.kind;
      expect(shown).to.equal(expected);
    });
});

describe("HTTP errors", () => {
  it("has a status line for every code", () => {
    for (const code of Object.keys(REFUSALS) as RefusalCode[])
      expect(statusLine(REFUSALS[code].status)).to.match(new RegExp(`^${REFUSALS[code].status} [A-Z]`));
    expect(() => statusLine(1)).to.throw();
  });

  it("says when to come back, for what may be sent again", () => {
    for (const code of Object.keys(REFUSALS) as RefusalCode[])
      if (code !== "internal_error")
        expect(retryAfterSOf(refuse(code, "")) !== null, code).to.equal(REFUSALS[code].retryable);
    expect(retryAfterSOf(refuse("overloaded", "", { retryAfterS: 7 }))).to.equal(7);
  });
});

describe("state machine document", () => {
  it("shows legal changes and no others", () => {
    const { payment } = JSON.parse(stateMachineJson()) as { payment: { transitions: object[] } };
    expect(payment.transitions).to.deep.include({ from: "failed", by: "lateCaptured", to: "captured" });
    expect(payment.transitions).to.not.deep.include({ from: "captured", by: "voided", to: "canceled" });
    const cells = Object.values(NEXT_STATUS).flatMap((row) => Object.keys(row));
    expect(payment.transitions).to.have.lengthOf(cells.length);
  });
});
