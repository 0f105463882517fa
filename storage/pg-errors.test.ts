import { expect } from "chai";
import { DatabaseError } from "pg";
import { kindOfSqlState, outcomeOfFailedStatement, reasonOf } from "./pg-errors.ts";
import { outcomeOf } from "./writer.ts";

const serverError = (code: string, severity = "ERROR"): DatabaseError =>
  Object.assign(new DatabaseError("Key (key)=(secret value) already exists", 0, "error"), {
    code,
    severity,
    constraint: "some_key",
    detail: "secret value",
  });

describe("errors of PostgreSQL", () => {
  const kinds: readonly (readonly [string, string])[] = [
    ["PC001", "fenced"],
    ["PC002", "unknown"],
    ["23505", "rejected"],
    ["23514", "rejected"],
    ["22003", "rejected"],
    ["22021", "rejected"],
    ["40001", "unavailable"],
    ["40P01", "unavailable"],
    ["55P03", "unavailable"],
    ["53100", "unavailable"],
    ["57014", "unavailable"],
    ["25006", "unavailable"],
    ["42501", "unavailable"],
    ["XX000", "unavailable"],
    ["25P03", "unknown"],
    ["57P01", "unknown"],
    ["57P02", "unknown"],
    ["57P03", "unknown"],
    ["08006", "unknown"],
  ];
  for (const [sqlState, kind] of kinds)
    it(`${sqlState} is ${kind}`, () => expect(kindOfSqlState(sqlState)).to.equal(kind));

  it("leaves doubt when the session ended with the error, whatever its code", () => {
    expect(outcomeOfFailedStatement(serverError("23505", "FATAL"))).to.deep.equal({ kind: "unknown" });
    expect(outcomeOfFailedStatement(new Error("read ECONNRESET"))).to.deep.equal({ kind: "unknown" });
  });

  it("says the constraint, never a value of a row", () => {
    expect(outcomeOfFailedStatement(serverError("23505"))).to.deep.equal({
      kind: "rejected",
      sqlState: "23505",
      constraint: "some_key",
    });
    expect(reasonOf(serverError("23505"))).to.equal("23505 some_key");
  });
});

describe("the end of a transaction", () => {
  const error = serverError("40001");
  const cases: readonly (readonly [string, readonly string[], unknown, boolean, string])[] = [
    ["COMMIT answered", ["BEGIN", "SELECT 1", "COMMIT"], undefined, false, "committed"],
    ["COMMIT answered ROLLBACK", ["BEGIN", "SELECT 1", "ROLLBACK"], undefined, false, "unavailable"],
    ["COMMIT answered with a warning", ["BEGIN", "SELECT 1", "COMMIT"], undefined, true, "unknown"],
    ["COMMIT not answered", ["BEGIN", "SELECT 1"], undefined, false, "unknown"],
    ["error in the statement", ["BEGIN"], error, false, "unavailable"],
    ["error in COMMIT", ["BEGIN", "SELECT 1"], error, false, "unknown"],
    ["connection lost before BEGIN was answered", [], new Error("ECONNRESET"), false, "unknown"],
    [
      "connection lost after COMMIT was answered",
      ["BEGIN", "SELECT 1", "COMMIT"],
      new Error("ECONNRESET"),
      false,
      "unknown",
    ],
  ];
  for (const [what, tags, cause, warned, kind] of cases)
    it(`${what}: ${kind}`, () => expect(outcomeOf(tags, cause, warned).kind).to.equal(kind));
});
