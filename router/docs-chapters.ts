/** The chapters of the manual that are prose: how to begin, and the promises that hold for every call. */
import { type Chapter, code, html, list, paragraphs, pre, table } from "./docs-html.ts";
import { LIMIT_DEFAULT, LIMIT_MAX } from "./list-parameters.ts";

export interface SandboxToken {
  readonly token: string;
  readonly meaning: string;
}

/** From nothing to a payment. `serverUrl`: without a trailing slash. */
export function beginChapter(serverUrl: string): Chapter {
  const body = html`${paragraphs(
    "Ask for an access token with your client id and secret, then create a payment with a gateway's token. Card numbers are never sent here: the gateway's own page or element turns a card into a token.",
  )}${pre(
    [
      `TOKEN=$(curl -sS ${serverUrl}/oauth/token -u "$CLIENT_ID:$CLIENT_SECRET" -d grant_type=client_credentials | jq -r .access_token)`,
      "",
      `curl -sS ${serverUrl}/v1/payments -H "Authorization: Bearer $TOKEN" \\`,
      `  -H "X-Idempotency-Key: order-1001" -H 'Content-Type: application/json' \\`,
      `  -d '{"amount":1999,"currency":"EUR","payment_method":"tok_visa"}'`,
    ].join("\n"),
  )}${list(
    "Amounts are integers in minor units of the currency: 1999 is 19.99 EUR, and 1999 JPY is 1999 JPY.",
    "Times are RFC 3339, UTC. Currencies are upper-case ISO 4217.",
    "Ids are opaque texts of at most 64 characters.",
    html`Every answer carries ${code("Request-Id")}: send it along when you ask us about a request.`,
    html`A token lives for an hour at most; ${code("expires_in")} says how long. Get a new one before it ends.`,
  )}`;
  return { anchor: "begin", title: "Begin", body };
}

export const OUTCOMES: Chapter = {
  anchor: "outcomes",
  title: "Outcomes",
  body: html`${table(
    ["answer", "means"],
    [
      { cells: [code("200 201"), "It happened. The object says what."] },
      {
        cells: [
          code("202"),
          html`The gateway has not said how it ended. Nothing is lost: ${code("pending")} says what is open, and the
            cluster finds out by itself. Read the object at ${code("Location")}, or send the same request with the same
            key. Never start over with a new key: that is a second purchase.`,
        ],
      },
      {
        cells: [
          code("402"),
          html`The gateway refused. ${code("decline")} says why and what the shopper may do; the payment, and for a
            refund the refund, is attached. A new try is a new purchase with a new key. It is also the answer to the
            create of a payment that was canceled while its outcome was open: then nobody refused, the payment's status
            is ${code("canceled")}, and ${code("decline")} is null.`,
        ],
      },
      { cells: [code("other 4xx"), "The request was refused; it stored nothing and charged nothing."] },
      {
        cells: [
          code("503"),
          html`We could not take the request, or, rarely, do not know whether we did: after a commit of unknown fate it
            may still be carried out. Either way repeat it with the same key, or read
            ${code("/v1/idempotency/{key}")}; never use a new key for the same purchase. A charge whose outcome at the
            gateway is in doubt is answered 202.`,
        ],
      },
    ],
  )}${paragraphs(
    html`While a payment is in doubt it may be canceled: the answer is 202, ${code("pending.cancel_requested")} is true,
      and from then on no charge is the goal; a charge that comes to light is given back. A capture or a refund of a
      payment in doubt is refused with ${code("409 operation_in_doubt")}. The refusal is not recorded, so the same
      request may be sent again later, with the same key: best when a read of the payment shows that
      ${code("pending")} is null.`,
  )}`,
};

export const IDEMPOTENCY: Chapter = {
  anchor: "idempotency",
  title: "Idempotency",
  body: html`${paragraphs(
    html`Every POST of yours under ${code("/v1")} carries ${code("X-Idempotency-Key")} (or ${code("Idempotency-Key")}): 1 to 255
      visible ASCII characters. Make one key for each purchase, before the first try, and keep it on every retry.`,
  )}${list(
    "The same key and the same request: the same operation. It is never carried out twice, however often you send it.",
    html`Once it has ended you get the stored bytes of its answer, with ${code("Idempotent-Replayed: true")}. Keys live as
      long as their payment.`,
    html`The same key with another body or on another route: ${code("422 idempotency_key_reuse")}.`,
    html`The same key while the first request is still running: ${code("409 idempotency_key_in_use")}. Wait for
      ${code("Retry-After")} and send it again.`,
    html`Requests that were refused before they were accepted (400, 401, 403, 404, 413, 415, 422, 429, and 409 other than
      ${code("idempotency_key_in_use")}) leave the key free. So does a 503, unless the request turns out to have been
      stored: keep the key for this purchase.`,
    html`Keys belong to one merchant. ${code("GET /v1/idempotency/{key}")} says what became of one.`,
  )}`,
};

export const RETRIES: Chapter = {
  anchor: "retries",
  title: "Retries",
  body: html`${paragraphs(
    "Send the same request again, with the same key, after a connection error, a 409 idempotency_key_in_use, a 429, or any status of 500 and above. A 409 operation_in_doubt may be repeated too, once what is open has ended. Do not repeat other errors unchanged.",
  )}${list(
    html`First listen to us: wait as long as ${code("Retry-After")} says.`,
    html`Without it wait ${code("min(initial × 2^(n−1), max)")} before retry n, for example with 0.5 s and 8 s, and take a
      random part of 50 to 100 % of that, so that clients do not come back all at once.`,
    html`A 409 ${code("idempotency_key_in_use")} is no failure: the first request runs, and within about ten seconds it
      has an answer. Go on asking for half a minute.`,
    "Stop after a few failures and keep the key: hours later the same request still gives the truth.",
  )}`,
};

export const PAGES: Chapter = {
  anchor: "pagination",
  title: "Pagination",
  body: html`${paragraphs(
    html`Lists answer ${code("{data, has_more, next_cursor}")}. ${code("limit")} is 1 to ${LIMIT_MAX}, by default
      ${LIMIT_DEFAULT}. For the next page send ${code("next_cursor")} as ${code("starting_after")} with the same
      filters.`,
  )}${list(
    "Payments and deliveries come newest first; refunds and events oldest first.",
    "Pages are stable: whatever arrives while you page is on none of them, and nothing is on two.",
    html`A page may be short, even empty, although ${code("has_more")} is true: go on until it is false.`,
    html`Of events ${code("next_cursor")} is there on the last page too: keep it, and ask again later for what came
      since. An empty page gives back the cursor that you sent.`,
    html`A cursor is opaque and fits one list with its filters; any other is ${code("400 invalid_parameter")}.`,
  )}`,
};

export const LIMITS: Chapter = {
  anchor: "limits",
  title: "Rate limits",
  body: html`${paragraphs(
    html`Each merchant may send so many requests of any kind in any one second. ${code("RateLimit-Policy")} names the
      limit (${code("q")} requests in ${code("w")} seconds), ${code("RateLimit")} what is left (${code("r")}) and when
      there is more (${code("t")} seconds).`,
    html`Beyond it the answer is ${code("429 rate_limited")} with ${code("Retry-After")}. It is given before the key is
      looked at, so the same request may be sent again. Requests that we refuse as malformed count too, though not all
      of their answers say what is left.`,
    html`A repeat of a finished request may be answered from a cache. It counts like any other, but what
      ${code("RateLimit")} says then is an estimate, and in a burst somewhat more of such repeats than the limit may
      pass.`,
    html`One address may also be slowed down before we know whose it is.`,
  )}`,
};

export const VERSIONS: Chapter = {
  anchor: "versioning",
  title: "Versioning",
  body: html`${paragraphs(
    html`The version stands in the path: ${code("/v1")}. Within it we only add: new routes, new members in answers, new
      values of codes, event types and failure codes, new optional members in requests. Ignore what you do not know, and
      treat an unknown error code by its HTTP status. Names and codes are never renamed or reused.`,
    html`Requests are read strictly: a member that we do not know is refused, so that a misspelt one is not lost. The
      machine-readable description is ${html`<a href="/openapi.json">/openapi.json</a>`}.`,
  )}`,
};

/** What each token does in the sandbox. Null: this is no sandbox. */
export function sandboxChapter(tokens: readonly SandboxToken[] | null): Chapter | null {
  if (tokens === null) return null;
  const rows = tokens.map(({ token, meaning }) => ({ anchor: token, cells: [code(token), meaning] }));
  return {
    anchor: "sandbox",
    title: "Sandbox tokens",
    body: html`${paragraphs(
      html`In the sandbox ${code("payment_method")} decides the outcome, not the amount; only an amount that a gateway
        cannot express in its currency is refused there. Everything else runs as it does with real gateways.`,
    )}${table(["token", "what happens"], rows)}`,
  };
}
