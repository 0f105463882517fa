/** Framing that the HTTP library or the head check refuses (rows 1 to 7 and 10), as bytes, and what each gets. */

export const HOST = "Host: a\r\n";

/** `status`: null when the library closes without an answer. `closed`: the connection ends. */
export interface Framing {
  readonly row: number;
  readonly name: string;
  readonly bytes: string;
  readonly status: number | null;
}

const framing = (row: number, name: string, bytes: string, status: number | null): Framing => ({
  row,
  name,
  bytes,
  status,
});
const post = (headers: string, body: string): string => `POST /v1/payments HTTP/1.1\r\n${HOST}${headers}\r\n${body}`;
export const get = (headers: string): string => `GET /v1/meta/state-machine HTTP/1.1\r\n${headers}\r\n`;

export const FRAMING: readonly Framing[] = [
  framing(
    1,
    "Content-Length and Transfer-Encoding",
    post("Content-Length: 3\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"),
    400,
  ),
  framing(1, "two Content-Lengths", post("Content-Length: 3\r\nContent-Length: 4\r\n", "abcd"), 400),
  framing(1, "+5", post("Content-Length: +5\r\n", "abcde"), 400),
  framing(1, "5,5", post("Content-Length: 5,5\r\n", "abcde"), 400),
  framing(1, "20 digits", post("Content-Length: 12345678901234567890\r\n", "abcde"), 400),
  framing(2, "gzip", post("Transfer-Encoding: gzip\r\n", "abc"), 400),
  framing(2, "xchunked", post("Transfer-Encoding: xchunked\r\n", "abc"), 400),
  framing(2, "chunked, identity", post("Transfer-Encoding: chunked, identity\r\n", "3\r\nabc\r\n0\r\n\r\n"), 400),
  framing(4, "HTTP/1.0", `GET / HTTP/1.0\r\n${HOST}\r\n`, 505),
  framing(4, "HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
  framing(4, "garbage", "\u0000\u0001garbage\r\n\r\n", 505),
  framing(4, "TLS", "\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003", 505),
  framing(5, "no Host", get(""), null),
  framing(5, "empty Host", get("Host:\r\n"), 400),
  framing(5, "two Hosts", get(`${HOST}Host: b\r\n`), 400),
  framing(6, "5,000 bytes", get(`${HOST}X: ${"a".repeat(5_000)}\r\n`), 431),
  framing(6, "120 headers", get(HOST + Array.from({ length: 120 }, (_, i) => `X${i}: 1\r\n`).join("")), 431),
  framing(7, "folded line", get(`${HOST}X: a\r\n b\r\n`), null),
  framing(7, "space before the colon", get(`${HOST}X : a\r\n`), null),
  framing(7, "NUL in a value", get(`${HOST}X: a\u0000b\r\n`), null),
  framing(7, "CR in a value", get(`${HOST}X: a\rb\r\n`), null),
  framing(7, "8-bit in a name", get(`${HOST}X\u00e9: a\r\n`), null),
  framing(10, "absolute form", `GET http://a/v1/payments HTTP/1.1\r\n${HOST}\r\n`, 505),
];
