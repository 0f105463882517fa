/** What a shard is asked about its merchants' receivers of events. */
import { parseId } from "../actors/domain/index.ts";
import { asked, checkNoQuery, NOT_FOUND, read, readKeyed, readPage, type Row } from "./admitted-call.ts";
import { PAGE_PARAMETERS } from "./list-parameters.ts";
import { readQuery } from "./query-parameters.ts";
import type { RouteName } from "./routes.ts";

const createEndpoint: Row = (call) => {
  const keyed = readKeyed(call, true);
  return "kind" in keyed ? keyed : { kind: "createEndpoint", ...keyed };
};

const change =
  (kind: "rotateEndpointSecret" | "resendEvent"): Row =>
  (call) => {
    const keyed = readKeyed(call, kind === "resendEvent");
    if ("kind" in keyed) return keyed;
    const endpointId = parseId("whe", call.segment);
    return endpointId === undefined ? NOT_FOUND : { kind, ...keyed, endpointId };
  };

/** Repeating it changes nothing, so it needs no key: whoever lost the answer hears 404. */
const deleteEndpoint: Row = (call) => {
  const endpointId = parseId("whe", call.segment);
  if (endpointId === undefined) return NOT_FOUND;
  return checkNoQuery(call) ?? { kind: "deleteEndpoint", ...asked(call), endpointId };
};

const getEndpoint = read((call) => {
  const id = parseId("whe", call.segment);
  if (id === undefined) return NOT_FOUND;
  return checkNoQuery(call) ?? { name: "webhookEndpoint", id };
});

const listDeliveries = read((call, cursors) => {
  const endpointId = parseId("whe", call.segment);
  if (endpointId === undefined) return NOT_FOUND;
  const parameters = readQuery(call.query, PAGE_PARAMETERS);
  if ("kind" in parameters) return parameters;
  const scope = { name: "deliveries", endpointId } as const;
  const page = readPage(parameters, (text) => cursors.read(call.merchant.id, scope, text));
  return "kind" in page ? page : { ...scope, page };
});

export const ENDPOINT_ROWS = {
  create_webhook_endpoint: createEndpoint,
  list_webhook_endpoints: read((call) => checkNoQuery(call) ?? { name: "webhookEndpoints" }),
  get_webhook_endpoint: getEndpoint,
  delete_webhook_endpoint: deleteEndpoint,
  rotate_webhook_secret: change("rotateEndpointSecret"),
  list_deliveries: listDeliveries,
  resend_event: change("resendEvent"),
} as const satisfies { readonly [N in RouteName]?: Row };
