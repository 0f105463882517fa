/** What each gateway can do, as data for the resolver (gateways.md §3.3). No SDK is loaded to read it. */
import type { GatewayName } from "../domain/index.ts";
import type { GatewayCapabilities } from "../ports/gateway.ts";
import { toGatewayUnits } from "./amounts.ts";

const takesBy =
  (gateway: GatewayName) =>
  (currency: string, amountMinor: bigint): boolean =>
    toGatewayUnits(gateway, currency, amountMinor) !== undefined;

export const GATEWAY_CAPABILITIES: Readonly<Record<GatewayName, GatewayCapabilities>> = {
  stripe: {
    name: "stripe",
    takes: takesBy("stripe"),
    queryById: true,
    twoStepCharge: true,
    replayReturnsStored5xx: true,
  },
  adyen: {
    name: "adyen",
    takes: takesBy("adyen"),
    queryById: false,
    twoStepCharge: false,
    replayReturnsStored5xx: false,
  },
  "fixed-latency": {
    name: "fixed-latency",
    takes: takesBy("fixed-latency"),
    queryById: true,
    twoStepCharge: false,
    replayReturnsStored5xx: false,
  },
};
