import { Buffer } from "node:buffer";
import { expect } from "chai";
import fc from "fast-check";
import type { CreateEndpoint, CreatePayment, ModifyPayment } from "../actors/index.ts";
import { type Command, COMMANDS, type EndpointId, type PaymentId, type Refusal } from "../actors/domain/index.ts";
import { EVENT_TYPES } from "./event-types.ts";
import { createRequestReader } from "./request-reader.ts";
import { BAD_INPUT } from "./test/bad-input.ts";
import { quickestMs } from "./test/quickest.ts";

const reader = createRequestReader();
const read = (body: string | Uint8Array): CreatePayment | Refusal => reader.readCreatePayment(Buffer.from(body), "key");
const accept = (body: string): CreatePayment => {
  const result = read(body);
  if ("kind" in result) throw new Error(`refused: ${JSON.stringify(result)}`);
  return result;
};
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

describe("request reader", () => {
  describe("bad bodies", () => {
    const bodies = BAD_INPUT.filter(
      ({ row, reachesShard, steps }) =>
        row !== 12 &&
        reachesShard &&
        steps.length === 1 &&
        steps[0]?.request.method === "POST" &&
        steps[0].request.path === "/v1/payments",
    );
    it("has rows to run", () => expect(bodies.length).to.be.above(70));
    for (const { row, name, steps } of bodies)
      for (const { request, expect: expected } of steps)
        it(`${row}: ${name}`, () => {
          const result = read(request.body ?? "");
          const code = "kind" in result ? result.code : null;
          expect(
            code,
            JSON.stringify(result, (_, value: unknown) => (typeof value === "bigint" ? String(value) : value)),
          ).to.equal(expected.code);
          if (!("kind" in result) || expected.pointer === undefined) return;
          expect(result.errors?.map((error) => `${error.pointer} ${error.code}`)).to.include(
            `${expected.pointer} ${expected.reason}`,
          );
        });
  });

  it("reads every field", () => {
    const { fingerprint, ...request } = accept(
      JSON.stringify({
        amount: 1299,
        currency: "EUR",
        payment_method: "tok_visa",
        capture_method: "manual",
        gateway: "adyen",
        merchant_reference: "order-1",
        description: "naïve 😀",
        customer: { email: "a@b.example" },
        metadata: { b: "2", a: "1" },
        idempotency_key: "key",
      }),
    );
    expect(fingerprint).to.have.lengthOf(32);
    expect(request).to.deep.equal({
      amountMinor: 1299n,
      currency: "EUR",
      captureMethod: "manual",
      gateway: "adyen",
      merchantReference: "order-1",
      description: "naïve 😀",
      metadataJson: '{"b":"2","a":"1"}',
      paymentMethod: "tok_visa",
      customer: { email: "a@b.example", name: null },
    });
  });

  it("knows the defaults", () => {
    const request = accept('{"amount":1,"currency":"EUR","payment_method":"t"}');
    expect([request.captureMethod, request.gateway, request.customer, request.metadataJson]).to.deep.equal([
      "automatic",
      null,
      null,
      "{}",
    ]);
  });

  it("lists all fields that are wrong, and prefers the general code", () => {
    const result = read('{"amount":0,"currency":"eur","surprise":1}');
    expect("kind" in result && result.code).to.equal("validation_failed");
    expect("kind" in result && result.errors?.map((error) => `${error.pointer} ${error.code}`).sort()).to.deep.equal([
      "/amount out_of_range",
      "/currency invalid_currency",
      "/payment_method missing_field",
      "/surprise unknown_field",
    ]);
  });

  it("counts characters, not code units", () => {
    expect(
      read(`{"amount":1,"currency":"EUR","payment_method":"t","merchant_reference":"${"😀".repeat(80)}"}`),
    ).to.have.property("amountMinor");
    expect(
      read(`{"amount":1,"currency":"EUR","payment_method":"t","merchant_reference":"${"😀".repeat(81)}"}`),
    ).to.have.property("code");
  });

  it("never says back what it refused as card data, nor more than a piece of a long name", () => {
    const refused = [
      read('{"4111111111111111":"x"}'),
      read('{"a":"4111111111111111"}'),
      read(`{"${"x".repeat(60_000)}":1}`),
    ].map((result) => JSON.stringify(result));
    for (const text of refused) {
      expect(text).to.not.contain("41111111");
      expect(text.length).to.be.below(1_000);
    }
  });

  it("is quick on the worst bodies that fit", () => {
    const members = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`k${i}`, "1"]));
    const worst = [
      members(6_500),
      { metadata: members(6_000) },
      { description: '\\"'.repeat(15_000) },
      { ["k~/".repeat(20_000)]: 1 },
    ];
    for (const body of worst) {
      const text = JSON.stringify(body);
      expect(quickestMs(() => read(text))).to.be.below(250); // 25 ms at most
    }
  });

  describe("fingerprint", () => {
    const text = fc
      .string({ unit: "binary", maxLength: 30 })
      .filter((value) => !/[\p{Cc}]/u.test(value) && !/\d{6}/.test(value));
    const metadataKey = fc
      .stringMatching(/^[a-z_]{1,12}$/)
      .filter((key) => key !== "pan" && !/^c[vscan]/.test(key) && !/^(?:card|cc|track|pin|sec|ver|pri)/.test(key));
    const body = fc.record(
      {
        amount: fc.integer({ min: 1, max: 99_999_999 }),
        currency: fc.constantFrom("EUR", "USD"),
        payment_method: fc.constantFrom("tok_a", "tok_b"),
        capture_method: fc.constantFrom("automatic", "manual"),
        gateway: fc.constantFrom("stripe", "adyen"),
        merchant_reference: text,
        description: text,
        customer: fc.record({ email: text, name: text }),
        metadata: fc.dictionary(metadataKey, text, { maxKeys: 5 }),
      },
      { requiredKeys: ["amount", "currency", "payment_method"] },
    );
    const reversed = (value: unknown): unknown =>
      typeof value === "object" && value !== null
        ? Object.fromEntries(
            Object.entries(value)
              .reverse()
              .map(([key, member]) => [key, reversed(member)]),
          )
        : value;

    it("does not depend on the order of keys, on white space or on escapes", () => {
      fc.assert(
        fc.property(body, (value) => {
          const plain = accept(JSON.stringify(value));
          const other = JSON.stringify(reversed(value), null, 3).replaceAll(
            /[\u0080-\uffff]/g,
            (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`,
          );
          expect(hex(accept(other).fingerprint)).to.equal(hex(plain.fingerprint));
        }),
      );
    });

    it("differs for bodies that ask for different things", () => {
      fc.assert(
        fc.property(body, body, (a, b) => {
          const meaning = (value: typeof a): string => {
            const { fingerprint: _, ...request } = accept(JSON.stringify(value));
            const pairs = Object.entries(JSON.parse(request.metadataJson) as object).sort(([one], [other]) =>
              one < other ? -1 : 1,
            );
            return JSON.stringify({ ...request, amountMinor: String(request.amountMinor), metadataJson: pairs });
          };
          const same = hex(accept(JSON.stringify(a)).fingerprint) === hex(accept(JSON.stringify(b)).fingerprint);
          expect(same).to.equal(meaning(a) === meaning(b));
        }),
      );
    });

    it("is the one that stored keys were written with", () => {
      // Frozen: another value here answers every key of the past with idempotency_key_reuse.
      const minimal = accept('{"amount":1299,"currency":"EUR","payment_method":"tok_visa"}');
      const full = accept(
        '{"amount":1,"currency":"JPY","payment_method":"t","capture_method":"manual","gateway":"stripe","merchant_reference":"r","description":"naïve","customer":{"email":"e","name":"n"},"metadata":{"b":"2","a":"1"}}',
      );
      expect([hex(minimal.fingerprint), hex(full.fingerprint)]).to.deep.equal([
        "6143368aa311355e6712ca4a428b786cd35909143f844621e3e7bcc680f75230",
        "6abf575764784dd11394fcb7afdc2458f19b18363e5375183f192d5a5518c57b",
      ]);
    });
  });
});

describe("request reader of captures, cancels and refunds", () => {
  const paymentId = "pay_01h455vb4pex5vsknk084sn02q" as PaymentId;
  const other = "pay_01h455vb4pex5vsknk084sn02r" as PaymentId;
  const modify = (command: Command, body: string, id = paymentId): ModifyPayment | Refusal =>
    reader.readModification(command, id, Buffer.from(body), "key");
  const take = (command: Command, body: string, id = paymentId): ModifyPayment => {
    const result = modify(command, body, id);
    if ("kind" in result) throw new Error(`refused: ${JSON.stringify(result)}`);
    return result;
  };
  const PATHS: { readonly [C in Command]: string } = { capture: "capture", cancel: "cancel", refund: "refunds" };

  for (const command of COMMANDS) {
    const bodies = BAD_INPUT.filter(
      ({ reachesShard, steps }) =>
        reachesShard && steps.length === 1 && steps[0]?.request.path.endsWith(PATHS[command]),
    ).filter(({ steps }) => steps[0]?.request.method === "POST");
    it(`has rows to run: ${command}`, () => expect(bodies.length).to.be.above(15));
    for (const { row, name, steps } of bodies)
      for (const { request, expect: expected } of steps)
        it(`${row}: ${name}`, () => {
          const result = reader.readModification(command, paymentId, Buffer.from(request.body ?? ""), "key");
          // What is not wrong by itself is looked for, and is nobody's.
          expect("kind" in result ? result.code : "not_found").to.equal(expected.code);
          if (!("kind" in result) || expected.pointer === undefined) return;
          expect(result.errors?.map((error) => `${error.pointer} ${error.code}`)).to.deep.equal([
            `${expected.pointer} ${expected.reason}`,
          ]);
        });
  }

  it("reads every field", () => {
    const { fingerprint, ...refund } = take("refund", '{"amount":1299,"reason":"naïve 😀","idempotency_key":"key"}');
    expect(fingerprint).to.have.lengthOf(32);
    expect(refund).to.deep.equal({ amountMinor: 1299n, reason: "naïve 😀" });
  });

  it("knows the defaults, and that no body is an empty one", () => {
    for (const command of COMMANDS)
      for (const body of ["", "{}", " { } "]) {
        const { fingerprint, ...read } = take(command, body);
        expect(read).to.deep.equal({ amountMinor: null, reason: null });
        expect(hex(fingerprint)).to.equal(hex(take(command, "{}").fingerprint));
      }
  });

  it("leaves an amount to who knows the currency, unless no currency allows it", () => {
    expect(take("capture", '{"amount":999999999999}')).to.include({ amountMinor: 999_999_999_999n });
    expect(modify("capture", '{"amount":1000000000000}')).to.include({ code: "amount_out_of_range" });
  });

  it("lists all fields that are wrong", () => {
    const result = modify("refund", '{"amount":1.5,"reason":7,"surprise":1}');
    expect("kind" in result && result.errors?.map((error) => `${error.pointer} ${error.code}`).sort()).to.deep.equal([
      "/amount not_integer",
      "/reason invalid_type",
      "/surprise unknown_field",
    ]);
  });

  it("fingerprints what is asked for, of which payment", () => {
    const asked: readonly (readonly [Command, string, PaymentId?])[] = [
      ["capture", "{}"],
      ["cancel", "{}"],
      ["refund", "{}"],
      ["refund", "{}", other],
      ["refund", '{"amount":1}'],
      ["refund", '{"amount":2}'],
      ["capture", '{"amount":1}'],
      ["refund", '{"reason":""}'],
      ["refund", '{"reason":"null"}'],
      ["refund", '{"amount":1,"reason":"1"}'],
    ];
    const prints = asked.map(([command, body, id]) => hex(take(command, body, id).fingerprint));
    expect(new Set(prints).size).to.equal(asked.length);
    const written = take("refund", ' {"reason":"\\u00e9","amount" : 1}').fingerprint;
    expect(hex(written)).to.equal(hex(take("refund", '{"amount":1,"reason":"é","idempotency_key":"key"}').fingerprint));
  });

  it("fingerprints as stored keys were written", () => {
    // Frozen: another value here answers every key of the past with idempotency_key_reuse.
    expect(
      [take("capture", "{}"), take("cancel", ""), take("refund", '{"amount":300,"reason":"naïve"}')].map((read) =>
        hex(read.fingerprint),
      ),
    ).to.deep.equal([
      "9549b776b4c9b4d27170f5c60873943cdf6747f8c2ecd612e3d1619b4091a175",
      "bc47b115c48886253c45ff9ae9ac97f01e32262afd16eb09bb65975d81da911c",
      "5b48c508bfd4f4aee02a0d3c6bcb050d66b21812d45d3b5d447b763feb5247c1",
    ]);
  });
});

describe("request reader of webhook endpoints", () => {
  const endpointId = "whe_01h455vb4pex5vsknk084sn02q" as EndpointId;
  const other = "whe_01h455vb4pex5vsknk084sn02r" as EndpointId;
  const eventId = "evt_01h455vb4pex5vsknk084sn02q";
  const url = "https://shop.example/webhooks?a=%20b";
  const printOf = (read: { readonly fingerprint: Uint8Array } | Refusal): string => {
    if ("kind" in read) throw new Error(`refused: ${JSON.stringify(read)}`);
    return hex(read.fingerprint);
  };
  const create = (fields: object) => reader.readCreateEndpoint(Buffer.from(JSON.stringify({ url, ...fields })), "key");
  const rotate = (body: string, id = endpointId) => reader.readRotateSecret(id, Buffer.from(body));
  const resend = (fields: object, id = endpointId) =>
    reader.readResendEvent(id, Buffer.from(JSON.stringify({ event_id: eventId, ...fields })));

  const READS: Readonly<Record<string, (body: Uint8Array) => object>> = {
    "/v1/webhook_endpoints": (body) => reader.readCreateEndpoint(body, "key"),
    rotate_secret: (body) => reader.readRotateSecret(endpointId, body),
    resend: (body) => reader.readResendEvent(endpointId, body),
  };
  for (const [path, readOf] of Object.entries(READS)) {
    const bodies = BAD_INPUT.filter(
      ({ reachesShard, steps: [step] }) =>
        reachesShard && step?.request.method === "POST" && step.request.path.endsWith(path),
    );
    it(`has rows to run: ${path}`, () => expect(bodies.length).to.be.above(2));
    for (const { row, name, steps } of bodies)
      for (const { request, expect: expected } of steps)
        it(`${row}: ${name}`, () => {
          const result = readOf(Buffer.from(request.body ?? "")) as Partial<Refusal>;
          // Where a URL leads, and whose an id is, others judge.
          const isOthers = expected.reason === "invalid_url" || expected.code === "not_found";
          expect(result.code ?? null).to.equal(isOthers ? null : expected.code);
          if (isOthers || expected.pointer === undefined) return;
          expect(result.errors?.map((error) => `${error.pointer} ${error.code}`)).to.include(
            `${expected.pointer} ${expected.reason}`,
          );
        });
  }

  it("reads every field, and leaves the URL as it was written", () => {
    const { fingerprint: _, ...read } = create({
      event_types: ["refund.failed", "payment.captured"],
    }) as CreateEndpoint;
    expect(read).to.deep.equal({ url, eventTypes: ["refund.failed", "payment.captured"] });
    expect(create({})).to.include({ eventTypes: null });
    expect(resend({})).to.include({ eventId });
  });

  it("takes every type that there is", () =>
    expect((create({ event_types: EVENT_TYPES }) as CreateEndpoint).eventTypes).to.deep.equal([...EVENT_TYPES]));

  it("takes no body for an empty one where nothing is asked", () =>
    expect(printOf(rotate(""))).to.equal(printOf(rotate(" { } "))));

  it("fingerprints what is asked for, of which endpoint", () => {
    const prints = [
      create({}),
      create({ url: `${url}#` }),
      create({ event_types: ["payment.captured"] }),
      create({ event_types: ["payment.captured", "refund.failed"] }),
      rotate("{}"),
      rotate("{}", other),
      resend({}),
      resend({}, other),
      resend({ event_id: "evt_01h455vb4pex5vsknk084sn02r" }),
    ].map(printOf);
    expect(new Set(prints).size).to.equal(prints.length);
    expect(printOf(create({ event_types: ["refund.failed", "payment.captured"], idempotency_key: "key" }))).to.equal(
      prints[3],
    );
  });

  it("fingerprints as stored keys were written", () => {
    // Frozen: another value here answers every key of the past with idempotency_key_reuse.
    expect([
      printOf(create({ event_types: ["refund.failed"] })),
      printOf(rotate("{}")),
      printOf(resend({})),
    ]).to.deep.equal([
      "5dfc3cbabd800e2f5e24c44dd25a08c65be79f37daa16b8f2eadbf852a029cbc",
      "fceddca77dc4951ad9440203abf1642988cd2e3042b4608d29788cfd1803e86e",
      "7d5d057359a33657405a43eb6fab5dc27c6fa98727a1ba8a9ec147c40d83ec10",
    ]);
  });
});
