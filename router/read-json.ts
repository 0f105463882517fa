/** What reads find, as JSON: lists, refunds, events, balances, idempotency keys, endpoints and deliveries. */
import { Buffer } from "node:buffer";
import type { Balance, EventView, Found, KeyView, OperationView, ReadResult } from "../actors/index.ts";
import { assertNever, type MerchantId } from "../actors/domain/index.ts";
import { eventJson } from "./event-json.ts";
import { quote, type TimeWriter, word } from "./json-words.ts";
import type { ListCursors, ListScope } from "./list-cursors.ts";
import { paymentJson, refundJson } from "./payment-json.ts";
import { deliveryJson, endpointJson } from "./webhook-json.ts";

/** Makes the renderer of reads. `merchant`: who asked; cursors are signed for them. */
export function createReadRenderer(cursors: ListCursors, time: TimeWriter) {
  function list<Item, Cursor>(
    found: Found<Item, Cursor>,
    render: (item: Item) => string,
    write: (cursor: Cursor) => string,
  ): string {
    const next = found.next === null ? "null" : word(write(found.next));
    const data = found.items.map(render).join(",");
    return `{"object":"list","data":[${data}],"has_more":${found.hasMore},"next_cursor":${next}}`;
  }
  const refund = ({ payment, operation, updatedAtMs }: OperationView): string =>
    refundJson(payment, operation, updatedAtMs, null, time);
  const event = (view: EventView): string => eventJson(view, time);

  return (result: ReadResult, merchant: MerchantId): string => {
    switch (result.name) {
      case "payments": {
        const scope = { name: result.name, filter: result.filter } satisfies ListScope;
        return list(
          result.found,
          (payment) => paymentJson(payment, null, time),
          (cursor) => cursors.write(merchant, scope, cursor),
        );
      }
      case "refund":
        return refund(result.found);
      case "refunds": {
        const scope = { name: result.name, paymentId: result.paymentId } satisfies ListScope;
        return list(result.found, refund, (cursor) => cursors.write(merchant, scope, cursor));
      }
      case "paymentEvents": {
        const scope = { name: result.name, paymentId: result.paymentId } satisfies ListScope;
        return list(result.found, event, (cursor) => cursors.write(merchant, scope, cursor));
      }
      case "events": {
        const scope = { name: result.name } satisfies ListScope;
        return list(result.found, event, (cursor) => cursors.write(merchant, scope, cursor));
      }
      case "balances":
        return `{"object":"balances","data":[${result.found.map(balanceJson).join(",")}]}`;
      case "idempotencyKey":
        return keyJson(result.found);
      case "webhookEndpoints": {
        const data = result.found.map((endpoint) => endpointJson(endpoint, undefined, time));
        return `{"object":"list","data":[${data.join(",")}],"has_more":false,"next_cursor":null}`;
      }
      case "webhookEndpoint":
        return endpointJson(result.found, undefined, time);
      case "deliveries": {
        const scope = { name: result.name, endpointId: result.endpointId } satisfies ListScope;
        return list(
          result.found,
          (view) => deliveryJson(view, time),
          (cursor) => cursors.write(merchant, scope, cursor),
        );
      }
      default:
        return assertNever(result);
    }
  };
}

const balanceJson = (balance: Balance): string =>
  `{"currency":${word(balance.currency)},"held":${balance.heldMinor},"payable":${balance.payableMinor}` +
  `,"refunding":${balance.refundingMinor},"receivable":[${balance.receivableMinor
    .map(({ gateway, amountMinor }) => `{"gateway":${quote(gateway)},"amount":${amountMinor}}`)
    .join(",")}]}`;

/** A stored body is JSON already: it goes in as it is. */
function keyJson(view: KeyView): string {
  const { reply } = view;
  const response =
    reply === null ? "null" : `{"status":${reply.status},"body":${Buffer.from(reply.body).toString("utf8")}}`;
  return (
    `{"object":"idempotency_key","key":${quote(view.key)},"route":${quote(view.route)}` +
    `,"payment_id":${word(view.paymentId)},"operation_id":${word(view.operationId)}` +
    `,"status":${word(reply === null ? "processing" : "completed")},"response":${response}}`
  );
}
