/**
 * The link between the node and its PostgreSQL, message by message. It hides the application's name, so that no take-over
 * can end sessions of a dead owner: the fence alone stands against them. What a dead node had sent of a commit, and the
 * link had kept, is delivered when its successor serves, unless that session holds the lease's lock.
 */
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import type { Lane } from "./lane.ts";
import { databaseOf, type Frame, FrameReader, sqlStateOf, tagOf, withoutApplicationName } from "./postgres-frames.ts";
import { endsRound, Round } from "./postgres-rounds.ts";

const LATE_WITHIN_MS = 5_000;

export class PostgresLink {
  readonly #server: Server;
  readonly #open = new Set<Session>();
  /** Of dead nodes: they still have something to say. */
  #late: Session[] = [];

  private constructor(server: Server) {
    this.#server = server;
  }

  /** Listens on a free port of loopback. `laneOf`: by a database's name; undefined: its messages are not looked at. */
  static async start(
    target: { readonly host: string; readonly port: number },
    laneOf: (database: string) => Lane | undefined,
  ): Promise<PostgresLink> {
    const server = createServer({ noDelay: true, allowHalfOpen: true });
    const link = new PostgresLink(server);
    server.on("connection", (client) => {
      const session = new Session(client, connect({ ...target, noDelay: true, allowHalfOpen: true }), laneOf);
      link.#open.add(session);
      void session.clientGone.then(() => {
        link.#open.delete(session);
        if (session.hasMore) link.#late.push(session);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return link;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Cuts all connections of lanes: what comes next begins on new ones, which have nothing prepared. */
  resetLanes(): void {
    for (const session of this.#open) if (session.isOfLane) session.cut();
  }

  /** Resolves when the node's end of every connection is closed. */
  async allClosed(): Promise<void> {
    await Promise.all([...this.#open].map((session) => session.clientGone));
  }

  /** Delivers what dead nodes had sent; resolves when the server has answered, or has ended those sessions. */
  async deliverLate(): Promise<void> {
    await Promise.all(this.#late.splice(0).map((session) => session.deliverLate()));
  }

  async stop(): Promise<void> {
    for (const session of [...this.#open, ...this.#late]) session.cut();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}

interface Held {
  readonly frame: Frame;
  readonly round: Round;
}

/** One connection of the node with its backend. */
class Session {
  readonly clientGone: Promise<void>;
  readonly #client: Socket;
  readonly #server: Socket;
  readonly #laneOf: (database: string) => Lane | undefined;
  #lane: Lane | undefined;
  /** What the client says now; undecided messages wait in `#ahead`. */
  #asked = new Round();
  #ahead: Frame[] = [];
  /** Rounds that the server has not ended yet, the oldest first. */
  readonly #owed: Round[] = [];
  /** Kept back from the server. */
  #held: Held[] = [];
  #answerLate: ((how: string) => void) | undefined;

  constructor(client: Socket, server: Socket, laneOf: (database: string) => Lane | undefined) {
    this.#client = client;
    this.#server = server;
    this.#laneOf = laneOf;
    const fromClient = new FrameReader(true);
    const fromServer = new FrameReader(false);
    client.on("data", (chunk) => fromClient.push(chunk).forEach((frame) => this.#fromClient(frame)));
    server.on("data", (chunk) => fromServer.push(chunk).forEach((frame) => this.#fromServer(frame)));
    client.on("error", () => client.destroy());
    server.on("error", () => server.destroy());
    client.on("end", () => client.end());
    server.on("end", () => server.end());
    server.on("close", () => {
      client.destroy();
      this.#answerLate?.("connection ended");
    });
    this.clientGone = new Promise((resolve) => {
      client.on("close", () => {
        if (!this.hasMore) server.end(); // as the dead node's system does; what was passed on is still executed
        resolve();
      });
    });
  }

  get isOfLane(): boolean {
    return this.#lane !== undefined;
  }

  /** A commit that was kept back whole or in part, by a session that holds no lock. */
  get hasMore(): boolean {
    const first = this.#held[0]?.round;
    if (first === undefined || !first.isCommit || first.lockPassed || this.#server.destroyed) return false;
    return this.#held.some(({ frame, round }) => round === first && endsRound(frame));
  }

  cut(): void {
    this.#held = [];
    this.#server.end();
    this.#client.destroy();
  }

  async deliverLate(): Promise<void> {
    const lane = this.#lane as Lane; // of a session without one nothing is held
    const first = this.#held[0]?.round;
    const answered = new Promise<string>((resolve) => {
      this.#answerLate = resolve;
    });
    for (const { frame, round } of this.#held.splice(0)) {
      if (round !== first) break; // it would wait for the answer
      lane.late("node>postgres", round.sent(frame) ?? "in the background");
      this.#server.write(frame.bytes);
    }
    const limit = setTimeout(() => this.#answerLate?.("no answer"), LATE_WITHIN_MS);
    lane.lateCommits.push(await answered);
    clearTimeout(limit);
    this.#server.end();
  }

  #fromClient(frame: Frame): void {
    if (frame.type === "") {
      this.#lane = this.#laneOf(databaseOf(frame));
      this.#server.write(this.#lane === undefined ? frame.bytes : withoutApplicationName(frame));
      return;
    }
    if (this.#lane === undefined || frame.type === "p") return void this.#server.write(frame.bytes); // "p": the password
    const round = this.#asked;
    round.read(frame);
    this.#ahead.push(frame);
    if (endsRound(frame)) this.#asked = new Round();
    if (!round.isDecided) return;
    for (const one of this.#ahead.splice(0)) this.#toServer({ frame: one, round }, this.#lane);
  }

  #toServer(item: Held, lane: Lane): void {
    const { frame, round } = item;
    if (this.#owed.at(-1) !== round) this.#owed.push(round);
    if (lane.isFrozen) {
      this.#held.push(item);
      return;
    }
    lane.pass("node>postgres", round.sent(frame));
    this.#server.write(frame.bytes);
  }

  #fromServer(frame: Frame): void {
    if (this.#answerLate !== undefined) return this.#lateAnswer(frame);
    const round = this.#owed[0];
    if (this.#lane === undefined || round === undefined || NOTICES.has(frame.type)) return this.#toClient(frame);
    const { n, held } = this.#lane.pass("postgres>node", round.answered(frame));
    if (frame.type === "Z") this.#owed.shift();
    if (held) return; // it dies with the node
    if (frame.type === "D") this.#lane.told.push({ n, bytes: [frame.bytes] });
    if (frame.type === "C" && tagOf(frame) === "COMMIT") this.#lane.told.push({ n, bytes: round.binds });
    this.#toClient(frame);
  }

  #toClient(frame: Frame): void {
    if (!this.#client.destroyed) this.#client.write(frame.bytes);
  }

  /** The first tag or error that tells how a late commit ended. */
  #lateAnswer(frame: Frame): void {
    if (frame.type === "E") this.#answerLate?.(sqlStateOf(frame));
    if (frame.type === "C" && tagOf(frame) === "COMMIT") this.#answerLate?.("COMMIT");
    if (frame.type === "Z") this.#answerLate?.("no commit");
  }
}

/** The server sends these when it likes: a notice, a parameter's value, a notification. */
const NOTICES: ReadonlySet<string> = new Set(["N", "S", "A"]);
