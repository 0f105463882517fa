/** How commands reach the admin service of a node: where it is, who asks, and what a refusal means for the exit code. */
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { type Command, InvalidArgumentError, Option } from "commander";
import type { AdminClient, AdminFinding } from "../../cluster/index.ts";
import { readSandboxFile, type SandboxFile } from "../sandbox/sandbox-file.ts";
import { CommandFailure } from "./failures.ts";
import { COLOR_CHOICES, type Terminal } from "./terminal.ts";
import { FORMATS } from "./views.ts";
import type { ShowOptions } from "./watching.ts";

/** What commands are given: the person, the environment, and where `npm start` keeps its data. */
export interface CommandWorld {
  readonly terminal: Terminal;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly dataDir: string;
}

/** Options of every command that asks a node. */
export interface AdminOptions extends ShowOptions {
  readonly endpoint?: readonly string[];
  readonly tokenFile?: string;
  /** Seconds for one answer. */
  readonly timeout: number;
  readonly dataDir: string;
}

/** The file of the sandbox's operator token, in its data folder; mode 600. */
export const OPERATOR_TOKEN_FILE = "operator.token";
const SECONDS_MAX = 3_600;
/** Of the time, for an endpoint that is not the last. */
const SHARE = 1 / 3;
const SHARE_MIN_MS = 1_000;

/** Adds the options. */
export const addAdminOptions = (command: Command, dataDir: string): Command =>
  command
    .option(
      "--endpoint <host:port>",
      "admin service of a node; repeatable (PAYCTL_ENDPOINT; default: the sandbox's)",
      collect,
    )
    .option("--token-file <file>", "file of an operator's token, mode 600 (PAYCTL_TOKEN_FILE; default: the sandbox's)")
    .option("--data-dir <folder>", "data folder of a running sandbox", dataDir)
    .option(
      "--timeout <seconds>",
      "how long an answer may take; a third of it for each endpoint but the last",
      readSeconds,
      5,
    )
    .addOption(new Option("-o, --output <format>", "output format").choices(FORMATS).default("table"))
    .addOption(new Option("--color <when>", "colours on stdout").choices(COLOR_CHOICES).default("auto"));

/** Adds what lists and states have: to be looked at again and again. */
export const addWatchOptions = (command: Command): Command =>
  command
    .option("-w, --watch", "look again and again; in a pipe one JSON object a line")
    .option("--interval <seconds>", "between two looks", readSeconds, 2);

const collect = (text: string, before: readonly string[] = []): readonly string[] => [...before, text];
function readSeconds(text: string): number {
  const seconds = /^\d+(?:\.\d+)?$/.test(text) ? Number(text) : 0;
  if (!(seconds >= 0.1 && seconds <= SECONDS_MAX))
    throw new InvalidArgumentError(`it is a number of seconds, from 0.1 to ${SECONDS_MAX}.`);
  return seconds;
}

/** Thrown when no node answers: what needs none may still be told. */
export class NobodyAnswers extends CommandFailure {}

/** Asks nodes, the one that answered last first, those that did not answer last. */
export interface Admin {
  /**
   * One that is frozen takes connections and is silent: each endpoint but the last has only a share of the time, then the
   * next one is asked. Throws CommandFailure: NobodyAnswers, or what a node refused it for.
   */
  ask(operation: string, args: Readonly<Record<string, unknown>>, reason?: string): Promise<AdminFinding>;
  close(): void;
}

/** Finds the endpoints and the token. Throws CommandFailure when there is none. */
export function openAdmin(options: AdminOptions, { env, terminal }: Omit<CommandWorld, "dataDir">): Admin {
  const endpoints = endpointsOf(options, env);
  const token = readToken(options.tokenFile ?? env["PAYCTL_TOKEN_FILE"] ?? join(options.dataDir, OPERATOR_TOKEN_FILE));
  const clients = new Map<string, AdminClient>();
  let order = endpoints;
  const clientOf = async (endpoint: string): Promise<AdminClient> => {
    const { openAdminClient } = await import("../../cluster/index.ts"); // loaded now: help must not wait for it
    const client = clients.get(endpoint) ?? (await openAdminClient(endpoint, token));
    clients.set(endpoint, client);
    return client;
  };
  return {
    async ask(operation, args, reason) {
      const question = { operation, arguments: args, reason: reason ?? null, forwarded: false };
      const timeoutMs = options.timeout * 1_000;
      const shareMs = Math.min(timeoutMs, Math.max(SHARE_MIN_MS, timeoutMs * SHARE));
      const beganMs = performance.now();
      const [mute, silent]: [string[], string[]] = [[], []];
      for (const [at, endpoint] of order.entries()) {
        const leftMs = Math.max(shareMs, timeoutMs - (performance.now() - beganMs));
        const isLast = at === order.length - 1;
        const { answer, reached } = await (await clientOf(endpoint)).ask(question, isLast ? leftMs : shareMs);
        if (!reached) {
          mute.push(endpoint);
          if (!answer.ok && answer.exit === "timeOut") silent.push(endpoint);
          continue;
        }
        if (mute.length > 0)
          terminal.say(`${mute.join(", ")} ${mute.length > 1 ? "do" : "does"} not answer; ${endpoint} was asked`);
        order = [...order.slice(at), ...mute];
        if (!answer.ok) throw new CommandFailure(answer.exit, answer.message);
        return answer;
      }
      throw nobody(endpoints, silent, reason !== undefined);
    },
    close: () => clients.forEach((client) => client.close()),
  };
}

/** `silent`: they took the question, and may yet do what it asks for. */
function nobody(endpoints: readonly string[], silent: readonly string[], isChange: boolean): NobodyAnswers {
  const at = endpoints.join(", ");
  if (silent.length === 0) return new NobodyAnswers("other", `no node answers at ${at}. Is the cluster running?`);
  const doubt = isChange ? "; look whether it was done" : "";
  return new NobodyAnswers("timeOut", `no node answers in time at ${at}${doubt}`);
}

function endpointsOf({ endpoint, dataDir }: AdminOptions, env: CommandWorld["env"]): readonly string[] {
  const given = endpoint ?? env["PAYCTL_ENDPOINT"]?.split(",").map((one) => one.trim());
  const found = given?.filter((one) => one !== "") ?? [];
  if (found.length > 0) return found;
  const sandbox = sandboxIn(dataDir);
  const own = (sandbox?.nodes ?? []).map(({ adminGrpcAddress }) => adminGrpcAddress);
  if (own.length > 0) return own;
  const why =
    sandbox === undefined ? `no sandbox runs in ${dataDir}. Start it: npm start` : "the sandbox names no admin service";
  throw new NobodyAnswers("notFound", `${why}; or name a node: --endpoint host:port`);
}

/** What the sandbox says of itself; undefined when none runs, or its file cannot be read. */
export function sandboxIn(dataDir: string): SandboxFile | undefined {
  try {
    return readSandboxFile(dataDir);
  } catch {
    return undefined;
  }
}

function readToken(path: string): string {
  let text: string;
  try {
    if ((statSync(path).mode & 0o077) !== 0)
      throw new CommandFailure("auth", `${path} must have mode 600: others may read the operator's token`);
    text = readFileSync(path, "utf8").trim();
  } catch (error) {
    if (error instanceof CommandFailure) throw error;
    throw new CommandFailure("auth", `the operator's token cannot be read: ${(error as Error).message}`, {
      cause: error,
    });
  }
  if (!/^[\x21-\x7e]{1,256}$/.test(text)) throw new CommandFailure("auth", `${path} holds no token`);
  return text;
}
