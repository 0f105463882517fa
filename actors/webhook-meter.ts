/** What the sending of webhooks tells about itself; `cluster/` turns it into Prometheus series. */
export interface WebhookMeter {
  /** One try. `outcome`: `delivered`, `status_4xx`, or a fault's word. */
  tried(outcome: string, tookMs: number): void;
}
