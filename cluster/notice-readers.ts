/** The readers of notifications that this node is configured for. */
import type { GatewayName } from "../actors/domain/index.ts";
import { createAdyenNoticeReader, createStripeNoticeReader } from "../actors/gateways/index.ts";
import type { NoticeReader } from "../actors/index.ts";
import type { NodeConfig } from "./config.ts";

/** Whose accounts are ours: those of its merchants. */
interface Accounts {
  knowsAccount(gateway: GatewayName, account: string): boolean;
}

/** One for each gateway whose notifications are taken in. Throws on a secret that protects nothing, naming the setting. */
export function noticeReaders({ stripe, adyen }: NodeConfig["gateways"], accounts: Accounts): readonly NoticeReader[] {
  const readers: NoticeReader[] = [];
  if (stripe?.webhooks)
    readers.push(
      createStripeNoticeReader({
        secrets: stripe.webhooks.secrets,
        livemode: stripe.webhooks.livemode,
        endpointAccount: stripe.webhooks.account ?? null,
        knowsAccount: (account) => accounts.knowsAccount("stripe", account),
      }),
    );
  if (adyen?.webhooks)
    readers.push(
      createAdyenNoticeReader({
        ...adyen.webhooks,
        knowsAccount: (account) => accounts.knowsAccount("adyen", account),
      }),
    );
  return readers;
}
