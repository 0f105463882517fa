/** Whether a container engine answers on this machine: asked before testcontainers, which takes seconds to find out. */
import { request } from "node:http";
import { homedir } from "node:os";
import { join } from "node:path";

const ANSWER_LIMIT_MS = 1_000;

/** Where engines listen: what DOCKER_HOST names, else the usual sockets. Testcontainers looks at the same places. */
export function engineAddresses(dockerHost: string | undefined): readonly string[] {
  if (dockerHost !== undefined && dockerHost !== "") return [dockerHost];
  const user = `/run/user/${process.getuid?.() ?? 0}`;
  const home = join(homedir(), ".docker");
  const sockets = ["/var/run/docker.sock", `${user}/docker.sock`, `${home}/run/docker.sock`];
  return [...sockets, `${home}/desktop/docker.sock`].map((path) => `unix://${path}`);
}

/** True when one of them answers a ping within a second. */
export async function hasContainerEngine(addresses: readonly string[]): Promise<boolean> {
  const answers = await Promise.all(addresses.map(answersPing));
  return answers.includes(true);
}

function answersPing(address: string): Promise<boolean> {
  const url = URL.parse(address);
  if (url === null) return Promise.resolve(false);
  const where =
    url.protocol === "unix:" ? { socketPath: url.pathname } : { host: url.hostname, port: Number(url.port || 2375) };
  return new Promise((resolve) => {
    const asked = request({ ...where, path: "/_ping", timeout: ANSWER_LIMIT_MS }, (answer) => {
      answer.resume();
      resolve(answer.statusCode === 200);
    });
    asked.once("timeout", () => asked.destroy());
    asked.once("error", () => resolve(false));
    asked.once("close", () => resolve(false));
    asked.end();
  });
}
