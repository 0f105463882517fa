/** What must hold of one run, looked at from outside: the client's answers, the gateway's log, the links' messages. */
import { isDeepStrictEqual } from "node:util";
import { type Charge, readCharges } from "../rig/charge-log.ts";
import type { Client } from "./client.ts";
import type { Lane } from "./lane.ts";
import type { Site } from "./site.ts";

/** One run behind its last answer. */
export interface FinishedRun {
  readonly site: Site;
  readonly lane: Lane;
  readonly client: Client;
  /** The gateway account of the lane's merchant. */
  readonly account: string;
  /** Lines of this account before the run. */
  readonly chargesBefore: number;
}

type Check = (run: FinishedRun) => Promise<string | undefined> | string | undefined;

/** By the name of the invariant; each says what is wrong, or nothing. */
const CHECKS: Readonly<Record<string, Check>> = {
  "I18 intent before call": ({ lane }) => {
    const early = lane.calls.find(({ n, key }) => {
      const text = key.slice(0, 36);
      const raw = Buffer.from(text.replaceAll("-", ""), "hex");
      return !lane.told.some(
        (told) => told.n < n && told.bytes.some((bytes) => bytes.includes(raw) || bytes.includes(text)),
      );
    });
    return early && `${early.method} ${early.path} came before the database had told of its key ${early.key}`;
  },

  "I19 one gateway key per operation": ({ lane, client }) => {
    const known = new Set(client.gatewayKeys);
    const strange = lane.calls.find(({ key }) => !known.has(key.slice(0, 36)));
    if (strange !== undefined) return `${strange.method} ${strange.path} has the strange key ${strange.key}`;
    for (const [key, calls] of Map.groupBy(lane.calls, (call) => call.key)) {
      const other = calls.find(({ path, body }) => path !== calls[0]?.path || !body.equals(calls[0].body));
      if (other !== undefined) return `two requests with the key ${key} differ`;
    }
    return undefined;
  },

  "I16 a dead owner's commit is refused": ({ lane }) =>
    lane.lateCommits.includes("COMMIT") ? "it was acknowledged after its successor had taken the shard" : undefined,

  "I1 exactly one effect each": ({ site, client, account, chargesBefore }) => {
    const charges = chargesOf(site, account).slice(chargesBefore);
    for (const [name, { effects }] of Object.entries(client.scenario.payments)) {
      const own = charges.filter((charge) => charge.payment_id === client.ids.get(name));
      const found = own.map(({ kind, amount }) => `${kind} ${amount}`);
      if (!isDeepStrictEqual(found, effects)) return `the gateway has ${found.join(", ") || "nothing"} of ${name}`;
    }
    const strange = charges.find((charge) => ![...client.ids.values()].includes(charge.payment_id));
    return strange && `the gateway has a ${strange.kind} of ${strange.payment_id}, which nobody was told of`;
  },

  "I13 replies are byte-equal": async ({ client }) => {
    for (const { step, key, answers } of client.asked) {
      const final = answers.at(-1);
      if (final?.status !== step.status) continue; // the client has said so
      const again = await client.merchant.send(step.call(key, client.paymentOf(step)));
      if (again.status !== final.status || again.text !== final.text)
        return `${step.name}: ${final.status} ${final.text} became ${again.status} ${again.text}`;
      const named = answers.filter(({ status }) => status < 300).map(({ body }) => body["payment_id"] ?? body["id"]);
      if (new Set(named).size !== 1) return `${step.name} was answered with several payments: ${named.join(", ")}`;
    }
    return undefined;
  },

  "I4 what was acknowledged is there": async ({ client }) => {
    for (const [name, { ends }] of Object.entries(client.scenario.payments)) {
      const { body } = await client.merchant.get(String(client.ids.get(name)));
      for (const [member, value] of Object.entries(ends))
        if (!isDeepStrictEqual(body[member], value)) return `${name} has ${member} ${JSON.stringify(body[member])}`;
    }
    return undefined;
  },
};

/** Lines of one account, in order. */
export const chargesOf = (site: Site, account: string): readonly Charge[] =>
  readCharges(site.info).filter((charge) => charge.account === account);

/** Every check that does not hold, as `I18 intent before call: …`. */
export async function troublesOf(run: FinishedRun): Promise<readonly string[]> {
  const troubles: string[] = [];
  for (const [name, check] of Object.entries(CHECKS)) {
    const trouble = await check(run);
    if (trouble !== undefined) troubles.push(`${name}: ${trouble}`);
  }
  return troubles;
}
