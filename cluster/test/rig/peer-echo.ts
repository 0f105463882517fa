/** `node peer-echo.ts NODE PORT`: a peer that answers each request at once, and says where it listens and its pid. */
import { systemClock } from "../../clock.ts";
import { startPeerServer } from "../../peers/index.ts";
import { echo } from "./peers.ts";

const [, , node = "", port = "0"] = process.argv;
const quiet = { info: () => {}, warn: () => {}, error: () => {} };
const server = await startPeerServer({
  host: "127.0.0.1",
  port: Number(port),
  credentials: { kind: "insecure" },
  self: { node, process: String(process.pid) },
  handler: echo,
  clock: systemClock,
  log: quiet,
});
console.log(JSON.stringify({ url: server.url }));
