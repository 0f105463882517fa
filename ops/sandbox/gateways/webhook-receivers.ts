/**
 * Where one gateway's notifications go: one address, or several doors of the same cluster. One is tried until it cannot
 * be reached; then the next one is, and stays the first to be tried.
 */
import type { Notification, Receipt, WebhookSender } from "./webhook-sender.ts";

export class WebhookReceivers {
  readonly #urls: readonly string[];
  readonly #sender: Pick<WebhookSender, "post">;
  /** The one that took a notification last. */
  #first = 0;

  /** `urls`: at least one. */
  constructor(urls: readonly string[], sender: Pick<WebhookSender, "post">) {
    this.#urls = urls;
    this.#sender = sender;
  }

  /**
   * What the first receiver said whose connection was neither refused nor reset; when all are cut, the last one's. A
   * receiver that is silent may have taken the notification: it is not sent to another one at once, but the next try
   * begins there. Never rejects.
   */
  async post(notification: Notification): Promise<Receipt> {
    const begin = this.#first;
    for (let n = 0; ; n++) {
      const index = (begin + n) % this.#urls.length;
      const { receipt, end } = await this.#sender.post(this.#urls[index] as string, notification);
      if (end === "cut" && n + 1 < this.#urls.length) continue;
      if (end === "answered") this.#first = index;
      else if (this.#first === begin) this.#first = (index + 1) % this.#urls.length;
      return receipt;
    }
  }
}
