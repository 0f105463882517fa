/** What can become of one try to deliver a webhook. Plain data: it crosses threads. */

/** Why nobody answered. `busy`: our own sockets were taken and nothing was tried, so it says nothing of the receiver. */
export type WebhookFault =
  | "timeout"
  | "name_not_resolved"
  | "connection_failed"
  | "tls_failed"
  | "connection_lost"
  | "busy"
  | "closed";

/** `refused`: no byte was sent, for the address guard forbids it. Durations in milliseconds. */
export type WebhookOutcome =
  | {
      readonly kind: "answered";
      readonly status: number;
      /** What `Retry-After` asks for, with any status. */
      readonly retryAfterMs: number | null;
      readonly tookMs: number;
    }
  | { readonly kind: "refused"; readonly reason: "address_not_allowed" | "url_not_allowed" }
  | { readonly kind: "failed"; readonly reason: WebhookFault };
