/** The commands that ask a node's admin service. */
import type { Command } from "commander";
import { addActorCommands } from "./actor.ts";
import type { CommandWorld } from "./admin.ts";
import { addClusterCommands } from "./cluster.ts";
import { addGatewayCommands } from "./gateway.ts";
import { addLocateCommand } from "./locate.ts";
import { addNodeCommands } from "./node.ts";
import { addShardCommands } from "./shard.ts";

/** Adds them to the tree. */
export function addAdminCommands(program: Command, world: CommandWorld): void {
  addLocateCommand(program, world);
  addClusterCommands(program, world);
  addNodeCommands(program, world);
  addShardCommands(program, world);
  addActorCommands(program, world);
  addGatewayCommands(program, world);
}
