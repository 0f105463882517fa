/** How nodes know each other: by certificates of one authority that name the node; in the sandbox, not at all. */
import { ChannelCredentials, type ChannelOptions, ServerCredentials, type ServerDuplexStream } from "@grpc/grpc-js";
import { X509Certificate } from "node:crypto";
import tls from "node:tls";

/** PEM. `cert`: with what leads from it to `ca`; among its subject alternative names is the node's name, as a DNS name. */
export interface MutualTls {
  readonly kind: "mtls";
  readonly ca: Buffer;
  readonly cert: Buffer;
  readonly key: Buffer;
}
export type PeerCredentials = { readonly kind: "insecure" } | MutualTls;

/** Throws when this process would accept an older TLS than 1.3: grpc-js has no such setting of its own. */
export function serverCredentials(credentials: PeerCredentials): ServerCredentials {
  if (credentials.kind === "insecure") return ServerCredentials.createInsecure();
  requireTls13();
  const { ca, cert, key } = credentials;
  return ServerCredentials.createSsl(ca, [{ private_key: key, cert_chain: cert }], true);
}

/** `node`: whom we mean to reach, wherever it listens. Throws as `serverCredentials` does. */
export function clientCredentials(
  credentials: PeerCredentials,
  node: string,
): { readonly channel: ChannelCredentials; readonly options: ChannelOptions } {
  if (credentials.kind === "insecure") return { channel: ChannelCredentials.createInsecure(), options: {} };
  requireTls13();
  const { ca, cert, key } = credentials;
  const channel = ChannelCredentials.createSsl(ca, key, cert, {
    checkServerIdentity: (_, certificate) =>
      names(certificate.raw, node) ? undefined : new Error(`its certificate does not name the node ${node}`),
  });
  return { channel, options: { "grpc.ssl_target_name_override": node } };
}

/** Whether the client of a stream may call itself `node`. */
export function mayBe(
  credentials: PeerCredentials,
  call: Pick<ServerDuplexStream<Buffer, Buffer>, "getAuthContext">,
  node: string,
): boolean {
  if (credentials.kind === "insecure") return true;
  const certificate = call.getAuthContext().sslPeerCertificate;
  return certificate !== undefined && names(certificate.raw, node);
}

const names = (certificate: Buffer, node: string): boolean =>
  node !== "" && new X509Certificate(certificate).checkHost(node, { subject: "never", wildcards: false }) !== undefined;

function requireTls13(): void {
  if (tls.DEFAULT_MIN_VERSION !== "TLSv1.3")
    throw new Error("between nodes TLS 1.3 is the least: start Node with --tls-min-v1.3");
}
