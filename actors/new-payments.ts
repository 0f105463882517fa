/** Decides a request that creates a payment, and begins its first operation once the intent is on disk. */
import type { Answers } from "./answers.ts";
import { accept, type GatewayName, type Refusal, refuse } from "./domain/index.ts";
import type { FlowTable } from "./flow-table.ts";
import type { GatewayGate } from "./gateway-gate.ts";
import { chooseRoute, firstKindOf, operationOf, type Route, termsOf } from "./intent.ts";
import type { Intents } from "./intents.ts";
import type { CreateCandidate } from "./keyed-intake.ts";
import type { Operations } from "./operations.ts";
import type { GatewayCapabilities } from "./ports/gateway.ts";
import type { RiskCheck, RiskVerdict, TokenVault } from "./ports/policies.ts";
import type { Vault } from "./ports/shard-store.ts";
import type { Clock, Random } from "./ports/world.ts";

export interface NewPaymentLimits {
  /** From T1 on, a money-moving call may be repeated for this long. */
  readonly operationDeadlineMs: number;
  /** How long a payment waits for the risk check; afterwards it goes on without one. */
  readonly riskCheckMs: number;
}

export interface NewPaymentParts {
  readonly flows: FlowTable;
  readonly intents: Intents;
  readonly operations: Operations;
  readonly answers: Answers;
  readonly vault: Vault;
  readonly tokens: TokenVault;
  readonly capabilities: (gateway: GatewayName) => GatewayCapabilities;
  readonly risk: RiskCheck;
  readonly gate: GatewayGate;
  readonly clock: Clock;
  readonly random: Random;
  readonly limits: NewPaymentLimits;
}

export class NewPayments {
  readonly #parts: NewPaymentParts;
  /** Who waits for the risk check. */
  readonly #assessed = new Set<CreateCandidate>();

  constructor(parts: NewPaymentParts) {
    this.#parts = parts;
  }

  get depth(): number {
    return this.#assessed.size;
  }

  /**
   * The key is certainly new. Only then may the merchant's profile, which changes, refuse; a repeat gets its stored answer
   * whatever the profile says by now.
   */
  create(candidate: CreateCandidate): void {
    const { merchant, command } = candidate;
    const { tokens, capabilities, gate } = this.#parts;
    const kind = firstKindOf(command.captureMethod);
    const route = chooseRoute(merchant, command, {
      working: tokens.gatewaysOf(merchant.id, command.paymentMethod),
      takes: (gateway, currency, amountMinor) => capabilities(gateway).takes(currency, amountMinor),
      downForMs: ({ name, account }) => gate.downForMs({ gateway: name, account, kind }),
    });
    if ("code" in route) return this.#refuse(candidate, route);
    const full = gate.refusal({ gateway: route.name, account: route.account, kind }, merchant.id);
    if (full !== undefined) return this.#refuse(candidate, full);
    const verdict = this.#assess(candidate, route.name);
    if (!(verdict instanceof Promise)) return this.#judged(candidate, route, verdict);
    this.#assessed.add(candidate);
    void verdict.then((judged) => {
      if (this.#assessed.delete(candidate)) this.#judged(candidate, route, judged);
    });
  }

  /** Forgets what waits: the actor reloads. */
  reset(code: "storage_unavailable" | "shard_unavailable"): void {
    for (const { flow } of this.#assessed)
      this.#parts.intents.drop(flow, code, "nothing was done; send it again with the same key");
    this.#assessed.clear();
  }

  /** The verdict, or a promise that never rejects and is never late. */
  #assess({ merchant, command }: CreateCandidate, gateway: GatewayName): RiskVerdict | Promise<RiskVerdict> {
    const { risk, clock, limits } = this.#parts;
    const { amountMinor, currency, paymentMethod } = command;
    let verdict: RiskVerdict | Promise<RiskVerdict>;
    try {
      verdict = risk.assess({ merchantId: merchant.id, amountMinor, currency, paymentMethod, gateway });
    } catch {
      return ALLOWED; // a check that is broken is no check
    }
    if (!(verdict instanceof Promise)) return verdict;
    return new Promise((resolve) => {
      const callOff = clock.after(limits.riskCheckMs, () => resolve(ALLOWED));
      const settle = (judged: RiskVerdict): void => {
        callOff();
        resolve(judged);
      };
      verdict.then(settle, () => settle(ALLOWED));
    });
  }

  #judged(candidate: CreateCandidate, route: Route, verdict: RiskVerdict): void {
    if (verdict.kind === "denied")
      return this.#refuse(candidate, refuse("payment_declined", `The risk check refused it: ${verdict.reason}.`));
    const { intents, operations, vault, clock, random, limits } = this.#parts;
    const { request, merchant, command, flow } = candidate;
    const terms = termsOf(merchant, route, command, clock.nowMs(), random);
    const operation = operationOf(terms, request.idempotencyKey, limits.operationDeadlineMs);
    const plain = JSON.stringify({
      paymentMethod: command.paymentMethod,
      ...(command.customer !== null && { customer: command.customer }),
    });
    flow.paymentMethod = command.paymentMethod;
    intents.write({
      flow,
      transition: accept(terms, operation),
      accepted: { sealed: vault.seal(terms, Buffer.from(plain, "utf8")) },
      opened: (open) => operations.begin(open),
      dropped: () => {},
    });
  }

  #refuse({ request, flow }: CreateCandidate, refusal: Refusal): void {
    this.#parts.flows.forget(flow);
    this.#parts.answers.refuse(request, refusal);
  }
}

const ALLOWED: RiskVerdict = { kind: "allowed" };
