/** Purchases that are sent three times each while something happens to Redis, and what all their answers must say. */
import { expect } from "chai";
import { until } from "../rig/cluster.ts";
import { inParallel } from "../rig/in-parallel.ts";
import type { Answer, Merchant } from "../rig/merchant.ts";
import { payment } from "../rig/merchant.ts";

/** One purchase as its client remembers it. */
export interface Purchase {
  readonly key: string;
  readonly merchant: Merchant;
  readonly body: Readonly<Record<string, unknown>>;
  readonly answers: Answer[];
}

const CLIENTS = 24;
const FINAL_WITHIN_MS = 60_000;
const ROUND_WITHIN_MS = 300_000;
const TOKENS = ["tok_visa", "tok_visa", "tok_visa", "tok_decline_insufficient_funds"];

/** New purchases, each with an amount and a reference of its own: a foreign reply shows. */
export const plan = (row: string, count: number, merchants: readonly Merchant[]): readonly Purchase[] =>
  Array.from({ length: count }, (_, n) => ({
    key: `${row}-${n}`,
    merchant: merchants[n % merchants.length] as Merchant,
    body: payment({
      amount: 1_000 + n,
      merchant_reference: `${row}-${n}`,
      payment_method: TOKENS[Math.floor(n / merchants.length) % TOKENS.length],
      capture_method: n % 5 === 0 ? "manual" : "automatic",
    }),
    answers: [],
  }));

/** How far a round has come. */
export class Progress {
  readonly total: number;
  done = 0;
  constructor(total: number) {
    this.total = total;
  }
  /** Waits until this part of the round is done. */
  reaches(part: number): Promise<void> {
    return until(`${part} of a round is done`, ROUND_WITHIN_MS, async () => this.done >= part * this.total);
  }
}

/** Sends each purchase `times` times, so many clients at once; every third one sends all of them at the same moment. */
export async function send(purchases: readonly Purchase[], times = 1, progress = new Progress(1)): Promise<void> {
  const once = async ({ merchant, key, body, answers }: Purchase): Promise<void> => {
    answers.push(await merchant.create(key, body));
  };
  await inParallel(purchases.entries(), CLIENTS, async ([n, purchase]) => {
    if (n % 3 === 0) await Promise.all(Array.from({ length: times }, () => once(purchase)));
    else for (let i = 0; i < times; i++) await once(purchase);
    progress.done++;
  });
}

const isFinal = ({ status }: Answer): boolean => status === 201 || status === 402;

/**
 * Asks on for the purchases without a final answer. Then: no 5xx and no refusal at any time, one and the same final
 * answer to each key, of its own merchant and with its own amount and reference.
 */
export const expectOneAnswerEach = (purchases: readonly Purchase[]): Promise<void> =>
  inParallel(purchases, CLIENTS, expectOneAnswer);

async function expectOneAnswer({ key, merchant, body, answers }: Purchase): Promise<void> {
  const final = answers.find(isFinal) ?? (await merchant.createUntilFinal(key, body, FINAL_WITHIN_MS));
  const isDeclined = body["payment_method"] !== "tok_visa";
  expect(final.status, `${key}: ${final.text}`).to.equal(isDeclined ? 402 : 201);
  const payment = (isDeclined ? final.body["payment"] : final.body) as Readonly<Record<string, unknown>>;
  expect(
    [payment["merchant_id"], payment["amount"], payment["merchant_reference"]],
    `${key} has its own answer`,
  ).to.deep.equal([merchant.id, body["amount"], body["merchant_reference"]]);
  const own = withoutRequest(final);
  for (const answer of answers)
    if (isFinal(answer)) expect(withoutRequest(answer), key).to.equal(own);
    else if (answer.status === 409) expect(answer.body["code"], key).to.equal("idempotency_key_in_use");
    else expect([answer.status, answer.body["merchant_reference"]], `${key}: ${answer.text}`).to.deep.equal([202, key]);
}

/** The bytes of an answer. */
const withoutRequest = ({ status, text }: Answer): string => `${status} ${text}`;
