/** Reads requests about endpoints: their bodies, and the deliveries that they name. */
import { placeBefore } from "./delivery-rows.ts";
import type { EndpointId, EventId, MerchantId, Refusal } from "./domain/index.ts";
import type { ENDPOINT_ROUTES, EndpointChange, EndpointChanges } from "./endpoint-changes.ts";
import type { DeliveryView } from "./ports/reads.ts";
import type { MerchantProfile, RequestReader, ShardRequest } from "./ports/requests.ts";
import type { ShardStore } from "./ports/shard-store.ts";

export type KeyedRequest = Extract<ShardRequest, { readonly kind: keyof typeof ENDPOINT_ROUTES }>;
export type DeleteRequest = Extract<ShardRequest, { readonly kind: "deleteEndpoint" }>;
export type EndpointRequest = KeyedRequest | DeleteRequest;

/** A request whose body was read. */
export interface ReadRequest {
  readonly fingerprint: Uint8Array;
  /** What to write; a refusal leaves no trace. Throws as a read of the store does. */
  change(): Promise<EndpointChange | Refusal>;
  /** The delivery that it names, as it stands on disk; undefined: it names none, or there is no such one. Throws likewise. */
  view(): Promise<DeliveryView | undefined>;
}

export class EndpointRequests {
  readonly #reader: RequestReader;
  readonly #store: ShardStore;
  readonly #changes: EndpointChanges;

  constructor(reader: RequestReader, store: ShardStore, changes: EndpointChanges) {
    this.#reader = reader;
    this.#store = store;
    this.#changes = changes;
  }

  /** A refusal when the body is not good. */
  read(request: KeyedRequest, merchant: MerchantProfile): ReadRequest | Refusal {
    const { body, idempotencyKey, merchantId } = request;
    if (request.kind === "createEndpoint") {
      const command = this.#reader.readCreateEndpoint(body, idempotencyKey);
      if ("kind" in command) return command;
      const change = async () => this.#changes.create(merchant, command, idempotencyKey);
      return { fingerprint: command.fingerprint, change, view: none };
    }
    const { endpointId } = request;
    if (request.kind === "rotateEndpointSecret") {
      const command = this.#reader.readRotateSecret(endpointId, body);
      if ("kind" in command) return command;
      const { fingerprint } = command;
      return {
        fingerprint,
        change: async () => this.#changes.rotate(merchantId, endpointId, fingerprint, idempotencyKey),
        view: none,
      };
    }
    const command = this.#reader.readResendEvent(endpointId, body);
    if ("kind" in command) return command;
    const { fingerprint, eventId } = command;
    const view = () => this.#deliveryOf(merchantId, endpointId, eventId);
    const change = async () => this.#changes.resend(merchantId, endpointId, fingerprint, await view());
    return { fingerprint, change, view };
  }

  /** Undefined: there is none, or the endpoint is another merchant's. */
  async #deliveryOf(merchant: MerchantId, endpointId: EndpointId, eventId: EventId): Promise<DeliveryView | undefined> {
    const page = { limit: 1, after: placeBefore(eventId) };
    const result = await this.#store.read(merchant, { name: "deliveries", endpointId, page });
    const first = result?.name === "deliveries" ? result.found.items[0] : undefined;
    return first?.event.id === eventId ? first : undefined;
  }
}

const none = async (): Promise<undefined> => undefined;
