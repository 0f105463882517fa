/**
 * Adyen's HTTP client over our transport: the SDK's default opens a TLS connection per request and hides the real
 * status. It speaks to the transport's origin, whatever base address the SDK has built.
 */
import { createRequire } from "node:module";
import type ClientInterface from "@adyen/api-library/lib/src/httpClient/clientInterface.js";
import { type HttpAnswer, type HttpTransport, readJsonObject, TransportError } from "./http-transport.ts";

type Request = ClientInterface.default["request"];

/** An answer that is not a success, as it was: real status, headers, and the body when it is a JSON object. */
export class AdyenHttpError extends Error {
  readonly status: number;
  readonly headers: HttpAnswer["headers"];
  readonly body: Readonly<Record<string, unknown>> | undefined;
  constructor(answer: HttpAnswer, body: Readonly<Record<string, unknown>> | undefined) {
    super(`status ${answer.status}`);
    this.name = "AdyenHttpError";
    this.status = answer.status;
    this.headers = answer.headers;
    this.body = body;
  }
}

/** Name and version that the SDK's own client would send. */
function libraryHeaders(): Readonly<Record<string, string>> {
  const require = createRequire(import.meta.url);
  const { default: library } = require("@adyen/api-library/lib/src/constants/libraryConstants.js") as {
    readonly default: { readonly LIB_NAME: string; readonly LIB_VERSION: string };
  };
  return {
    "User-Agent": `${library.LIB_NAME}/${library.LIB_VERSION}`,
    "adyen-library-name": library.LIB_NAME,
    "adyen-library-version": library.LIB_VERSION,
  };
}

export class AdyenHttpClient implements ClientInterface.default {
  readonly #transport: HttpTransport;
  readonly #library = libraryHeaders();

  constructor(transport: HttpTransport) {
    this.#transport = transport;
  }

  /** One POST. Rejects with AdyenHttpError or TransportError. `requestOptions.timeout`: total milliseconds. */
  request(...[endpoint, json, config, , requestOptions = {}]: Parameters<Request>): ReturnType<Request> {
    const { idempotencyKey, timeout, method } = requestOptions;
    if (idempotencyKey === undefined || method !== "POST" || timeout === undefined)
      return Promise.reject(new TransportError("idempotency_key_missing", false));
    const sent = this.#transport.send({
      method: "POST",
      path: endpoint.slice(endpoint.indexOf("/", "https://".length)),
      headers: {
        "Content-Type": "application/json",
        Accept: "application/json",
        "X-API-Key": config.apiKey ?? "",
        "Idempotency-Key": idempotencyKey,
        ...this.#library,
      },
      body: json.toString(),
      timeoutMs: timeout,
    });
    return sent.then(read) as ReturnType<Request>; // the SDK hands on what is not a string as it is
  }
}

function read(answer: HttpAnswer): Readonly<Record<string, unknown>> {
  const body = readJsonObject(answer);
  if (body === undefined || (answer.status !== 200 && answer.status !== 201)) throw new AdyenHttpError(answer, body);
  return body;
}
