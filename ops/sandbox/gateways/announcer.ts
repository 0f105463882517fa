/** Tells the world what happens at a gateway: its webhooks, and what its tokens let happen later. */
import type { Happening } from "./happening.ts";
import type { PaymentRecord } from "./payment-record.ts";
import type { SequelSchedule } from "./sequel-schedule.ts";
import { type Sequel, type SimulatedGateway, tokenRow } from "./tokens.ts";
import type { WebhookChannel } from "./webhook-channel.ts";
import { planSendings, type Sending, type SendingTimes } from "./webhook-plan.ts";
import type { Message } from "./webhook-parcel.ts";

/** What will be told. `kept`: it is on file, and a restart does not forget it. */
export interface Announcement {
  readonly kept: Promise<unknown>;
  /** Lets it go; resolves when the call may be answered. */
  readonly release: () => Promise<unknown>;
}

export interface AnnouncerOptions {
  readonly gateway: SimulatedGateway;
  readonly channel: Pick<WebhookChannel, "isListening" | "faults" | "nextNumber" | "keep" | "release">;
  readonly sequels: SequelSchedule;
  readonly times: SendingTimes;
  readonly nowMs: () => number;
  readonly messages: (record: PaymentRecord, happening: Happening, nowMs: number) => readonly Message[];
}

/** What each sequel follows. */
const FOLLOWS: { readonly [S in Sequel]: (happening: Happening) => boolean } = {
  refund_settled: ({ kind, success }) => kind === "refund" && success,
  refund_failed: ({ kind, success }) => kind === "refund" && success,
  capture_failed: ({ kind, success }) => (kind === "capture" || kind === "sale") && success,
  dispute: ({ kind, success }) => (kind === "capture" || kind === "sale") && success,
  dispute_won: ({ kind }) => kind === "dispute",
  dispute_lost: ({ kind }) => kind === "dispute",
  expire: ({ kind, success }) => kind === "authorize" && success,
  late_success: ({ kind, success }) => (kind === "authorize" || kind === "sale") && !success,
};

const NOTHING: Announcement = { kept: Promise.resolve(), release: () => Promise.resolve() };
/** How long an answer waits for a webhook that has to come first. */
const FIRST_LIMIT_MS = 2_000;

export class Announcer {
  readonly #options: AnnouncerOptions;

  constructor(options: AnnouncerOptions) {
    this.#options = options;
  }

  /** `record`: as it is afterwards. `causeKey`: of the call that it follows. */
  announce(record: PaymentRecord, happening: Happening, causeKey: string): Announcement {
    const { gateway, channel, times } = this.#options;
    const row = tokenRow(gateway, record.token);
    const sequels = (row?.sequels ?? []).filter((what) => FOLLOWS[what](happening));
    const planned = sequels.map((what) => this.#plan(what, record.account, causeKey));
    const sendings = channel.isListening
      ? planSendings(row?.webhooks, happening, times, channel.faults, channel.nextNumber())
      : [];
    if (sendings.length === 0 && planned.length === 0) return NOTHING;
    const kept = sendings.map((sending, nth) => this.#keep(record, happening, sending, nth));
    return {
      kept: Promise.all([...planned, ...kept.map(({ kept: onFile }) => onFile)]),
      release: () => withinMs(Promise.all(kept.map(({ release }) => release())), FIRST_LIMIT_MS),
    };
  }

  #plan(what: Sequel, account: string, key: string): Promise<void> {
    const { sequels, times, nowMs } = this.#options;
    return sequels.add({ what, dueAt: nowMs() + times.lateMs, account, key });
  }

  #keep(record: PaymentRecord, happening: Happening, sending: Sending, nth: number): Announcement {
    const { channel, nowMs, messages } = this.#options;
    const told = sending.isOpposite === true ? { ...happening, success: !happening.success } : happening;
    const dueAt = nowMs() + sending.afterMs;
    const all = messages(record, told, nowMs()).map((message) => ({ ...message, id: `${message.id}-${nth}` }));
    return {
      kept: Promise.all(all.map((message) => channel.keep(message, dueAt))),
      release: async () => {
        const tried = all.map(({ id }) => channel.release(id));
        if (sending.isAwaited === true) await Promise.all(tried);
      },
    };
  }
}

async function withinMs(event: Promise<unknown>, limitMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, limitMs)));
  await Promise.race([event, late]);
  clearTimeout(timer);
}
