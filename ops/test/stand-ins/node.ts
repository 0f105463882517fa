/** Stands in for a node in lifecycle tests: binds the configured ports, says so, and drains half a second on SIGTERM. */
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";

interface Config {
  readonly api: { readonly host: string; readonly port: number };
  readonly admin: { readonly host: string; readonly port: number };
}

const config = JSON.parse(readFileSync(process.env["PAYMENT_CLUSTER_CONFIG"] ?? "", "utf8")) as Config;
const servers: Server[] = [];
const serve = ({ host, port }: Config["api"]): Promise<string> =>
  new Promise((resolve) => {
    const server = createServer((_request, response) => void response.end("ok"));
    servers.push(server);
    server.listen(port, host, () => resolve(`http://${host}:${port}`));
  });

process.on("disconnect", () => process.exit(0));
process.once("SIGTERM", () => {
  console.log("draining");
  setTimeout(() => {
    console.log("drained");
    process.exit(0);
  }, 500);
});
process.send?.({
  kind: "ready",
  apiUrl: await serve(config.api),
  adminUrl: await serve(config.admin),
  adminGrpcAddress: "",
});
