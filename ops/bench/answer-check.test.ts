import { expect } from "chai";
import { isRefusal, judgeConflict, judgePayment, judgeRead, judgeRefund, judgeReplay } from "./answer-check.ts";
import type { ResponseView } from "./http-response.ts";
import { OUTCOME } from "./load-terms.ts";
import { READ_KINDS } from "./read-mix.ts";

const HEAD = 'HTTP/1.1 200 OK\r\n\r\n"status":"captured"'; // what stands before the body proves nothing
const ID = Buffer.from(`pay_${"7".repeat(26)}`);
const answer = (body: string, status = 200): readonly [Buffer, ResponseView] => {
  const bytes = Buffer.from(`${HEAD}${body}"status":"captured","object":"list"`); // nor what an earlier answer left behind
  return [bytes, { status, bodyStart: HEAD.length, bodyEnd: HEAD.length + body.length, gatewayMs: -1, closes: false }];
};
const readNamed = (name: string): number => READ_KINDS.findIndex((kind) => kind.name === name);

describe("answer check", () => {
  const statuses: readonly (readonly [string, (status: number) => number, readonly number[]])[] = [
    ["a payment", judgePayment, [201, 202, 402]],
    ["a refund", judgeRefund, [201, 202]],
    ["a conflict", judgeConflict, [422]],
  ];
  for (const [what, judge, right] of statuses)
    it(`takes ${right.join(", ")} for right answers to ${what}, and no other`, () => {
      for (const status of [200, 201, 202, 400, 402, 404, 409, 422, 500, 502])
        expect(judge(status) === OUTCOME.accepted, String(status)).to.equal(right.includes(status));
    });

  it("knows a refusal", () =>
    expect([201, 429, 500, 503, 504].filter((status) => isRefusal(status))).to.deep.equal([429, 503]));

  it("wants a replay to the byte, with its status", () => {
    const original = { k: 1, status: 201, body: Buffer.from('{"id":1}') };
    expect(judgeReplay(original, ...answer('{"id":1}', 201))).to.equal(OUTCOME.accepted);
    expect(judgeReplay(original, ...answer('{"id":1}', 402))).to.equal(OUTCOME.wrong);
    expect(judgeReplay(original, ...answer('{"id":2}', 201))).to.equal(OUTCOME.wrong);
    expect(judgeReplay(original, ...answer('{"id":1} ', 201))).to.equal(OUTCOME.wrong);
  });

  const payment = (id: string, status: string): string => `{"id":"${id}","object":"payment","status":"${status}"}`;
  const of = (id: string): string => `{"object":"list","data":[{"id":"x","payment_id":"${id}"}]}`;
  const other = `pay_${"8".repeat(26)}`;
  const reads: readonly (readonly [string, string, boolean])[] = [
    ["payment, recent", payment(ID.toString(), "captured"), true],
    ["payment, recent", payment(other, "captured"), false],
    ["payment, older", payment(ID.toString(), "pending"), false],
    ["refunds", of(ID.toString()), true],
    ["refunds", of(other), false],
    ["refunds", '{"object":"list","data":[]}', false],
    ["payment events", of(ID.toString()), true],
    ["payments", '{"object":"list","data":[]}', true],
    ["payments", '{"object":"balances"}', false],
    ["balances", '{"object":"balances","data":[]}', true],
  ];
  for (const [name, body, isRight] of reads)
    it(`${isRight ? "accepts" : "refuses"} for ${name}: ${body}`, () => {
      const read = readNamed(name);
      const id = READ_KINDS[read]?.target === "none" ? null : ID;
      expect(judgeRead(read, id, ...answer(body))).to.equal(isRight ? OUTCOME.accepted : OUTCOME.wrong);
    });

  it("takes no read for right that is not 200", () => {
    for (const status of [201, 404, 500])
      expect(judgeRead(readNamed("balances"), null, ...answer('{"object":"balances"}', status))).to.equal(
        OUTCOME.wrong,
      );
  });
});
