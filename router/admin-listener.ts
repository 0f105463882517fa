/**
 * The admin listener: liveness, readiness and metrics on a port of their own that is never public.
 * It answers while the public door drains, until it is closed itself.
 */
import type { HttpResponse } from "uWebSockets.js";
import { statusLine } from "./http-errors.ts";
import { listen } from "./uws-listen.ts";

/** `ready`: 200 or 503. `detail`: what is and what is not, as JSON. */
export interface Readiness {
  readonly ready: boolean;
  readonly detail: Readonly<Record<string, unknown>>;
}

export interface AdminListenerOptions {
  readonly host: string;
  readonly port: number;
  /** True while the process is not beyond repair; asked on every probe, so it costs nothing. */
  livez(): boolean;
  /** A real commit on every shard that this node owns. */
  readyz(): Promise<Readiness>;
  /** Prometheus text. */
  metrics(): Promise<string>;
}

export interface AdminListener {
  readonly port: number;
  readonly url: string;
  close(): void;
}

interface AdminAnswer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

const TEXT = "text/plain; charset=utf-8";
const METRICS_TEXT = "text/plain; version=0.0.4; charset=utf-8";

/** Starts the listener. Rejects when the port is taken. */
export async function startAdminListener(options: AdminListenerOptions): Promise<AdminListener> {
  const pages: ReadonlyMap<string, () => Promise<AdminAnswer>> = new Map([
    ["/livez", async () => (options.livez() ? page(200, TEXT, "ok\n") : page(503, TEXT, "not alive\n"))],
    [
      "/readyz",
      async () => {
        const { ready, detail } = await options.readyz();
        return page(ready ? 200 : 503, "application/json", JSON.stringify({ ready, ...detail }));
      },
    ],
    ["/metrics", async () => page(200, METRICS_TEXT, await options.metrics())],
  ]);
  const listener = await listen(options.host, options.port, (response, request) => {
    const make = pages.get(request.getUrl());
    let open = true;
    response.onAborted(() => {
      open = false;
    });
    const answer = (result: AdminAnswer) => {
      if (open) write(response, result);
      open = false;
    };
    if (make === undefined) return answer(page(404, TEXT, "not found\n"));
    if (request.getMethod() !== "get") return answer(page(405, TEXT, "only GET\n"));
    make().then(answer, (error: unknown) => answer(page(503, TEXT, `failed: ${String(error)}\n`)));
  });
  const host = options.host.includes(":") ? `[${options.host}]` : options.host;
  return { port: listener.port, url: `http://${host}:${listener.port}`, close: () => listener.close() };
}

const page = (status: number, type: string, body: string): AdminAnswer => ({ status, type, body });

function write(response: HttpResponse, answer: AdminAnswer): void {
  response.cork(() => {
    response.writeStatus(statusLine(answer.status)).writeHeader("Content-Type", answer.type);
    if (answer.status === 405) response.writeHeader("Allow", "GET");
    response.writeHeader("Cache-Control", "no-store").end(answer.body);
  });
}
