/** The configuration file of a node as the sandbox writes it; `cluster/config.ts` reads and checks it. */
export interface NodeConfigFile {
  readonly mode: "sandbox";
  readonly node: { readonly id: string };
  readonly api: { readonly host: string; readonly port: number };
  readonly admin: { readonly host: string; readonly port: number; readonly grpcPort?: number };
  /** Who issues tokens; null: each node its own. */
  readonly issuer?: string | null;
  /** Where the other nodes reach it. */
  readonly peers: { readonly host: string; readonly port: number };
  readonly control: { readonly dsn: string };
  readonly keys: { readonly file: string };
  readonly gateways: {
    readonly stripe: {
      readonly baseUrl: string;
      readonly apiKey: string;
      readonly webhooks: { readonly secrets: readonly string[]; readonly livemode: boolean } | null;
    } | null;
    readonly adyen: {
      readonly baseUrl: string;
      readonly apiKey: string;
      readonly webhooks: {
        readonly hmacKeys: readonly string[];
        readonly live: boolean;
        readonly basicAuth: null;
      } | null;
    } | null;
    readonly fixedLatency: { readonly delayMs: number } | null;
  };
  readonly redis: { readonly url: string } | null;
  /** For the page of documents. */
  readonly sandboxTokens: readonly { readonly token: string; readonly meaning: string }[];
  /** Null: one less than the cores. */
  readonly workers: number | null;
  /** Of this node to each gateway account; null: no budget. */
  readonly gatewayCallsPerSecond?: number | null;
  readonly gatewayCallsInFlight?: number | null;
  /** By name; what is missing keeps its default. */
  readonly limits?: Readonly<Record<string, number>>;
}

/** Keys that the simulators take; no gateway in the world does. */
export const SANDBOX_API_KEYS = { stripe: "sk_test_sandbox", adyen: "sandbox-api-key" } as const;
/** What the simulators sign their notifications with; no gateway in the world does. */
export const SANDBOX_WEBHOOK_SECRETS = {
  stripe: "whsec_sandbox_of_the_payment_cluster",
  adyen: "5a9db0c5a9db0c5a9db0c5a9db0c5a9db0c5a9db0c5a9db0c5a9db0c5a9db0c5",
} as const;
