/** Examples of what is read without a token. */
import { OPERATION_KINDS, OPERATION_STATES, PAYMENT_STATUSES } from "../actors/domain/index.ts";
import { type ApiExample, example } from "./openapi-example.ts";
import { SCOPES } from "./scopes.ts";

const OPEN = { authorization: "none", status: 200 } as const;
/** Documents that need no token. */
export const DOCUMENT_EXAMPLES: readonly ApiExample[] = [
  example({
    ...OPEN,
    name: "authorization_server",
    route: "authorization_server",
    summary: "The metadata",
    answer: {
      issuer: "https://pay.example",
      token_endpoint: "https://pay.example/oauth/token",
      jwks_uri: "https://pay.example/.well-known/jwks.json",
      grant_types_supported: ["client_credentials"],
      response_types_supported: [],
      token_endpoint_auth_methods_supported: ["client_secret_basic", "client_secret_post"],
      scopes_supported: SCOPES,
    },
    same: ["/grant_types_supported", "/scopes_supported"],
  }),
  example({
    ...OPEN,
    name: "jwks",
    route: "jwks",
    summary: "The keys",
    answer: {
      keys: [{ kty: "EC", crv: "P-256", x: "f83OJ3D2…", y: "x_FEzRu9…", kid: "k1", alg: "ES256", use: "sig" }],
    },
    same: ["/keys/0/alg"],
  }),
  example({
    ...OPEN,
    name: "state_machine",
    route: "state_machine",
    summary: "The tables, shortened",
    answer: {
      object: "state_machine",
      payment: {
        statuses: PAYMENT_STATUSES,
        facts: ["accepted"],
        transitions: [{ from: "created", by: "accepted", to: "pending" }],
      },
      operation: {
        kinds: OPERATION_KINDS,
        states: OPERATION_STATES,
        transitions: [{ from: "submitted", to: "unknown" }],
      },
    },
    same: ["/payment/statuses", "/operation/kinds", "/payment/transitions/0"],
  }),
  example({
    ...OPEN,
    name: "openapi",
    route: "openapi",
    summary: "The document, shortened",
    answer: {
      openapi: "3.1.0",
      info: {},
      servers: [],
      security: [],
      tags: [],
      paths: {},
      webhooks: {},
      components: {},
    },
    same: ["/openapi"],
  }),
  example({ ...OPEN, name: "docs", route: "docs", summary: "The manual", answer: null }),
];
