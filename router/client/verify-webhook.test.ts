import { createHmac } from "node:crypto";
import { expect } from "chai";
import fc from "fast-check";
import { signedHeaders } from "../../actors/webhooks/index.ts";
import { PaymentError } from "./payment-error.ts";
import { type ReceivedWebhook, verifyWebhook } from "./verify-webhook.ts";

/** The golden vector of Standard Webhooks as this house keeps it. */
const SECRET = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX";
const OLD_SECRET = `whsec_${Buffer.alloc(24, 7).toString("base64")}`;
const AT_S = 1_750_000_000;
const BODY = '{"id":"evt_1","object":"event","type":"payment_intent.succeeded"}';
const HEADERS = {
  "webhook-id": "msg_1",
  "webhook-timestamp": String(AT_S),
  "webhook-signature": "v1,yvn4xBjrmS2lySkjzbwIrz+sVHM4YKpUdgJV63gXS5Y=",
} as const;
const NOW = { nowMs: AT_S * 1000 };

const verify = (more: Partial<ReceivedWebhook> = {}, secrets: string | readonly string[] = SECRET, options = NOW) =>
  verifyWebhook({ body: BODY, headers: HEADERS, ...more }, secrets, options);
const codeOf = async (promise: Promise<unknown>): Promise<string> => {
  try {
    await promise;
  } catch (error) {
    return error instanceof PaymentError ? error.code : String(error);
  }
  return "genuine";
};

describe("verifyWebhook", () => {
  it("takes the golden vector, and gives back its event", async () =>
    expect(await verify()).to.deep.equal(JSON.parse(BODY)));

  it("takes bytes, Headers and what Node gives", async () => {
    expect(await codeOf(verify({ body: Buffer.from(BODY), headers: new Headers(HEADERS) }))).to.equal("genuine");
    expect(await codeOf(verify({ headers: { ...HEADERS, host: "a", cookie: ["a", "b"] } }))).to.equal("genuine");
  });

  it("takes what our own sender signs, with one secret and while one is replaced", async () => {
    const body = Buffer.from('{"id":"evt_2"}');
    for (const secrets of [[SECRET], [SECRET, OLD_SECRET], [OLD_SECRET, SECRET]]) {
      const headers = { ...signedHeaders("evt_2", AT_S, body, secrets) };
      expect(await codeOf(verify({ body, headers }))).to.equal("genuine");
      expect(await codeOf(verify({ body, headers }, [OLD_SECRET, SECRET]))).to.equal("genuine");
      expect(await codeOf(verify({ body, headers }, `whsec_${Buffer.alloc(24, 9).toString("base64")}`))).to.equal(
        "webhook_not_genuine",
      );
    }
  });

  const [, right = ""] = HEADERS["webhook-signature"].split(",");
  const signatures: readonly (readonly [string, string, "genuine" | "webhook_not_genuine"])[] = [
    ["one of several", `v1,${Buffer.alloc(32).toString("base64")} v1,${right}`, "genuine"],
    ["another scheme beside it", `v1a,${right} v1,${right}`, "genuine"],
    ["another scheme alone", `v1a,${right}`, "webhook_not_genuine"],
    ["no scheme", right, "webhook_not_genuine"],
    ["nothing behind the scheme", "v1,", "webhook_not_genuine"],
    ["half of it", `v1,${right.slice(0, 22)}`, "webhook_not_genuine"],
    ["more than it", `v1,${Buffer.alloc(64).toString("base64")}`, "webhook_not_genuine"],
    ["no base64", "v1,!!!!", "webhook_not_genuine"],
    ["spaces", "   ", "webhook_not_genuine"],
    ["behind sixteen others", `${"v1,AAAA ".repeat(16)}v1,${right}`, "webhook_not_genuine"],
  ];
  for (const [what, signature, expected] of signatures)
    it(`signature: ${what}`, async () =>
      expect(await codeOf(verify({ headers: { ...HEADERS, "webhook-signature": signature } }))).to.equal(expected));

  for (const name of Object.keys(HEADERS))
    it(`refuses a delivery without ${name}`, async () => {
      expect(await codeOf(verify({ headers: { ...HEADERS, [name]: undefined } }))).to.equal("webhook_not_genuine");
      expect(await codeOf(verify({ headers: { ...HEADERS, [name]: "" } }))).to.equal("webhook_not_genuine");
    });

  const times: readonly (readonly [number, "genuine" | "webhook_not_genuine"])[] = [
    [-300, "genuine"],
    [300, "genuine"],
    [-301, "webhook_not_genuine"],
    [301, "webhook_not_genuine"],
  ];
  for (const [offS, expected] of times)
    it(`${offS} seconds off`, async () =>
      expect(await codeOf(verify({}, SECRET, { nowMs: (AT_S + offS) * 1000 }))).to.equal(expected));
  for (const timestamp of ["NaN", "-1", "1e9", " 1750000000", "1750000000.0", "9".repeat(13)])
    it(`refuses the timestamp "${timestamp}"`, async () => {
      const signature = createHmac("sha256", Buffer.from(SECRET.slice(6), "base64"))
        .update(`msg_1.${timestamp}.${BODY}`)
        .digest("base64");
      const headers = { ...HEADERS, "webhook-timestamp": timestamp, "webhook-signature": `v1,${signature}` };
      expect(await codeOf(verify({ headers }))).to.equal("webhook_not_genuine");
    });

  it("refuses a body with any byte changed, another id or another time", () =>
    fc.assert(
      fc.asyncProperty(fc.nat(BODY.length - 1), fc.integer({ min: 1, max: 255 }), async (at, flip) => {
        const body = Buffer.from(BODY);
        body[at] = (body[at] as number) ^ flip;
        expect(await codeOf(verify({ body }))).to.equal("webhook_not_genuine");
      }),
      { numRuns: 50, seed: 68 },
    ));
  it("refuses another id or time under the same signature", async () => {
    for (const changed of [{ "webhook-id": "msg_2" }, { "webhook-timestamp": String(AT_S + 1) }])
      expect(await codeOf(verify({ headers: { ...HEADERS, ...changed } }))).to.equal("webhook_not_genuine");
  });
  it("refuses a body that is no JSON although it is signed", async () => {
    const headers = { ...signedHeaders("msg_1", AT_S, Buffer.from("{"), [SECRET]) };
    expect(await codeOf(verify({ body: "{", headers }))).to.equal("webhook_not_genuine");
  });

  for (const secret of ["", " ", "whsec_", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYX", "whsec_!!!!"])
    it(`says that "${secret}" is no secret, which no sender can bring about`, async () =>
      expect(await codeOf(verify({}, secret))).to.match(/^TypeError/));
  it("refuses everything without a secret", async () =>
    expect(await codeOf(verify({}, []))).to.equal("webhook_not_genuine"));
});
