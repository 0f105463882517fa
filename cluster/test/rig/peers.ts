/** Two ends of a link for tests: requests, a handler that answers them, a link that keeps account of every ticket. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { type MerchantId, mintId } from "../../../actors/domain/index.ts";
import type { ShardReply } from "../../../actors/index.ts";
import type { PeerAnswer, PeerRequest } from "../../../actors/wire/index.ts";
import { systemClock, systemRandom } from "../../clock.ts";
import { type PeerHandler, PeerLink, type PeerLinkParts } from "../../peers/index.ts";

const merchantId: MerchantId = mintId("mer", 0, 0, new Uint8Array(8));

export const requestOf = (ticket: number, bytes = 300, more: Partial<PeerRequest> = {}): PeerRequest => {
  const nowMs = systemClock.monotonicMs();
  return {
    shard: ticket % 4,
    generation: 7n,
    hops: 0,
    deadlineAtMs: nowMs + 10_000,
    request: {
      kind: "createPayment",
      ticket,
      requestId: `req-${ticket}`,
      merchantId,
      receivedAtMs: nowMs,
      handedOverAtMs: nowMs,
      rate: null,
      idempotencyKey: `key-${ticket}`,
      body: new Uint8Array(bytes).fill(ticket),
    },
    ...more,
  };
};

export const replyTo = ({ request }: PeerRequest, more: Partial<ShardReply> = {}): PeerAnswer => ({
  kind: "reply",
  reply: {
    ticket: request.ticket,
    status: 201,
    body: "body" in request ? Uint8Array.from(request.body) : new Uint8Array(0),
    problem: false,
    code: null,
    replayed: false,
    retryAfterS: null,
    location: null,
    gatewayMs: null,
    final: true,
    rate: null,
    ...more,
  },
});

/** Answers everything at once. */
export const echo: PeerHandler = {
  onRequests: (_, items, answer) => items.forEach((item) => answer(replyTo(item))),
  onNotices: (_, items, answer) =>
    items.forEach(({ delivery }) => answer({ kind: "receipt", receipt: { ticket: delivery.ticket, taken: true } })),
  onFacts: () => {},
};

export type TicketEnd = "answered" | "unknown" | "unsent";

/** A log that keeps its lines. */
export class KeptLog {
  readonly lines: { readonly message: string; readonly [field: string]: unknown }[] = [];
  readonly #keep = (fields: Readonly<Record<string, unknown>>, message: string): void =>
    void this.lines.push({ ...fields, message });
  readonly info = this.#keep;
  readonly warn = this.#keep;
  readonly error = this.#keep;
  /** All that was said. */
  get text(): string {
    return this.lines.map((line) => JSON.stringify(line)).join("\n");
  }
}

/** A link, and what became of each ticket: all its ends, in order. */
export class WatchedLink {
  readonly link: PeerLink;
  readonly log = new KeptLog();
  readonly ends = new Map<number, TicketEnd[]>();
  readonly answers: PeerAnswer[] = [];
  #sent = 0;
  #refused = 0;

  constructor(address: string, more: Partial<PeerLinkParts> = {}) {
    const end = (ticket: number, how: TicketEnd): void => {
      const ends = this.ends.get(ticket);
      if (ends === undefined) this.ends.set(ticket, [how]);
      else ends.push(how);
    };
    this.link = new PeerLink({
      node: "node-2",
      address,
      credentials: { kind: "insecure" },
      self: { node: "node-1", process: "p1" },
      clock: systemClock,
      random: systemRandom(),
      log: this.log,
      onAnswers: (answers) => {
        for (const answer of answers) {
          this.answers.push(answer);
          if (answer.kind !== "receipt") end(answer.kind === "reply" ? answer.reply.ticket : answer.ticket, "answered");
        }
      },
      onBroken: (unknown, unsent) => {
        for (const ticket of unknown) end(ticket, "unknown");
        for (const ticket of unsent) end(ticket, "unsent");
      },
      ...more,
    });
    this.link.start();
  }

  /** Requests that were taken. */
  get sent(): number {
    return this.#sent;
  }
  send(request: PeerRequest): boolean {
    const isTaken = this.link.sendRequest(request);
    if (isTaken) this.#sent++;
    else this.#refused++;
    return isTaken;
  }
  get refused(): number {
    return this.#refused;
  }
  /** How many tickets ended in which way; one that ended twice counts as `twice`. */
  get tally(): Readonly<Record<TicketEnd | "twice", number>> {
    const tally = { answered: 0, unknown: 0, unsent: 0, twice: 0 };
    for (const ends of this.ends.values()) tally[ends.length > 1 ? "twice" : (ends[0] as TicketEnd)]++;
    return tally;
  }
}

/** A peer in a process of its own. */
export class PeerProcess {
  readonly #child: ChildProcess;
  readonly url: string;

  private constructor(child: ChildProcess, url: string) {
    this.#child = child;
    this.url = url;
  }

  static async start(node: string, port = 0): Promise<PeerProcess> {
    const script = join(import.meta.dirname, "peer-echo.ts");
    const child = spawn(process.execPath, [script, node, String(port)], { stdio: ["ignore", "pipe", "inherit"] });
    const [line] = (await once(child.stdout, "data")) as [Buffer];
    return new PeerProcess(child, (JSON.parse(line.toString()) as { readonly url: string }).url);
  }

  signal(name: "SIGSTOP" | "SIGCONT"): void {
    this.#child.kill(name);
  }
  /** Also a frozen one. */
  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await gone;
  }
}
