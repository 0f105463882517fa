/** Where each gateway sends its notifications, and how it signs them; it can be told at the start and while it runs. */
import { readFileSync, renameSync, writeFileSync } from "node:fs";

interface Addresses {
  /** http only: the sandbox stays on its machine. */
  readonly url: string;
  /** All of them, `url` first; missing: there is no other. */
  readonly urls?: readonly string[];
}
export interface StripeEndpoint extends Addresses {
  /** The whole text, `whsec_` included. */
  readonly secret: string;
  /** Signs as well while the receiver rotates. */
  readonly previousSecret?: string;
}
export interface AdyenEndpoint extends Addresses {
  /** 64 hexadecimal characters. */
  readonly hmacKey: string;
  readonly basicAuth: { readonly user: string; readonly password: string } | null;
}
/** Null: nobody listens, and nothing is kept for later. */
export interface WebhookEndpoints {
  readonly stripe: StripeEndpoint | null;
  readonly adyen: AdyenEndpoint | null;
}

type Fields = Readonly<Record<string, unknown>>;

const URLS_MAX = 64;

const isAddress = (value: unknown): value is string =>
  typeof value === "string" && URL.canParse(value) && new URL(value).protocol === "http:";

function readAddresses({ url, urls }: Fields): Addresses {
  if (urls === undefined) {
    if (!isAddress(url)) throw new Error("url: an http address is needed");
    return { url };
  }
  if (!Array.isArray(urls) || urls.length > URLS_MAX || !urls.every(isAddress))
    throw new Error(`urls: 1 to ${URLS_MAX} http addresses are needed`);
  const [first, ...others] = new Set(urls);
  if (first === undefined) throw new Error(`urls: 1 to ${URLS_MAX} http addresses are needed`);
  if (url !== undefined && url !== first) throw new Error("url: it must be the first of urls, or missing");
  return others.length === 0 ? { url: first } : { url: first, urls: [first, ...others] };
}
const isSecret = (value: unknown): value is string => typeof value === "string" && /^whsec_\S+$/.test(value);

/** Throws an Error that names the member that is wrong, never its value. */
export function readStripeEndpoint(fields: Fields): StripeEndpoint {
  const { secret, previousSecret } = fields;
  if (!isSecret(secret)) throw new Error("secret: a text that begins with whsec_ is needed");
  if (previousSecret !== undefined && !isSecret(previousSecret)) throw new Error("previousSecret: whsec_ is missing");
  return { ...readAddresses(fields), secret, ...(previousSecret !== undefined && { previousSecret }) };
}

/** Throws an Error that names the member that is wrong, never its value. */
export function readAdyenEndpoint(fields: Fields): AdyenEndpoint {
  const { hmacKey, basicAuth } = fields;
  if (typeof hmacKey !== "string" || !/^[0-9a-f]{64}$/i.test(hmacKey))
    throw new Error("hmacKey: 64 hexadecimal characters are needed");
  return { ...readAddresses(fields), hmacKey, basicAuth: readBasicAuth(basicAuth ?? null) };
}

function readBasicAuth(value: unknown): AdyenEndpoint["basicAuth"] {
  if (value === null) return null;
  const { user, password } = value as Fields;
  if (typeof user !== "string" || typeof password !== "string") throw new Error("basicAuth: user and password");
  return { user, password };
}

/** Remembers what was told while the simulators ran. Mode 600: it holds secrets. */
export class EndpointFile {
  readonly #path: string;
  constructor(path: string) {
    this.#path = path;
  }

  /** Nothing but nulls when there is no file. */
  read(): WebhookEndpoints {
    try {
      return JSON.parse(readFileSync(this.#path, "utf8")) as WebhookEndpoints; // written below
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return { stripe: null, adyen: null };
      throw error;
    }
  }

  write(endpoints: WebhookEndpoints): void {
    writeFileSync(`${this.#path}.new`, JSON.stringify(endpoints), { mode: 0o600 });
    renameSync(`${this.#path}.new`, this.#path);
  }
}
