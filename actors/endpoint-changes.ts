/** What merchants ask of their endpoints: what each request writes, and what it is answered with, also when it is repeated. */
import { resent } from "./delivery-rows.ts";
import {
  bytesOfId,
  type EndpointId,
  idFromBytes,
  type MerchantId,
  mintId,
  type Refusal,
  refuse,
} from "./domain/index.ts";
import { openSecret, rotateSecrets, sealSecret, secretMadeBy } from "./endpoint-secrets.ts";
import type { Outbox } from "./outbox.ts";
import type { OutboxWrite } from "./outbox-writer.ts";
import type { KeyRow, StoredReply } from "./ports/decisions.ts";
import type { EndpointVault, WebhookEndpoint } from "./ports/outbox.ts";
import type { EventsCursor } from "./ports/pages.ts";
import type { DeliveryView } from "./ports/reads.ts";
import type { CreateEndpoint, MerchantProfile, Presenter } from "./ports/requests.ts";
import type { Clock, Random } from "./ports/world.ts";
import { type EndpointRules, mintSecret, readEndpointUrl } from "./webhooks/index.ts";

/** A request that is to be written in its turn, under its key. */
export interface EndpointChange {
  /** The route that its key is bound to. Stored: never renamed. */
  readonly route: string;
  readonly fingerprint: Uint8Array;
  readonly endpointId: EndpointId;
  /** Called when the turn has come, once; what is refused is not written. */
  decide(): Decided | Refusal;
}
/** `write` without the key. */
export interface Decided {
  readonly write: OutboxWrite;
  readonly reply: StoredReply;
}

export interface ChangeParts {
  readonly outbox: Outbox;
  readonly vault: EndpointVault;
  readonly rules: EndpointRules;
  readonly presenter: Presenter;
  readonly clock: Clock;
  readonly random: Random;
  /** The newest row of the shard's journal. */
  readonly head: () => EventsCursor;
}

export const ENDPOINT_ROUTES = {
  createEndpoint: "POST /v1/webhook_endpoints",
  rotateEndpointSecret: "POST /v1/webhook_endpoints/{id}/rotate_secret",
  resendEvent: "POST /v1/webhook_endpoints/{id}/resend",
} as const;

const NO_ENDPOINT = refuse("not_found", "there is no such object");
const ENDPOINTS_MAX = 20;

const refuseField = (pointer: string, code: string, detail: string): Refusal =>
  refuse("validation_failed", detail, { errors: [{ pointer, code, detail }] });
const INVALID_URL = refuseField("/url", "invalid_url", "The URL is not one that events are sent to.");
const TOO_MANY = refuseField("", "too_many_endpoints", `A merchant has at most ${ENDPOINTS_MAX} endpoints.`);
const DISABLED = refuseField("", "endpoint_disabled", "The endpoint is disabled: nothing is sent to it.");

export class EndpointChanges {
  readonly #parts: ChangeParts;

  constructor(parts: ChangeParts) {
    this.#parts = parts;
  }

  create(merchant: MerchantProfile, command: CreateEndpoint, idempotencyKey: string): EndpointChange | Refusal {
    const { outbox, presenter, clock, random, head, rules, vault } = this.#parts;
    const url = readEndpointUrl(command.url, rules);
    if (typeof url === "string") return INVALID_URL;
    const { id: merchantId, slot } = merchant;
    const { fingerprint, eventTypes } = command;
    const nowMs = clock.nowMs();
    const id = mintId("whe", slot, nowMs, random.bytes(8));
    const secret = mintSecret(random);
    const secrets = [sealSecret({ id, merchantId }, secret, vault, { key: idempotencyKey, atMs: nowMs })];
    const decide = (): Decided | Refusal => {
      if (outbox.book.countOf(merchantId) >= ENDPOINTS_MAX) return TOO_MANY;
      const made = { id, merchantId, slot, url: url.href, eventTypes, secrets, fingerprint, idempotencyKey };
      const endpoint: WebhookEndpoint = {
        ...made,
        status: "enabled",
        disabledBecause: null,
        createdAtMs: nowMs,
        updatedAtMs: nowMs,
        cursor: head(), // only what comes from now on
      };
      return {
        write: { rows: { endpoints: [endpoint] }, written: () => outbox.book.set(endpoint) },
        reply: { status: 201, body: presenter.endpoint(endpoint, secret) },
      };
    };
    return { route: ENDPOINT_ROUTES.createEndpoint, fingerprint, endpointId: id, decide };
  }

  rotate(merchant: MerchantId, id: EndpointId, fingerprint: Uint8Array, idempotencyKey: string): EndpointChange {
    const { outbox, presenter, clock, random, vault } = this.#parts;
    const secret = mintSecret(random);
    const madeBy = { key: idempotencyKey, atMs: clock.nowMs() };
    const sealed = sealSecret({ id, merchantId: merchant }, secret, vault, madeBy);
    const decide = (): Decided | Refusal => {
      const endpoint = outbox.book.own(merchant, id);
      if (endpoint === undefined) return NO_ENDPOINT;
      const nowMs = clock.nowMs();
      const secrets = rotateSecrets(endpoint, sealed, nowMs);
      const changed: WebhookEndpoint = { ...endpoint, secrets, updatedAtMs: nowMs };
      return {
        write: { rows: { endpoints: [changed] }, written: () => outbox.book.set(changed) },
        reply: { status: 200, body: presenter.endpoint(changed, secret) },
      };
    };
    return { route: ENDPOINT_ROUTES.rotateEndpointSecret, fingerprint, endpointId: id, decide };
  }

  /** `view`: the delivery as it was found; undefined: there is none at this endpoint. */
  resend(
    merchant: MerchantId,
    id: EndpointId,
    fingerprint: Uint8Array,
    view: DeliveryView | undefined,
  ): EndpointChange {
    const { outbox, presenter, clock } = this.#parts;
    const decide = (): Decided | Refusal => {
      const endpoint = outbox.book.own(merchant, id);
      if (endpoint === undefined || view === undefined) return NO_ENDPOINT;
      if (endpoint.status === "disabled") return DISABLED;
      const delivery = resent(view.delivery, clock.nowMs());
      return {
        write: { rows: { deliveries: [delivery] }, written: () => outbox.again(id, view.event.id) },
        reply: { status: 202, body: presenter.delivery({ ...view, delivery }) },
      };
    };
    return { route: ENDPOINT_ROUTES.resendEvent, fingerprint, endpointId: id, decide };
  }

  /** What waits for the endpoint is given up afterwards. */
  remove(merchant: MerchantId, id: EndpointId): OutboxWrite | Refusal {
    const { outbox } = this.#parts;
    const endpoint = outbox.book.own(merchant, id);
    if (endpoint === undefined) return NO_ENDPOINT;
    return { rows: { removedEndpoints: [id] }, written: () => outbox.removed(endpoint) };
  }

  /**
   * The answer to a request whose key was used for the same before: the endpoint, or the delivery, as it is now. The secret
   * is the one that the request made, never a later one: whoever holds an old key learns nothing new. An endpoint that was
   * deleted since is not there. Throws when the secret cannot be opened.
   */
  replay({ route, merchantId, paymentId, key }: KeyRow, view: DeliveryView | undefined): StoredReply | Refusal {
    const { outbox, presenter, vault, clock } = this.#parts;
    const endpoint = outbox.book.own(merchantId, idFromBytes("whe", bytesOfId(paymentId))); // as storage keeps such keys
    if (endpoint === undefined) return NO_ENDPOINT;
    if (route === ENDPOINT_ROUTES.resendEvent)
      return view === undefined ? NO_ENDPOINT : { status: 202, body: presenter.delivery(view) };
    const sealed = secretMadeBy(key, endpoint, clock.nowMs());
    const secret = sealed === undefined ? null : openSecret(endpoint, sealed, vault);
    const status = route === ENDPOINT_ROUTES.createEndpoint ? 201 : 200;
    return { status, body: presenter.endpoint(endpoint, secret) };
  }
}
