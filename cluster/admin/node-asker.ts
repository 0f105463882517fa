/** Hands questions to the admin services of other nodes, in the name of the operator who asks. */
import { type AdminClient, openAdminClient } from "./admin-client.ts";
import { type AdminAnswer, type AdminQuestion, refused } from "./question.ts";

/** `withinMs`: for the answer. Below what the operator still waits, so that what the others said arrives. */
export type AskNode = (node: string, question: AdminQuestion, token: string, withinMs: number) => Promise<AdminAnswer>;

/** `addressOf`: `host:port` of a node's admin service; undefined: not known. For AdminWorld.ask. */
export const createNodeAsker =
  (addressOf: (node: string) => string | undefined): AskNode =>
  async (node, question, token, withinMs) => {
    const address = addressOf(node);
    if (address === undefined || address === "")
      return refused("notFound", `the admin address of node ${node} is not known`);
    let client: AdminClient | undefined;
    try {
      client = await openAdminClient(address, token); // of its own for each question: tokens differ
      return (await client.ask(question, withinMs)).answer;
    } catch (error) {
      return refused("other", `node ${node} could not be asked: ${String(error)}`);
    } finally {
      client?.close();
    }
  };
