/** Posts notifications to local receivers over kept connections. */
import { Agent, request } from "node:http";

export interface Notification {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}
/** What the receiver said; `status` 0: nothing in time. */
export interface Receipt {
  readonly status: number;
  readonly body: string;
  readonly tookMs: number;
}

/** `cut`: the connection was refused or reset. `silent`: nothing in time, or we have ended it ourselves. */
export interface Posted {
  readonly receipt: Receipt;
  readonly end: "answered" | "cut" | "silent";
}

const CUT_CODES: ReadonlySet<string | undefined> = new Set(["ECONNREFUSED", "ECONNRESET", "EPIPE"]);
const ANSWER_LENGTH_MAX = 4_096;
/** Below the time after which common servers close an idle connection: a lost one would look like a refusal. */
const IDLE_MS = 4_000;

export class WebhookSender {
  readonly #timeoutMs: number;
  readonly #agent = new Agent({ keepAlive: true, timeout: IDLE_MS });
  readonly #ending = new AbortController();

  /** `timeoutMs`: in total. */
  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
  }

  /** One request; a redirect is an answer like any other. Never rejects. */
  post(url: string, { headers, body }: Notification): Promise<Posted> {
    const startedMs = performance.now();
    return new Promise((resolve) => {
      const end = (how: Posted["end"], status: number, text: string): void => {
        clearTimeout(timer);
        resolve({ receipt: { status, body: text, tookMs: performance.now() - startedMs }, end: how });
      };
      const fail = ({ code, message }: NodeJS.ErrnoException): void =>
        end(CUT_CODES.has(code) ? "cut" : "silent", 0, message);
      const bytes = Buffer.from(body);
      const outgoing = request(url, {
        method: "POST",
        agent: this.#agent,
        signal: this.#ending.signal,
        headers: { "content-type": "application/json; charset=utf-8", ...headers, "content-length": bytes.length },
      });
      const timer = setTimeout(() => outgoing.destroy(new Error("no answer in time")), this.#timeoutMs);
      outgoing.on("error", fail);
      outgoing.on("response", (response) => {
        let text = "";
        response.setEncoding("utf8");
        response.on("data", (chunk: string) => (text = (text + chunk).slice(0, ANSWER_LENGTH_MAX)));
        response.on("end", () => end("answered", response.statusCode ?? 0, text));
        response.on("error", fail);
      });
      outgoing.end(bytes);
    });
  }

  /** Ends what is under way as unanswered. */
  close(): void {
    this.#ending.abort();
    this.#agent.destroy();
  }
}
