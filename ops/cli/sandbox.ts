/** `payctl sandbox …`: what one does with the sandbox on this machine. */
import { Option, type Command } from "commander";
import type { SandboxFile, SandboxMerchant } from "../sandbox/sandbox-file.ts";
import { renderJson } from "./answers.ts";
import { CommandFailure } from "./failures.ts";
import { openSandbox } from "./sandbox-access.ts";

const ANSWER_LIMIT_MS = 10_000;

interface TokenOptions {
  readonly merchant?: string;
  readonly dataDir: string;
  readonly output: "table" | "json";
}
interface TokenAnswer {
  readonly access_token: string;
  readonly token_type: string;
  readonly expires_in: number;
}

/** Adds the noun to the tree. `print` gets data only; `defaultDataDir`: where `npm start` keeps its data. */
export function addSandboxCommands(program: Command, defaultDataDir: string, print: (text: string) => void): void {
  const sandbox = program.command("sandbox").description("use the sandbox that `npm start` runs");
  sandbox
    .command("token")
    .description("print an access token of a sandbox merchant, alone on stdout")
    .option("--merchant <id>", "merchant id (default: the sandbox's first)")
    .option("--data-dir <folder>", "data folder of the sandbox", defaultDataDir)
    .addOption(new Option("-o, --output <format>", "output format").choices(["table", "json"]).default("table"))
    .addHelpText("after", "\nExamples:\n  TOKEN=$(npx payctl sandbox token)\n  npx payctl sandbox token -o json")
    .action(async (options: TokenOptions) => {
      const file = openSandbox(options.dataDir);
      const merchant = findMerchant(file, options.merchant);
      const answer = await fetchToken(file.tokenUrl, merchant);
      print(options.output === "json" ? renderToken(merchant, answer) : answer.access_token);
    });
}

function findMerchant(file: SandboxFile, id: string | undefined): SandboxMerchant {
  const merchant = id === undefined ? file.merchants[0] : file.merchants.find((one) => one.id === id);
  if (merchant !== undefined) return merchant;
  const known = file.merchants.map((one) => one.id).join(", ");
  throw new CommandFailure("notFound", `the sandbox has no merchant ${id}; it has ${known || "none"}`);
}

/** The client credentials grant, with the secret in the header and never in an address. */
async function fetchToken(url: string, { clientId, clientSecret }: SandboxMerchant): Promise<TokenAnswer> {
  const credentials = [clientId, clientSecret].map(encodeURIComponent).join(":"); // RFC 6749 §2.3.1
  const answer = await fetch(url, {
    method: "POST",
    headers: {
      authorization: `Basic ${Buffer.from(credentials).toString("base64")}`,
      "content-type": "application/x-www-form-urlencoded",
    },
    body: "grant_type=client_credentials",
    signal: AbortSignal.timeout(ANSWER_LIMIT_MS),
  }).catch((error: unknown) => {
    const late = error instanceof DOMException && error.name === "TimeoutError";
    const why = late ? `did not answer within ${ANSWER_LIMIT_MS / 1000} s` : "does not take connections";
    throw new CommandFailure(late ? "timeOut" : "other", `${url} ${why}. Is the sandbox running? npm start`, {
      cause: error,
    });
  });
  const text = await answer.text();
  if (answer.status === 401) throw new CommandFailure("auth", `${url} refused client ${clientId}: ${text}`);
  if (!answer.ok) throw new CommandFailure("other", `${url} answered ${answer.status}: ${text}`);
  return readToken(url, text);
}

function readToken(url: string, text: string): TokenAnswer {
  try {
    const value = JSON.parse(text) as Partial<TokenAnswer> | null;
    if (typeof value?.access_token === "string") return value as TokenAnswer;
  } catch {
    // said below
  }
  throw new CommandFailure("other", `${url} answered something that is no token`);
}

const renderToken = (merchant: SandboxMerchant, { access_token, token_type, expires_in }: TokenAnswer): string =>
  renderJson("Token", [
    { access_token, token_type, expires_in, merchant_id: merchant.id, client_id: merchant.clientId },
  ]);
