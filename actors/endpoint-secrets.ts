/** The secrets of endpoints: in clear only where something is signed, and in the answer that made them. */
import type { EndpointVault, SealedSecret, WebhookEndpoint } from "./ports/outbox.ts";

type Owner = Pick<WebhookEndpoint, "id" | "merchantId">;

/** The old secret signs too for so long. */
const OLD_SECRET_MS = 24 * 3_600_000;
/** A request that is repeated within this is shown its secret again: its answer may have been lost. */
const SHOWN_AGAIN_MS = 24 * 3_600_000;
/** Of one endpoint; who replaces them faster loses the oldest. */
const SECRETS_MAX = 4;

/** `madeBy`: the request, and when it was decided, Unix ms. */
export const sealSecret = (
  owner: Owner,
  secret: string,
  vault: EndpointVault,
  madeBy: SealedSecret["madeBy"],
): SealedSecret => ({ sealed: vault.seal(owner, Buffer.from(secret, "utf8")), until: null, madeBy });

/** The secret that the request with this key made; undefined: it is not shown again any more, or not kept. */
export const secretMadeBy = (key: string, { secrets }: WebhookEndpoint, nowMs: number): SealedSecret | undefined =>
  secrets.find(({ madeBy }) => madeBy?.key === key && nowMs < madeBy.atMs + SHOWN_AGAIN_MS);

/** Throws as the vault does. */
export const openSecret = (owner: Owner, { sealed }: SealedSecret, vault: EndpointVault): string =>
  Buffer.from(vault.open(owner, sealed)).toString("utf8");

/** Those that sign now, the newest first. `nowMs`: Unix. */
export const secretsAt = ({ secrets }: WebhookEndpoint, nowMs: number): readonly SealedSecret[] =>
  secrets.filter(({ until }) => until === null || until > nowMs);

/** With a new secret in front; the others end 24 hours from now, or when they would have. */
export const rotateSecrets = (
  endpoint: WebhookEndpoint,
  newest: SealedSecret,
  nowMs: number,
): readonly SealedSecret[] => {
  const old = secretsAt(endpoint, nowMs).map((one) => ({ ...one, until: one.until ?? nowMs + OLD_SECRET_MS }));
  return [newest, ...old].slice(0, SECRETS_MAX);
};
