/** What a person sees on the terminal. It names only what exists. */
import type { NodeAddress, SandboxFile } from "./sandbox-file.ts";

export interface BannerFacts {
  readonly file: SandboxFile;
  readonly nodeVersion: string;
  readonly postgres: string;
  readonly gateways: string;
  /** Things that differ from what the reader may expect: ports that were taken, data put elsewhere. */
  readonly notes: readonly string[];
  /** As it is typed in the project's folder. */
  readonly dataDir: string;
  readonly tookMs: number;
}

const line = (label: string, text: string): string => ` ${label.padEnd(9)} ${text}`;

const renderNode = ({ id, pid, apiUrl, adminUrl }: NodeAddress): string =>
  `${id}  API ${apiUrl}  admin ${adminUrl}  process ${pid}`;

/** The banner's lines; the commands in it work when pasted in the project's folder. */
export function renderBanner(facts: BannerFacts): string {
  const { file } = facts;
  const option = facts.dataDir === ".sandbox" ? "" : ` --data-dir ${facts.dataDir}`;
  const redis = `redis: ${file.redisUrl === null ? "off" : new URL(file.redisUrl).host}`; // its address may hold a password
  const shards = `${file.postgres.shards.length} shards`;
  const isSingle = file.nodes.length === 1;
  const nodes = isSingle ? "1 node" : `${file.nodes.length} nodes`;
  const parts = [facts.postgres, redis, nodes, shards, facts.gateways];
  return [
    line("Checking", [`node ${facts.nodeVersion}`, ...facts.notes].join(" · ")),
    line("Starting", `${parts.join(" · ")}    ready in ${(facts.tookMs / 1000).toFixed(1)} s`),
    line("API", file.apiUrl),
    line("Admin", `${file.adminUrl}  (/livez /readyz /metrics)`),
    ...(isSingle ? [] : file.nodes.map((node, i) => line(i === 0 ? "Nodes" : "", renderNode(node)))),
    line("Client", `${file.merchants[0]?.clientId}    secret in ${facts.dataDir}/sandbox.json, mode 600`),
    line("Try", `TOKEN=$(npx payctl sandbox token${option})`),
    `           curl -sS ${file.apiUrl}/v1/payments -H "Authorization: Bearer $TOKEN" \\`,
    `             -H "X-Idempotency-Key: order-1001" -H 'Content-Type: application/json' \\`,
    `             -d '{"amount":1999,"currency":"EUR","payment_method":"tok_visa"}'`,
    line("Stop", `Ctrl-C    (data kept in ${facts.dataDir})`),
  ].join("\n");
}
