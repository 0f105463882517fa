/** The endpoints of the shard's merchants as of their newest acknowledged rows. */
import type { EndpointId, MerchantId } from "./domain/index.ts";
import type { WebhookEndpoint } from "./ports/outbox.ts";

const NONE: ReadonlyMap<EndpointId, WebhookEndpoint> = new Map();

export class EndpointBook {
  readonly #endpoints = new Map<EndpointId, WebhookEndpoint>();
  readonly #ofMerchant = new Map<MerchantId, Map<EndpointId, WebhookEndpoint>>();

  /** Begins anew, after each activation. */
  begin(endpoints: readonly WebhookEndpoint[]): void {
    this.clear();
    for (const endpoint of endpoints) this.set(endpoint);
  }

  get(id: EndpointId): WebhookEndpoint | undefined {
    return this.#endpoints.get(id);
  }
  /** Undefined: unknown, or another merchant's. */
  own(merchant: MerchantId, id: EndpointId): WebhookEndpoint | undefined {
    return this.#ofMerchant.get(merchant)?.get(id);
  }
  /** In the way of every payment: one look-up. */
  has(merchant: MerchantId): boolean {
    return this.#ofMerchant.has(merchant);
  }
  countOf(merchant: MerchantId): number {
    return (this.#ofMerchant.get(merchant) ?? NONE).size;
  }
  /** Those of a merchant that events are sent to. */
  enabledOf(merchant: MerchantId): readonly WebhookEndpoint[] {
    return [...(this.#ofMerchant.get(merchant) ?? NONE).values()].filter(({ status }) => status === "enabled");
  }
  all(): Iterable<WebhookEndpoint> {
    return this.#endpoints.values();
  }

  set(endpoint: WebhookEndpoint): void {
    const { id, merchantId } = endpoint;
    this.#endpoints.set(id, endpoint);
    const own = this.#ofMerchant.get(merchantId) ?? new Map<EndpointId, WebhookEndpoint>();
    this.#ofMerchant.set(merchantId, own.set(id, endpoint));
  }
  remove({ id, merchantId }: WebhookEndpoint): void {
    this.#endpoints.delete(id);
    const own = this.#ofMerchant.get(merchantId);
    if (own?.delete(id) === true && own.size === 0) this.#ofMerchant.delete(merchantId);
  }
  clear(): void {
    this.#endpoints.clear();
    this.#ofMerchant.clear();
  }
}
