/**
 * The door of the gateways: takes their notifications as raw bytes, has them verified, and acknowledges them once they
 * are on disk (gateways.md §2). Whoever sends them is known only by the signature over the whole body, so until then a
 * delivery costs a bounded piece of memory and nothing else.
 */
import { type GatewayName, refuse } from "../actors/domain/index.ts";
import type { Clock, GatewayNotice, Log, NoticeReader } from "../actors/index.ts";
import { checkJsonBody, isDeclaredTooLarge } from "./admission.ts";
import { type Answer, answerNotification, JSON_TYPE } from "./answers.ts";
import { BodyBudget } from "./body-budget.ts";
import type { Exchange } from "./exchange.ts";
import type { RouterMetrics } from "./metrics.ts";
import type { OpenExchanges } from "./open-exchanges.ts";
import type { RequestHead } from "./request-head.ts";
import type { RouteName } from "./routes.ts";

/** Who reads notifications, and who writes them down. */
export interface NoticeIntake {
  /** At most one for each gateway. */
  readonly readers: readonly NoticeReader[];
  /**
   * Called with the notices of one delivery, at least one. Calls `done` once, now or later: true when every one of them
   * is on disk. Goes on when the sender leaves.
   */
  deliver(notices: readonly GatewayNotice[], done: (taken: boolean) => void): void;
}

/** Largest delivery, bytes: gateways send batches, so it is more than merchants may send. */
export const WEBHOOK_BODY_MAX_BYTES = 1024 * 1024;
/** All bodies that are being received or verified: a thousand usual ones a second need about 2 MB. */
const WEBHOOK_BYTES_OPEN_MAX = 64 * 1024 * 1024;
/** Of them, what one address may hold: a gateway that is slow needs far less. */
const WEBHOOK_BYTES_OF_ONE_MAX = 8 * 1024 * 1024;
/** A body that takes longer is not a gateway's: a megabyte takes it a fraction of a second. */
const BODY_WITHIN_MS = 3_000;
/** What a delivery counts against its address: gateways send everything from a few of them. */
export const WEBHOOK_WEIGHT = 0.25;

/** Whose notifications a route takes. */
const GATEWAYS: { readonly [N in RouteName]?: GatewayName } = { stripe_webhook: "stripe", adyen_webhook: "adyen" };

export const isWebhookRoute = (route: RouteName): boolean => GATEWAYS[route] !== undefined;

const RECEIVED: Answer = answerNotification({ contentType: JSON_TYPE, body: '{"received":true}' });
/** Adyen once looked for these words and now looks at the status: both are content. */
const ACCEPTED: Answer = answerNotification({ contentType: "text/plain", body: "[accepted]" });
const ACKNOWLEDGEMENTS: { readonly [G in GatewayName]?: Answer } = { adyen: ACCEPTED };

const UNKNOWN_PATH = refuse("not_found", "There is no such path.");
const TOO_LARGE = refuse("body_too_large", "The body is over 1 MiB.");
const NO_ROOM = refuse("overloaded", "Too many notifications are being received.");
const NOT_TAKEN = refuse("shard_unavailable", "No shard could write the notification down; send it again.");
const REFUSALS_OF_READERS = {
  invalid_signature: refuse("invalid_signature", "The signature does not fit the body, or is too old."),
  malformed: refuse("invalid_request", "The body is no notification of this gateway."),
} as const;

export interface WebhookDoorOptions {
  readonly intake: NoticeIntake | null;
  readonly exchanges: OpenExchanges;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: RouterMetrics;
}

export class WebhookDoor {
  readonly #options: WebhookDoorOptions;
  readonly #readers: ReadonlyMap<GatewayName, NoticeReader>;
  readonly #budget = new BodyBudget(WEBHOOK_BYTES_OPEN_MAX, WEBHOOK_BYTES_OF_ONE_MAX);

  constructor(options: WebhookDoorOptions) {
    this.#options = options;
    this.#readers = new Map(options.intake?.readers.map((reader) => [reader.gateway, reader] as const));
  }

  /** Bytes of bodies that may still come. */
  get leftBytes(): number {
    return this.#budget.leftBytes;
  }

  /** Takes one delivery, whose framing was checked. A gateway without a reader has no path here. */
  take(exchange: Exchange, route: RouteName, head: RequestHead): void {
    const { exchanges, clock } = this.#options;
    const gateway = GATEWAYS[route];
    const reader = gateway === undefined ? undefined : this.#readers.get(gateway);
    if (reader === undefined) return exchanges.refuse(exchange, UNKNOWN_PATH);
    const wrongType = checkJsonBody(head);
    if (wrongType !== null) return exchanges.refuse(exchange, wrongType);
    exchanges.add(exchange);
    if (isDeclaredTooLarge(head, WEBHOOK_BODY_MAX_BYTES)) return exchanges.refuse(exchange, TOO_LARGE, { close: true });
    if (reader.gateway === "stripe" && head.stripeSignature === null)
      return this.#refuseReading(exchange, reader.gateway);
    const callOff = clock.after(BODY_WITHIN_MS, () => {
      if (exchange.isOpen) exchanges.refuse(exchange, NO_ROOM, { close: true });
    });
    const limit = { maxBytes: WEBHOOK_BODY_MAX_BYTES, budget: this.#budget.of(exchange.remote) };
    exchange.readBody(limit, (body) => {
      callOff();
      if (typeof body !== "string") this.#read(exchange, reader, head, body);
      else exchanges.refuse(exchange, body === "too_large" ? TOO_LARGE : NO_ROOM, { close: true });
    });
  }

  /** Nothing of the body could make it good. */
  #refuseReading(exchange: Exchange, gateway: GatewayName): void {
    this.#options.metrics.noticesEnded(gateway, "invalid_signature", 1);
    this.#options.exchanges.refuse(exchange, REFUSALS_OF_READERS.invalid_signature);
  }

  #read(exchange: Exchange, reader: NoticeReader, head: RequestHead, body: Uint8Array): void {
    const { exchanges, clock, metrics } = this.#options;
    const headers = {
      "stripe-signature": head.stripeSignature ?? undefined,
      authorization: head.authorization ?? undefined,
    };
    const notices = reader.read(body, headers, clock.nowMs());
    if (typeof notices !== "string") return this.#deliver(exchange, reader.gateway, notices);
    metrics.noticesEnded(reader.gateway, notices, 1);
    exchanges.refuse(exchange, REFUSALS_OF_READERS[notices]);
  }

  #deliver(exchange: Exchange, gateway: GatewayName, notices: readonly GatewayNotice[]): void {
    const { intake, log } = this.#options;
    let ended = false;
    const done = (taken: boolean) => {
      if (ended) return;
      ended = true;
      this.#end(exchange, gateway, notices.length, taken);
    };
    if (notices.length === 0 || intake === null) return done(true);
    try {
      intake.deliver(notices, done);
    } catch (error) {
      log.error({ requestId: exchange.requestId, gateway, error: String(error) }, "notices could not be handed over");
      done(false);
    }
  }

  /** Counted also when the sender left meanwhile: what is on disk stays there, and it sends the same again. */
  #end(exchange: Exchange, gateway: GatewayName, count: number, taken: boolean): void {
    const { exchanges, clock, metrics } = this.#options;
    metrics.noticesEnded(gateway, taken ? "taken" : "not_taken", count);
    if (!exchange.isOpen) return;
    if (!taken) return exchanges.refuse(exchange, NOT_TAKEN);
    metrics.noticeAcknowledged(gateway, clock.monotonicMs() - exchange.receivedAtMs);
    exchanges.write(exchange, ACKNOWLEDGEMENTS[gateway] ?? RECEIVED);
  }
}
