/** The table of everything that an operator may ask of a node. A name is never reused for something else. */
import { actorInspect, locate } from "./actor-inspect.ts";
import { nodeDrain, nodeUndrain } from "./draining.ts";
import { actorList, clusterStatus, nodeList, shardList } from "./looks.ts";
import { gatewayDisable, gatewayEnable, gatewayList } from "./gateways.ts";
import { paymentResolve } from "./payment-resolve.ts";
import type { Operation } from "./operation.ts";

export const OPERATIONS: ReadonlyMap<string, Operation> = new Map([
  ["locate", locate],
  ["cluster.status", clusterStatus],
  ["node.list", nodeList],
  ["node.drain", nodeDrain],
  ["node.undrain", nodeUndrain],
  ["shard.list", shardList],
  ["actor.list", actorList],
  ["actor.inspect", actorInspect],
  ["payment.resolve", paymentResolve],
  ["gateway.list", gatewayList],
  ["gateway.disable", gatewayDisable],
  ["gateway.enable", gatewayEnable],
]);
