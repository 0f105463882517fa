/** One simulated gateway with all that belongs to it: its books, its webhooks, what happens later, its HTTP front. */
import { join } from "node:path";
import type { Clock } from "../../../actors/index.ts";
import { adyenMessages } from "./adyen-events.ts";
import { AdyenSimulator } from "./adyen-simulator.ts";
import { ADYEN_DIALECT, adyenError } from "./adyen-words.ts";
import { Announcer } from "./announcer.ts";
import type { BookkeeperOptions, Dialect } from "./bookkeeper.ts";
import type { Answer, SimulatedRequest } from "./exchange.ts";
import { type FaultAnswers, FrontMode } from "./front-mode.ts";
import { HttpFront } from "./http-front.ts";
import { SequelSchedule } from "./sequel-schedule.ts";
import { stripeMessages } from "./stripe-events.ts";
import { StripeSimulator } from "./stripe-simulator.ts";
import { STRIPE_DIALECT, stripeError, stripeMissing } from "./stripe-words.ts";
import type { SimulatedGateway } from "./tokens.ts";
import { ADYEN_STYLE, type ChannelTiming, STRIPE_STYLE, WebhookChannel } from "./webhook-channel.ts";
import type { AdyenEndpoint, StripeEndpoint, WebhookEndpoints } from "./webhook-endpoint.ts";
import type { SendingTimes } from "./webhook-plan.ts";

export interface StandOptions {
  readonly port: number;
  readonly chargeLog: string;
  readonly dataDir: string;
  readonly latencyMs: number;
  readonly slowMs: number;
  readonly nowMs: () => number;
  readonly timing: ChannelTiming & SendingTimes;
  readonly control: (request: SimulatedRequest) => Promise<Answer | undefined>;
  /** Keeps an endpoint that the control API has set. */
  readonly remember: (changed: Partial<WebhookEndpoints>) => void;
}

export interface GatewayStand {
  readonly name: SimulatedGateway;
  readonly simulator: StripeSimulator | AdyenSimulator;
  readonly channel: WebhookChannel<StripeEndpoint> | WebhookChannel<AdyenEndpoint>;
  readonly sequels: SequelSchedule;
  readonly mode: FrontMode;
  readonly front: HttpFront;
  /** Sets the endpoint of webhooks and remembers it. Throws an Error that names the member that is wrong. */
  listen(fields: Readonly<Record<string, unknown>> | null): void;
  stop(): Promise<void>;
}

/** Webhooks and sequels come in real time, whatever the clock says that the records are written by. */
const CLOCK: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after: (delayMs, task) => {
    const timer = setTimeout(task, delayMs);
    return () => clearTimeout(timer);
  },
};

/** What the two differ in. */
interface Parts {
  readonly dialect: Dialect;
  readonly messages: typeof stripeMessages;
  readonly create: (books: BookkeeperOptions) => StripeSimulator | AdyenSimulator;
  readonly channel: (path: string, timing: ChannelTiming) => GatewayStand["channel"];
  readonly replayHeader: string | null;
  readonly notFound: Answer;
  readonly unavailable: Answer;
}
const PARTS: { readonly [G in SimulatedGateway]: Parts } = {
  stripe: {
    dialect: STRIPE_DIALECT,
    messages: stripeMessages,
    create: (books) => new StripeSimulator(books),
    channel: (path, timing) => new WebhookChannel(path, STRIPE_STYLE, CLOCK, timing),
    replayHeader: "Idempotent-Replayed",
    notFound: stripeMissing("intent", "hidden"),
    unavailable: stripeError(503, { type: "api_error" }),
  },
  adyen: {
    dialect: ADYEN_DIALECT,
    messages: adyenMessages,
    create: (books) => new AdyenSimulator(books),
    channel: (path, timing) => new WebhookChannel(path, ADYEN_STYLE, CLOCK, timing),
    replayHeader: null,
    notFound: adyenError(404, "905", "not found", "internal"),
    unavailable: adyenError(503, "905", "The sandbox cannot answer", "internal"),
  },
};

/** Reads the files. Its front is not started, and nobody is told anything before `recover` has ended. */
export function createStand(name: SimulatedGateway, options: StandOptions): GatewayStand {
  const { dataDir, latencyMs, timing, chargeLog, slowMs, nowMs, port, control, remember } = options;
  const { dialect, messages, create, channel: createChannel, replayHeader, notFound, unavailable } = PARTS[name];
  const file = (kind: string): string => join(dataDir, `${name}-${kind}.jsonl`);
  const channel = createChannel(file("webhooks"), timing);
  const sequels = new SequelSchedule(file("sequels"), CLOCK);
  const times = { lateMs: timing.lateMs, soonMs: timing.soonMs + latencyMs };
  const announcer = new Announcer({ gateway: name, channel, sequels, times, nowMs: CLOCK.nowMs, messages });
  const simulator = create({ chargeLog, records: file("records"), slowMs, nowMs, announcer });
  const answers: FaultAnswers = {
    status500: dialect.serverError(),
    rateLimited: dialect.rateLimited(),
    notFound,
    unavailable,
  };
  const mode = new FrontMode(answers, latencyMs, CLOCK.monotonicMs);
  const front = new HttpFront({
    port,
    mode,
    control,
    handle: (request) => simulator.handle(request),
    replayHeader,
    failed: unavailable,
  });
  return {
    name,
    simulator,
    channel,
    sequels,
    mode,
    front,
    listen: (fields) => {
      const endpoint = channel.readEndpoint(fields);
      remember({ [name]: endpoint });
      setEndpoint(channel, endpoint);
    },
    stop: async () => {
      await front.stop();
      await sequels.close();
      await channel.close();
      await simulator.close();
    },
  };
}

/** The endpoint is one of the channel's own gateway. */
export function setEndpoint(channel: GatewayStand["channel"], endpoint: StripeEndpoint | AdyenEndpoint | null): void {
  (channel as { endpoint: StripeEndpoint | AdyenEndpoint | null }).endpoint = endpoint;
}
