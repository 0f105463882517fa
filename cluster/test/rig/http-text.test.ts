/** HTTP messages cut from a stream, however it comes. */
import { expect } from "chai";
import { type HttpText, HttpTextReader, withConnectionClose } from "./http-text.ts";

const POST = "POST /v1/refunds HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello";
const GET = "GET /v1/payments HTTP/1.1\r\nHost: a\r\n\r\n";
const CHUNKED = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nA\r\n0123456789\r\n0\r\n\r\n";
const EMPTY = "HTTP/1.1 204 No Content\r\nContent-Length: 7\r\n\r\n";

function readAll(kind: "request" | "answer", chunks: readonly Buffer[]): readonly HttpText[] {
  const reader = new HttpTextReader(kind);
  const found: HttpText[] = [];
  for (const chunk of chunks)
    for (let one = reader.push(chunk); one !== undefined; one = reader.push(Buffer.alloc(0))) found.push(one);
  return found;
}

describe("HTTP messages in a stream", () => {
  const cases: readonly (readonly [name: string, kind: "request" | "answer", texts: readonly string[]])[] = [
    ["a request with a body, then a bare one", "request", [POST, GET]],
    ["an answer in chunks, then one without a body", "answer", [CHUNKED, EMPTY]],
  ];
  for (const [name, kind, texts] of cases)
    it(`are whole: ${name}`, () => {
      const bytes = Buffer.from(texts.join(""));
      for (const chunks of [[bytes], [...bytes].map((byte) => Buffer.from([byte]))])
        expect(readAll(kind, chunks).map((one) => one.bytes.toString())).to.deep.equal(texts);
    });

  it("have fields and a body", () => {
    const [found] = readAll("request", [Buffer.from(POST)]);
    expect([found?.headers.get("content-length"), found?.body.toString()]).to.deep.equal(["5", "hello"]);
  });

  it("can be told to end their connection", () => {
    const [found] = readAll("answer", [
      Buffer.from("HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nhi"),
    ]);
    const { bytes, bodyAt } = withConnectionClose(found as HttpText);
    expect(bytes.toString()).to.equal("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi");
    expect(bytes.toString("latin1", bodyAt)).to.equal("hi");
  });
});
