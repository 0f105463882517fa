import { expect } from "chai";
import fc from "fast-check";
import { makeResponseView, readResponse } from "./http-response.ts";

const answer = (headers: readonly string[], body: string): Buffer =>
  Buffer.from(`HTTP/1.1 201 Created\r\n${[...headers, `Content-Length: ${body.length}`].join("\r\n")}\r\n\r\n${body}`);

describe("readResponse", () => {
  const whole = answer(
    ["Request-Id: r1", "Gateway-Time-Ms: 50.25", "content-type: application/json"],
    '{"id":"pay_1"}',
  );

  it("reads status, body and the gateway's time", () => {
    const view = makeResponseView();
    expect(readResponse(whole, 0, whole.length, view)).to.equal("complete");
    expect(view).to.include({ status: 201, gatewayMs: 50.25, closes: false, bodyEnd: whole.length });
    expect(whole.toString("utf8", view.bodyStart, view.bodyEnd)).to.equal('{"id":"pay_1"}');
  });

  it("asks for more after every prefix and then gives the same answer", () => {
    for (let cut = 0; cut < whole.length; cut++) {
      const view = makeResponseView();
      expect(readResponse(whole, 0, cut, view), `${cut} bytes`).to.equal("partial");
      expect(readResponse(whole, 0, whole.length, view)).to.equal("complete");
      expect(view).to.include({ status: 201, gatewayMs: 50.25 });
    }
  });

  it("finds an answer behind another one, whatever their bodies hold", () =>
    fc.assert(
      fc.property(fc.string({ unit: "grapheme-ascii" }), fc.string({ unit: "grapheme-ascii" }), (first, second) => {
        const bytes = Buffer.concat([answer([], `${first}\r\n\r\n`), answer(["Connection: close"], second)]);
        const view = makeResponseView();
        expect(readResponse(bytes, 0, bytes.length, view)).to.equal("complete");
        expect(view.closes).to.equal(false);
        expect(readResponse(bytes, view.bodyEnd, bytes.length, view)).to.equal("complete");
        expect(view.closes).to.equal(true);
        expect(bytes.toString("utf8", view.bodyStart, view.bodyEnd)).to.equal(second);
      }),
    ));

  it("does not take the gateway's time over from the answer before", () => {
    const view = makeResponseView();
    readResponse(whole, 0, whole.length, view);
    const plain = answer([], "{}");
    readResponse(plain, 0, plain.length, view);
    expect(view.gatewayMs).to.equal(-1);
  });

  for (const [text, why] of [
    ["HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n", "no length"],
    ["BREW coffee\r\n\r\n", "no status"],
    ["HTTP/1.1 999 Odd\r\n\r\n", "a status that is none"],
  ] as const)
    it(`calls an answer with ${why} malformed`, () =>
      expect(readResponse(Buffer.from(text), 0, text.length, makeResponseView())).to.equal("malformed"));
});
