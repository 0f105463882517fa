/** Which load a benchmark puts on the cluster, and at which gateway. */
import { UNIFORM } from "./merchant-pick.ts";
import type { MerchantSpread } from "./merchant-pick.ts";
import { FRESH_ONLY, READS_MIX, STANDARD_MIX } from "./mix.ts";
import type { Mix } from "./mix.ts";

export const PROFILE_NAMES = ["fixed-latency", "sdk", "zipf", "hot", "reads", "webhooks", "recovery"] as const;
export type ProfileName = (typeof PROFILE_NAMES)[number];

export interface Profile {
  /** fixed-latency: in process, after 50 ms. sdk: both official SDKs and the gateway simulators. */
  readonly gateway: "fixed-latency" | "sdk";
  readonly mix: Mix;
  readonly spread: MerchantSpread;
  /** Unless the command line says otherwise. */
  readonly merchants: number;
  readonly merchantsMax: number;
  /** Requests a second, reads with them, at one point; null: a floor rate, then the largest that holds. */
  readonly rate: number | null;
  /** Measures pgbench and the naive service beside it. */
  readonly yardsticks: boolean;
  /** Null: as many shards as the plan says. */
  readonly shards: readonly number[] | null;
  /** Shortest measured window; even a quick run keeps to it. */
  readonly measureMinS: number;
  /** Notifications of Adyen a second beside the requests, about payments made before; null: none. */
  readonly notices: number | null;
  /** Instead of a load: payments in doubt when the node dies, and its budget when it comes back; null: a load. */
  readonly recovery: { readonly payments: number; readonly callsPerSecond: number } | null;
  /** What the table calls the target beside its shards; empty: nothing. */
  readonly label: string;
}

const PAYMENTS: Profile = {
  gateway: "fixed-latency",
  mix: STANDARD_MIX,
  spread: UNIFORM,
  merchants: 1000,
  merchantsMax: 1000,
  rate: null,
  yardsticks: true,
  shards: null,
  measureMinS: 1,
  notices: null,
  recovery: null,
  label: "",
};

/** Of the load, what the first merchant of the Zipf law has. */
const FIRST_SHARE = 0.2;

export const PROFILES: { readonly [P in ProfileName]: Profile } = {
  "fixed-latency": PAYMENTS,
  // 1,000/s is what the SDKs must carry on two cores.
  sdk: { ...PAYMENTS, gateway: "sdk", rate: 1000, label: "SDKs" },
  zipf: { ...PAYMENTS, spread: { kind: "zipf", firstShare: FIRST_SHARE }, yardsticks: false, label: "Zipf" },
  hot: {
    ...PAYMENTS,
    mix: FRESH_ONLY, // its rate is one of payments
    merchants: 1,
    merchantsMax: 1,
    rate: 1000,
    yardsticks: false,
    shards: [1],
    measureMinS: 10,
    label: "one merchant",
  },
  reads: { ...PAYMENTS, mix: READS_MIX, rate: 5000, yardsticks: false, shards: [1], label: "70/30 reads" },
  webhooks: {
    ...PAYMENTS,
    gateway: "sdk", // half of what the SDKs must carry, for these payments have the acknowledgements beside them
    mix: FRESH_ONLY,
    merchants: 100, // the first call of each gateway account costs the most, and belongs to the warm-up
    rate: 500,
    yardsticks: false,
    shards: [1],
    measureMinS: 10,
    notices: 1000,
    label: "SDKs",
  },
  recovery: {
    ...PAYMENTS,
    gateway: "sdk",
    merchants: 1, // one account, which has the whole budget
    merchantsMax: 1,
    yardsticks: false,
    shards: [1],
    recovery: { payments: 10_000, callsPerSecond: 500 },
    label: "cold start",
  },
};
