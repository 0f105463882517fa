/** Cuts a stream of HTTP/1.1 bytes into whole requests or answers. Lengths by `Content-Length` or in chunks. */

export interface HttpText {
  /** `GET /path HTTP/1.1` or `HTTP/1.1 200 OK`. */
  readonly startLine: string;
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  /** Head and body as they came. */
  readonly bytes: Buffer;
  /** Where the body begins in `bytes`. */
  readonly bodyAt: number;
  readonly body: Buffer;
}

const HEAD_END = Buffer.from("\r\n\r\n");
const BODILESS: ReadonlySet<string> = new Set(["204", "304"]);

export class HttpTextReader {
  readonly #kind: "request" | "answer";
  #pending: Buffer = Buffer.alloc(0);

  constructor(kind: "request" | "answer") {
    this.#kind = kind;
  }

  /** The next message, once it is whole; call it with no bytes for another one that had come with it. */
  push(chunk: Buffer): HttpText | undefined {
    this.#pending = Buffer.concat([this.#pending, chunk]);
    const at = this.#pending.indexOf(HEAD_END);
    if (at === -1) return undefined;
    const bodyAt = at + HEAD_END.length;
    const [startLine = "", ...lines] = this.#pending.toString("latin1", 0, at).split("\r\n");
    const headers = new Map(lines.map(fieldOf));
    const length = this.#bodyLength(startLine, headers, bodyAt);
    if (length === undefined || this.#pending.length < bodyAt + length) return undefined;
    const bytes = this.#pending.subarray(0, bodyAt + length);
    this.#pending = this.#pending.subarray(bodyAt + length);
    return { startLine, headers, bytes, bodyAt, body: bytes.subarray(bodyAt) };
  }

  /** Undefined: more must come before it can be told. */
  #bodyLength(startLine: string, headers: ReadonlyMap<string, string>, bodyAt: number): number | undefined {
    if (this.#kind === "answer" && BODILESS.has(startLine.split(" ")[1] ?? "")) return 0;
    if (headers.get("transfer-encoding")?.toLowerCase() === "chunked") return chunkedLength(this.#pending, bodyAt);
    return Number(headers.get("content-length") ?? 0);
  }
}

function fieldOf(line: string): readonly [string, string] {
  const colon = line.indexOf(":");
  return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
}

/** Bytes of a body in chunks, with its framing; undefined while its end is not there. Trailers are not read. */
function chunkedLength(bytes: Buffer, from: number): number | undefined {
  for (let at = from; ; ) {
    const lineEnd = bytes.indexOf("\r\n", at);
    if (lineEnd === -1) return undefined;
    const size = Number.parseInt(bytes.toString("latin1", at, lineEnd), 16);
    at = lineEnd + 2 + size + 2;
    if (size === 0) return bytes.length >= at ? at - from : undefined;
    if (bytes.length < at) return undefined;
  }
}

/** The answer with `Connection: close` in its head. */
export function withConnectionClose(answer: HttpText): Pick<HttpText, "bytes" | "bodyAt"> {
  const head = answer.bytes.toString("latin1", 0, answer.bodyAt);
  const [startLine = "", ...lines] = head.trimEnd().split("\r\n");
  const kept = lines.filter((line) => !/^(connection|keep-alive):/i.test(line));
  const text = Buffer.from(`${[startLine, ...kept, "Connection: close"].join("\r\n")}\r\n\r\n`, "latin1");
  return { bytes: Buffer.concat([text, answer.body]), bodyAt: text.length };
}
