/** Joins the admin service of a node from its parts. */
import type { MerchantId } from "../../actors/domain/index.ts";
import type { Clock, Log } from "../../actors/index.ts";
import { type KeyProvider, openOperatorStore } from "../../storage/index.ts";
import { AdminDesk } from "./admin-desk.ts";
import { type AdminServer, startAdminServer } from "./admin-server.ts";
import { createNodeAsker } from "./node-asker.ts";
import { OperatorBook } from "./operator-book.ts";
import { inspectShard, type InspectorParts } from "./shard-inspector.ts";
import { slotOfText } from "./slot-of-text.ts";
import type { AdminWorld } from "./world.ts";

export interface AdminParts
  extends Pick<AdminWorld, "node" | "view" | "snapshots" | "setDraining" | "shardOfSlot">,
    Pick<AdminWorld, "setGatewayStop" | "gatewayAccounts" | "breakers" | "checkNow" | "trace">,
    Pick<InspectorParts, "inspect" | "dsnOf"> {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** Of the control database, as the application. */
  readonly controlDsn: string;
  readonly keys: Pick<KeyProvider, "derive">;
  /** Where a merchant was put, if not where its id says. */
  readonly merchantSlot: (id: MerchantId) => number | undefined;
  /** `host:port` of another node's admin service; undefined: not known. */
  readonly addressOf: (node: string) => string | undefined;
  readonly clock: Clock;
  readonly log: Log;
}

/** Starts the service. Rejects when the port is taken. Nothing is asked of a database before an operator asks. */
export async function startAdmin(parts: AdminParts): Promise<AdminServer> {
  const { node, host, port, keys, clock, log, merchantSlot, addressOf } = parts;
  const operators = openOperatorStore({ dsn: parts.controlDsn, who: node, log });
  const world: AdminWorld = {
    node,
    view: () => parts.view(),
    snapshots: () => parts.snapshots(),
    setDraining: (name, draining, by) => parts.setDraining(name, draining, by),
    setGatewayStop: (stop, isStopped, by) => parts.setGatewayStop(stop, isStopped, by),
    gatewayAccounts: () => parts.gatewayAccounts(),
    breakers: () => parts.breakers(),
    checkNow: (shard, id, withinMs) => parts.checkNow(shard, id, withinMs),
    trace: (entry) => parts.trace(entry),
    shardOfSlot: (slot) => parts.shardOfSlot(slot),
    inspect: (shard, compare, withinMs) => inspectShard(parts, shard, compare, withinMs),
    slotOf: (id) => slotOfText(id, merchantSlot),
    ask: createNodeAsker(addressOf),
  };
  const desk = new AdminDesk({ world, operators: new OperatorBook(operators, keys, { clock, log }), clock, log });
  const server = await startAdminServer({ host, port, desk, log });
  return {
    ...server,
    close: async () => {
      await server.close();
      await operators.close();
    },
  };
}
