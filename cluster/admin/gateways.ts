/** Operations on the gateways: which accounts are in use, what their breakers say, and taking them out of use and back. */
import Type, { type Static } from "typebox";
import { GATEWAY_NAMES, type GatewayName } from "../../actors/domain/index.ts";
import type { OpenBreaker } from "../../actors/index.ts";
import { NodeName, viewNotes } from "./looks.ts";
import { type AdminCall, type Change, change, look } from "./operation.ts";
import { type AdminRefusal, refused } from "./question.ts";
import { type GatewayAccount, isThere, timeOf } from "./world.ts";

const strict = { additionalProperties: false } as const;

/** A breaker that is not closed, with the node that has it. Threads of one node are counted. */
export interface BreakerItem {
  readonly node: string;
  readonly operation: string;
  readonly state: string;
  readonly threads: number;
}
export interface GatewayItem {
  readonly gateway: GatewayName;
  readonly account: string;
  readonly enabled: boolean;
  /** The whole gateway, or this account alone; null: neither. */
  readonly disabled: "gateway" | "account" | null;
  readonly disabled_by: string | null;
  readonly disabled_reason: string | null;
  readonly disabled_at: string | null;
  /** A merchant uses it. */
  readonly used: boolean;
  /** Of live actors, those that are not closed. */
  readonly breakers: readonly BreakerItem[];
}

/** An answer of another node, which only lists its breakers. */
interface NodeBreakers extends GatewayAccount {
  readonly breakers: readonly BreakerItem[];
}

const placeOf = ({ gateway, account }: GatewayAccount): string => `${gateway} ${account}`;

/** Breakers of one node by account. */
function breakersOf(node: string, open: readonly OpenBreaker[]): readonly NodeBreakers[] {
  return [...Map.groupBy(open, placeOf).values()].map((ones) => {
    const { gateway, account } = ones[0] as OpenBreaker;
    const alike = [...Map.groupBy(ones, ({ kind, state }) => `${kind} ${state}`).values()];
    const breakers = alike.map((same) => {
      const { kind, state } = same[0] as OpenBreaker;
      return { node, operation: kind, state, threads: same.length };
    });
    return { gateway, account, breakers };
  });
}

async function breakersOfAll(call: AdminCall): Promise<{ of: readonly NodeBreakers[]; notes: readonly string[] }> {
  const { world, isForwarded } = call;
  const mine = breakersOf(world.node, await world.breakers());
  if (isForwarded) return { of: mine, notes: [] };
  const others = world.view().cluster.nodes.filter((node) => isThere(node) && node.name !== world.node);
  const answers = await Promise.all(
    others.map(async ({ name }) => ({ name, answer: await call.ask(name, "gateway.list", { node: name }) })),
  );
  return {
    of: [...mine, ...answers.flatMap(({ answer }) => (answer.ok ? (answer.items as readonly NodeBreakers[]) : []))],
    notes: answers.flatMap(({ name, answer }) =>
      answer.ok ? [] : [`${name} was asked and did not tell: ${answer.message}`],
    ),
  };
}

/** The account as the newest view shows it. */
function gatewayItem(call: AdminCall, of: GatewayAccount, used: boolean, told: readonly NodeBreakers[]): GatewayItem {
  const { gatewayStops } = call.world.view().cluster;
  const stops = gatewayStops.filter(({ gateway }) => gateway === of.gateway);
  const stop = stops.find(({ account }) => account === null) ?? stops.find(({ account }) => account === of.account);
  return {
    gateway: of.gateway,
    account: of.account,
    enabled: stop === undefined,
    disabled: stop === undefined ? null : stop.account === null ? "gateway" : "account",
    disabled_by: stop?.who ?? null,
    disabled_reason: stop?.reason ?? null,
    disabled_at: stop === undefined ? null : timeOf(stop.atMs),
    used,
    breakers: told.filter((one) => placeOf(one) === placeOf(of)).flatMap(({ breakers }) => breakers),
  };
}

/** Those that merchants use, and what was disabled by name though nobody uses it. By gateway, then by account. */
async function gatewayItems(call: AdminCall): Promise<{ items: readonly GatewayItem[]; notes: readonly string[] }> {
  const { of: told, notes } = await breakersOfAll(call);
  const { gatewayStops } = call.world.view().cluster;
  const used = new Map(call.world.gatewayAccounts().map((one) => [placeOf(one), one]));
  const named = gatewayStops.flatMap(({ gateway, account }) => (account === null ? [] : [{ gateway, account }]));
  const all = new Map([...named, ...told, ...used.values()].map((one) => [placeOf(one), one]));
  const items = [...all].map(([place, one]) => gatewayItem(call, one, used.has(place), told));
  return { items: items.toSorted((a, b) => (placeOf(a) < placeOf(b) ? -1 : 1)), notes };
}

export const gatewayList = look(Type.Object({ node: Type.Optional(NodeName) }, strict), async (call) => {
  if (call.isForwarded) return { ok: true, kind: "Gateway", items: (await breakersOfAll(call)).of };
  const { items, notes } = await gatewayItems(call);
  return { ok: true, kind: "Gateway", items, notes: [...viewNotes(call), ...notes] };
});

const Which = Type.Object(
  {
    gateway: Type.Unsafe<GatewayName>(Type.Union(GATEWAY_NAMES.map((name) => Type.Literal(name)))),
    account: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
    dryRun: Type.Optional(Type.Boolean()),
  },
  strict,
);

export const gatewayDisable = change(Which, async (call, args) => setStop(call, args, true));
export const gatewayEnable = change(Which, async (call, args) => setStop(call, args, false));

/** Whether it is so already is for the database to say: the view may be old. Only a rehearsal goes by the view. */
function setStop(
  call: AdminCall,
  { gateway, account, dryRun = false }: Static<typeof Which>,
  isStopped: boolean,
): Change | AdminRefusal {
  const { world } = call;
  const stop = { gateway, account: account ?? null };
  const subject = account === undefined ? gateway : `${gateway} ${account}`;
  const accounts = world.gatewayAccounts().filter((one) => one.gateway === gateway);
  const isKnown = account === undefined || accounts.some((one) => one.account === account);
  const { gatewayStops } = world.view().cluster;
  const isSo = gatewayStops.some((one) => one.gateway === gateway && one.account === stop.account) === isStopped;
  if (!isKnown && isStopped)
    return refused("notFound", `no merchant has the account ${subject}; npx payctl gateway list shows all`);
  const whole = gatewayStops.some((one) => one.gateway === gateway && one.account === null);
  const verb = isStopped ? "disabled" : "enabled";
  const effect = isStopped
    ? "no new charge, capture or refund goes there; what is in doubt is still read, and voids and give-backs go on"
    : "new money may go there again";
  const notes = [
    ...(dryRun ? [`dry run: ${subject} ${isSo ? `is ${verb} already` : `would be ${verb}: ${effect}`}`] : []),
    ...(!isStopped && whole && account !== undefined
      ? [`${gateway} as a whole stays disabled: npx payctl gateway enable ${gateway}`]
      : []),
    ...viewNotes(call),
  ];
  const item = {
    gateway,
    account: stop.account,
    enabled: dryRun ? !gatewayStops.some((one) => one.gateway === gateway && one.account === stop.account) : !isStopped,
    accounts: accounts.filter((one) => account === undefined || one.account === account).map((one) => one.account),
  };
  const back = `npx payctl gateway enable ${subject} --reason …`;
  return {
    subject,
    apply: dryRun ? null : (by) => world.setGatewayStop(stop, isStopped, by),
    found: {
      ok: true,
      kind: "GatewayUse",
      items: [item],
      notes,
      nextSteps: dryRun ? [] : ["npx payctl gateway list", ...(isStopped ? [back] : [])],
    },
  };
}
