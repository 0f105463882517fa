/** The simulators as a process: keys and effects survive kill -9 at any moment, and nothing is charged twice. */
import { type ChildProcess, fork } from "node:child_process";
import { appendFileSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { HMAC_KEY, WEBHOOK_SECRET } from "./test-calls.ts";
import { Receiver, until } from "./test-receiver.ts";
import { readChargeLines, rigSettings } from "./test-rig.ts";
import type { GatewaySimulatorOptions } from "./index.ts";

interface Running {
  readonly child: ChildProcess;
  readonly stripeUrl: string;
  readonly adyenUrl: string;
  /** Sends the signal and waits for the end; the exit code, null after a kill. */
  end(signal: NodeJS.Signals): Promise<number | null>;
}

async function start(settings: GatewaySimulatorOptions): Promise<Running> {
  const entry = fileURLToPath(new URL("./main.ts", import.meta.url));
  const child = fork(entry, [JSON.stringify(settings)], { stdio: ["ignore", "ignore", "ignore", "ipc"] });
  const gone = new Promise<number | null>((resolve) => child.once("exit", resolve));
  const ready = await Promise.race([
    new Promise<Record<string, string>>((resolve) => child.once("message", (message) => resolve(message as never))),
    gone.then((code) => Promise.reject(new Error(`ended with ${code}`))),
  ]);
  if (ready["kind"] !== "ready") throw new Error(`${ready["kind"]}: ${ready["message"]} (${await gone})`);
  return {
    child,
    stripeUrl: ready["stripeUrl"] as string,
    adyenUrl: ready["adyenUrl"] as string,
    end: (signal) => {
      child.kill(signal);
      return gone;
    },
  };
}

interface Reply {
  readonly status: number;
  readonly text: string;
  readonly replayed: string | null;
}

/** As `/_control/state` tells it. */
type State = Readonly<
  Record<
    "stripe" | "adyen",
    { readonly webhooks: Readonly<Record<"pending" | "unwritten", number>>; readonly sequels: number }
  >
>;

async function post(url: string, path: string, key: string, body: string | object): Promise<Reply> {
  const isForm = typeof body === "string";
  const answer = await fetch(`${url}${path}`, {
    method: "POST",
    headers: {
      authorization: "Bearer sk_test_it",
      "x-api-key": "it",
      "idempotency-key": key,
      "content-type": isForm ? "application/x-www-form-urlencoded" : "application/json",
    },
    body: isForm ? body : JSON.stringify(body),
  });
  return { status: answer.status, text: await answer.text(), replayed: answer.headers.get("idempotent-replayed") };
}

const form = (n: number, token = "tok_visa"): string =>
  `amount=500&currency=usd&capture_method=automatic&payment_method=${token}&metadata[operation_id]=op_${n}&metadata[payment_id]=pay_${n}`;
const checkout = (n: number, token = "tok_visa"): object => ({
  merchantAccount: "M",
  amount: { value: 500, currency: "USD" },
  reference: `op_${n}`,
  merchantOrderReference: `pay_${n}`,
  paymentMethod: { type: "scheme", storedPaymentMethodId: token },
  captureDelayHours: 0,
});
const createAt = (url: string, n: number, token?: string): Promise<Reply> =>
  post(url, "/v1/payment_intents", `k${n}-create`, form(n, token));
const idOf = (reply: Reply): string => (JSON.parse(reply.text) as { id: string }).id;
const confirmAt = (url: string, n: number, id: string): Promise<Reply> =>
  post(url, `/v1/payment_intents/${id}/confirm`, `k${n}`, "error_on_requires_action=true");
const payAt = (url: string, n: number, token?: string): Promise<Reply> =>
  post(url, "/v72/payments", `k${n}`, checkout(n, token));

describe("gateway simulators as a process", function () {
  this.timeout(60_000);
  const running = new Set<Running>();
  const folders: string[] = [];
  const settingsOf = (more: Partial<GatewaySimulatorOptions> = {}): GatewaySimulatorOptions => {
    const settings = rigSettings(more);
    folders.push(settings.dataDir);
    return settings;
  };
  const begin = async (settings: GatewaySimulatorOptions): Promise<Running> => {
    const simulators = await start(settings);
    running.add(simulators);
    return simulators;
  };
  const end = (simulators: Running, signal: NodeJS.Signals): Promise<number | null> => {
    running.delete(simulators);
    return simulators.end(signal);
  };
  const hooks: Receiver[] = [];
  const receiver = (): Receiver => {
    const hook = new Receiver();
    hooks.push(hook);
    return hook;
  };
  afterEach(async () => {
    await Promise.all(hooks.splice(0).map((hook) => hook.stop()));
    await Promise.all([...running].map((simulators) => end(simulators, "SIGKILL")));
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
  });

  it("writes one line under 50 parallel calls with one key", async () => {
    const settings = settingsOf();
    const now = await begin(settings);
    const id = idOf(await createAt(now.stripeUrl, 1));
    const confirms = await Promise.all(Array.from({ length: 50 }, () => confirmAt(now.stripeUrl, 1, id)));
    const pays = await Promise.all(Array.from({ length: 50 }, () => payAt(now.adyenUrl, 1)));
    expect(readChargeLines(settings, "stripe")).to.have.length(1);
    expect(readChargeLines(settings, "adyen")).to.have.length(1);
    for (const { status } of confirms) expect(status).to.be.oneOf([200, 409]);
    for (const { status } of pays) expect(status).to.be.oneOf([200, 422]);
    expect(confirms.filter(({ status, replayed }) => status === 200 && replayed === null)).to.have.length(1);
  });

  it("keeps replay answers, lost answers and stored 500s over kill -9", async () => {
    const settings = settingsOf();
    let now = await begin(settings);
    const id = idOf(await createAt(now.stripeUrl, 1));
    const confirmed = await confirmAt(now.stripeUrl, 1, id);
    const failedId = idOf(await createAt(now.stripeUrl, 2, "tok_error_500_charged"));
    const failed = await confirmAt(now.stripeUrl, 2, failedId);
    const refusedId = idOf(await createAt(now.stripeUrl, 3, "tok_decline_expired_card"));
    const refused = await confirmAt(now.stripeUrl, 3, refusedId);
    const paid = await payAt(now.adyenUrl, 1);
    expect([confirmed.status, failed.status, refused.status, paid.status]).to.deep.equal([200, 500, 402, 200]);
    const before = [readChargeLines(settings, "stripe"), readChargeLines(settings, "adyen")];
    await end(now, "SIGKILL");
    now = await begin(settings);
    expect(await confirmAt(now.stripeUrl, 1, id)).to.deep.equal({ ...confirmed, replayed: "true" });
    expect(await confirmAt(now.stripeUrl, 2, failedId)).to.deep.equal({ ...failed, replayed: "true" });
    expect(await confirmAt(now.stripeUrl, 3, refusedId)).to.deep.equal({ ...refused, replayed: "true" });
    expect(await payAt(now.adyenUrl, 1)).to.deep.equal(paid);
    expect(idOf(await createAt(now.stripeUrl, 1))).to.equal(id);
    const other = await post(
      now.stripeUrl,
      `/v1/payment_intents/${id}/confirm`,
      "k1",
      "error_on_requires_action=false",
    );
    expect([other.status, JSON.parse(other.text).error.type]).to.deep.equal([400, "idempotency_error"]);
    expect([readChargeLines(settings, "stripe"), readChargeLines(settings, "adyen")]).to.deep.equal(before);
  });

  it("believes the charge log when the records are gone, and repairs a torn line", async () => {
    const settings = settingsOf();
    let now = await begin(settings);
    const id = idOf(await createAt(now.stripeUrl, 1));
    await confirmAt(now.stripeUrl, 1, id);
    const paid = await payAt(now.adyenUrl, 1);
    const before = [readChargeLines(settings, "stripe"), readChargeLines(settings, "adyen")];
    await end(now, "SIGKILL");
    for (const file of readdirSync(settings.dataDir))
      if (file.endsWith("-records.jsonl")) rmSync(join(settings.dataDir, file));
    appendFileSync(settings.stripe.chargeLog, '{"at":"2026-');
    appendFileSync(settings.adyen.chargeLog, "{");
    now = await begin(settings);
    expect(idOf(await createAt(now.stripeUrl, 1))).to.equal(id);
    const again = await confirmAt(now.stripeUrl, 1, id);
    expect([again.status, JSON.parse(again.text).status, again.replayed]).to.deep.equal([200, "succeeded", "true"]);
    expect(await payAt(now.adyenUrl, 1)).to.deep.equal(paid);
    expect([readChargeLines(settings, "stripe"), readChargeLines(settings, "adyen")]).to.deep.equal(before);
  });

  it("keeps captures and refunds over kill -9, also when the records are gone", async () => {
    const settings = settingsOf();
    const manual = form(1).replace("automatic", "manual");
    let now = await begin(settings);
    const id = idOf(await post(now.stripeUrl, "/v1/payment_intents", "k1-create", manual));
    await confirmAt(now.stripeUrl, 1, id);
    const captureOf = () =>
      post(
        now.stripeUrl,
        `/v1/payment_intents/${id}/capture`,
        "k1-c",
        "amount_to_capture=400&metadata[capture_operation_id]=op_c",
      );
    const refundOf = (n: number) =>
      post(now.stripeUrl, "/v1/refunds", `k1-r${n}`, `payment_intent=${id}&amount=100&metadata[operation_id]=op_r${n}`);
    const paid = JSON.parse((await payAt(now.adyenUrl, 1)).text) as { pspReference: string };
    const backOf = () =>
      post(now.adyenUrl, `/v72/payments/${paid.pspReference}/refunds`, "k1-r", {
        merchantAccount: "M",
        reference: "op_r",
        amount: { value: 300, currency: "USD" },
      });
    const listOf = async (): Promise<readonly { id: string; metadata: { operation_id: string } }[]> => {
      const answer = await fetch(`${now.stripeUrl}/v1/refunds?payment_intent=${id}`, {
        headers: { authorization: "Bearer sk_test_it" },
      });
      return ((await answer.json()) as { data: [] }).data;
    };
    const first = [await captureOf(), await refundOf(1), await refundOf(2), await backOf()];
    expect(first.map(({ status }) => status)).to.deep.equal([200, 200, 200, 201]);
    const listed = await listOf();
    const before = [readChargeLines(settings, "stripe"), readChargeLines(settings, "adyen")];
    for (const loseRecords of [false, true]) {
      await end(now, "SIGKILL");
      for (const file of readdirSync(settings.dataDir))
        if (loseRecords && file.endsWith("-records.jsonl")) rmSync(join(settings.dataDir, file));
      now = await begin(settings);
      const again = [await captureOf(), await refundOf(1), await refundOf(2), await backOf()];
      expect(again.map(({ status }) => status)).to.deep.equal([200, 200, 200, 201]);
      if (!loseRecords) {
        expect(again.map(({ text }) => text)).to.deep.equal(first.map(({ text }) => text));
        expect(await listOf()).to.deep.equal(listed);
      }
      expect((await listOf()).map((refund) => [refund.id, refund.metadata.operation_id])).to.deep.equal(
        listed.map((refund) => [refund.id, refund.metadata.operation_id]),
      );
      expect(JSON.parse(again[0]?.text ?? "").metadata.capture_operation_id).to.equal("op_c");
      expect([readChargeLines(settings, "stripe"), readChargeLines(settings, "adyen")]).to.deep.equal(before);
    }
    expect((await refundOf(3)).status).to.equal(200);
    expect((await refundOf(4)).status).to.equal(200);
    expect((await refundOf(5)).status).to.equal(400); // 400 were captured and given back
  });

  it("charges each key once over kills under load", async () => {
    const settings = settingsOf();
    const total = 300;
    const atOnce = 70;
    let open = Array.from({ length: total }, (_, i) => i);
    let killed = 0;
    for (let round = 0; open.length > 0; round++) {
      expect(round).to.be.lessThan(30);
      const now = await begin(settings);
      // Some at a time: a fast simulator answers everything that is there before the signal reaches it.
      const left = open.slice(atOnce);
      let done = 0;
      await Promise.all(
        open.slice(0, atOnce).map(async (n) => {
          try {
            const id = idOf(await createAt(now.stripeUrl, n));
            const [confirmed, paid] = await Promise.all([confirmAt(now.stripeUrl, n, id), payAt(now.adyenUrl, n)]);
            expect([confirmed.status, paid.status]).to.deep.equal([200, 200]);
            if (++done === 40 && round < 4) {
              killed++;
              await end(now, "SIGKILL"); // while the others are somewhere between request, log and answer
            }
          } catch (error) {
            if ((error as Error).name === "AssertionError") throw error;
            left.push(n);
          }
        }),
      );
      if (running.has(now)) await end(now, "SIGTERM");
      open = left;
    }
    expect(killed).to.equal(4);
    for (const gateway of ["stripe", "adyen"] as const) {
      const lines = readChargeLines(settings, gateway);
      expect(lines).to.have.length(total);
      expect(new Set(lines.map(({ key }) => key)).size).to.equal(total);
    }
  });

  it("keeps webhooks that nobody has accepted, what is still to happen, and the endpoint over kill -9", async () => {
    const hook = receiver();
    hook.answer = () => 503;
    const url = await hook.start();
    const settings = settingsOf({ webhookTiming: { soonMs: 1, lateMs: 1_000, retryDelaysMs: [50] } });
    let now = await begin(settings);
    for (const endpoint of [
      { gateway: "stripe", url, secret: WEBHOOK_SECRET },
      { gateway: "adyen", url, hmacKey: HMAC_KEY },
    ])
      expect((await post(now.stripeUrl, "/_control/webhooks", "-", endpoint)).status).to.equal(200);
    const ids: string[] = [];
    for (let n = 1; n <= 3; n++) {
      ids.push(idOf(await createAt(now.stripeUrl, n)));
      await confirmAt(now.stripeUrl, n, ids[n - 1] as string);
    }
    const paid = JSON.parse((await payAt(now.adyenUrl, 4, "tok_dispute")).text) as { pspReference: string };
    await until(() => hook.deliveries.length >= 4, "first tries");
    await end(now, "SIGKILL");
    hook.deliveries.length = 0;
    hook.answer = () => 200;
    now = await begin(settings);
    await until(() => ids.every((id) => hook.events(id).length === 1), "all that was not accepted");
    await until(() => hook.items(paid.pspReference).length === 2, "what was still to happen");
    expect(hook.items(paid.pspReference).map(({ eventCode }) => eventCode)).to.deep.equal([
      "AUTHORISATION",
      "CHARGEBACK",
    ]);
    expect(readChargeLines(settings, "adyen").map(({ kind }) => kind)).to.deep.equal(["sale", "dispute"]);
    const isAllDone = async (): Promise<boolean> => {
      const state = (await (await fetch(`${now.stripeUrl}/_control/state`)).json()) as State;
      return [state.stripe, state.adyen].every(
        ({ webhooks, sequels }) => webhooks.pending + webhooks.unwritten + sequels === 0,
      );
    };
    await until(isAllDone, "the receipts of all"); // a receipt that is not on file is as good as none
    await end(now, "SIGKILL");
    hook.deliveries.length = 0;
    now = await begin(settings);
    const marker = idOf(await createAt(now.stripeUrl, 9));
    await confirmAt(now.stripeUrl, 9, marker);
    await until(() => hook.events(marker).length === 1, "the marker");
    expect(hook.deliveries, "nothing that was accepted comes again").to.have.length(1);
  });

  it("tells of what only the charge log knows, and keeps late effects when the records are gone", async () => {
    const hook = receiver();
    const url = await hook.start();
    const settings = settingsOf({
      webhookTiming: { soonMs: 1 },
      webhooks: {
        stripe: { url, secret: WEBHOOK_SECRET },
        adyen: { url, hmacKey: HMAC_KEY, basicAuth: null },
      },
    });
    let now = await begin(settings);
    const id = idOf(await createAt(now.stripeUrl, 1));
    await confirmAt(now.stripeUrl, 1, id);
    const refund = () =>
      post(now.stripeUrl, "/v1/refunds", "k1-r", `payment_intent=${id}&amount=100&metadata[operation_id]=op_r`);
    const refundId = idOf(await refund());
    const failed = await post(now.adyenUrl, "/_control/fail-refund", "-", { gateway: "stripe", operation: "op_r" });
    expect(JSON.parse(failed.text)).to.deep.equal({ outcome: "done" });
    const names = (): ReadonlySet<string> => new Set(hook.events(id).map((event) => event.id));
    await until(() => names().size === 5, "all events");
    const told = names();
    const before = readChargeLines(settings, "stripe");
    await end(now, "SIGKILL");
    for (const file of readdirSync(settings.dataDir))
      if (file.endsWith("-records.jsonl")) rmSync(join(settings.dataDir, file));
    hook.deliveries.length = 0;
    now = await begin(settings);
    // Nobody knows whether they were sent, so they come again, under the same names.
    await until(() => names().size === 5, "all events again");
    expect(names()).to.deep.equal(told);
    const read = await fetch(`${now.stripeUrl}/v1/refunds/${refundId}`, {
      headers: { authorization: "Bearer sk_test_it" },
    });
    expect(await read.json()).to.deep.include({ id: refundId, status: "failed", amount: 100 });
    expect(readChargeLines(settings, "stripe")).to.deep.equal(before);
  });

  it("ends on SIGTERM with code 0, also while calls hang", async () => {
    const now = await begin(settingsOf());
    const hanging = payAt(now.adyenUrl, 1, "tok_timeout_charged").catch(() => "cut");
    await payAt(now.adyenUrl, 2);
    expect(await end(now, "SIGTERM")).to.equal(0);
    expect(await hanging).to.equal("cut");
  });

  it("ends when its parent is gone", async () => {
    const now = await begin(settingsOf());
    const gone = new Promise((done) => now.child.once("exit", done));
    now.child.disconnect();
    expect(await gone).to.equal(0);
  });

  it("says what is wrong with its settings", async () => {
    const failed = await start({ ...settingsOf(), dataDir: undefined as never }).catch((error: Error) => error.message);
    expect(failed).to.equal("fatal: settings: dataDir is missing (1)");
  });
});
