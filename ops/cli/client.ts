/** `payctl client …`: the programs of merchants, and what their tokens may allow. */
import { randomBytes } from "node:crypto";
import type { Command } from "commander";
import type { MerchantId } from "../../actors/domain/index.ts";
import type { Scope } from "../../router/index.ts";
import { renderJson } from "./answers.ts";
import { addControlOptions, type ControlOptions, withControl } from "./control.ts";
import { CommandFailure } from "./failures.ts";
import { readMerchantId } from "./merchant.ts";

interface CreateOptions extends ControlOptions {
  readonly merchant: MerchantId;
  readonly scope?: readonly string[];
  readonly reason?: string;
}
interface NewClient {
  readonly id: string;
  readonly secret: string;
  readonly merchantId: MerchantId;
  readonly scopes: readonly Scope[];
}

const random = { bytes: (count: number): Uint8Array => randomBytes(count), fraction: Math.random };

/** Adds the noun to the tree. `print` gets data only, `say` talk. */
export function addClientCommands(
  program: Command,
  defaultDataDir: string,
  print: (text: string) => void,
  say: (text: string) => void,
): void {
  const client = program.command("client").description("add programs of merchants");
  addControlOptions(client.command("create").description("add a client and print its secret, once"), defaultDataDir)
    .requiredOption("--merchant <id>", "whose program it is", readMerchantId)
    .option(
      "--scope <scope>",
      "what its tokens may allow; repeatable (default: everything)",
      (text: string, before: readonly string[] | undefined) => [...(before ?? []), text],
    )
    .option("--reason <text>", "why, for the audit trail")
    .addHelpText(
      "after",
      "\nExamples:\n  npx payctl client create --merchant mer_…\n" +
        "  npx payctl client create --merchant mer_… --scope payments:read --scope events:read -o json",
    )
    .action(async (options: CreateOptions) => {
      const { id, secret, merchantId, scopes } = await createClient(options);
      if (options.output === "json") {
        print(renderJson("Client", [{ client_id: id, client_secret: secret, merchant_id: merchantId, scopes }]));
      } else {
        print(`client_id      ${id}\nclient_secret  ${secret}\nscopes         ${scopes.join(" ")}`);
      }
      say("The secret is shown this once: only its hash is stored. Nodes know the client within seconds.");
    });
}

async function createClient({ merchant, scope = [], reason, ...options }: CreateOptions): Promise<NewClient> {
  const { hashClientSecret, mintClientSecret, SCOPES } = await import("../../router/index.ts");
  const unknown = scope.find((text) => !(SCOPES as readonly string[]).includes(text));
  if (unknown !== undefined)
    throw new CommandFailure("usage", `there is no scope ${unknown}; it is one of ${SCOPES.join(", ")}`);
  const made = {
    id: `cli_${randomBytes(10).toString("hex")}`,
    secret: mintClientSecret(random),
    merchantId: merchant,
    scopes: scope.length === 0 ? SCOPES : SCOPES.filter((one) => scope.includes(one)),
  };
  await withControl(options, async (store, keys) => {
    const { merchants } = await store.loadDirectory();
    if (!merchants.some(({ id }) => id === merchant))
      throw new CommandFailure("notFound", `there is no merchant ${merchant}; npx payctl merchant list shows all`);
    const { id, secret, merchantId, scopes } = made;
    const secretHash = hashClientSecret(secret, keys.clientSecretKey);
    const added = await store.addClient({ id, merchantId, secretHash, scopes }, reason);
    if (!added) throw new CommandFailure("other", `the id ${id} is taken; try again`);
  });
  return made;
}
