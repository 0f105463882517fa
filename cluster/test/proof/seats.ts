/** Who sits where: each lane is a shard, with the one merchant whose payments are on it. */
import { slotOfMerchant } from "../../../actors/domain/index.ts";
import type { SandboxFile } from "../../../ops/sandbox/sandbox-file.ts";
import { planSlotMap } from "../../../router/index.ts";
import { openControlStore } from "../../../storage/index.ts";
import { Merchant } from "../rig/merchant.ts";
import type { Lane } from "./lane.ts";
import type { ProvenGateway } from "./scenario.ts";

export interface Seat {
  readonly lane: Lane;
  readonly merchant: Merchant;
  readonly accounts: Readonly<Record<ProvenGateway, string>>;
}

const silent = { info: () => {}, warn: () => {}, error: () => {} };

/** One seat per lane; its merchant is signed in. `controlDsn`: of the control database, with all rights. */
export async function seatsOf(info: SandboxFile, controlDsn: string, lanes: readonly Lane[]): Promise<readonly Seat[]> {
  const slots = planSlotMap(lanes.map(({ index }) => index)); // as the sandbox has planned them
  const store = openControlStore({ dsn: controlDsn, who: "proof", log: silent, keys: null });
  const { merchants } = await store.loadDirectory().finally(() => store.close());
  return await Promise.all(
    lanes.map(async (lane) => {
      const found = merchants.find(({ id }) => slots.shardOf(slotOfMerchant(id)) === lane.index);
      const accountAt = (name: ProvenGateway): string =>
        found?.gateways.find((gateway) => gateway.name === name)?.account ?? "";
      return {
        lane,
        merchant: await Merchant.signIn(
          info,
          info.merchants.findIndex(({ id }) => id === found?.id),
        ),
        accounts: { stripe: accountAt("stripe"), adyen: accountAt("adyen") },
      };
    }),
  );
}
