/**
 * Which addresses a merchant may make us call: public ones. Everything is judged by tables of prefixes, and whatever is
 * not clearly a public unicast address is refused (IANA special-purpose registries, RFC 6890).
 */
import { BlockList, isIPv4, isIPv6 } from "node:net";

type Prefix = readonly [network: string, bits: number];

/** IPv4 is public but for these. */
const IPV4_NOT_PUBLIC: readonly Prefix[] = [
  ["0.0.0.0", 8], // "this host": Linux connects 0.0.0.0 to itself
  ["10.0.0.0", 8],
  ["100.64.0.0", 10], // carriers' NAT, and the metadata services of some clouds
  ["127.0.0.0", 8],
  ["169.254.0.0", 16], // link-local; 169.254.169.254 tells a cloud's credentials
  ["172.16.0.0", 12],
  ["192.0.0.0", 24], // protocol assignments
  ["192.0.2.0", 24], // documentation
  ["192.88.99.0", 24], // 6to4 relays, withdrawn
  ["192.168.0.0", 16],
  ["198.18.0.0", 15], // benchmarks
  ["198.51.100.0", 24], // documentation
  ["203.0.113.0", 24], // documentation
  ["224.0.0.0", 4], // multicast
  ["240.0.0.0", 4], // reserved, and 255.255.255.255
];

/** IPv6 is not public but for these: global unicast is the only part handed out. */
const IPV6_PUBLIC: readonly Prefix[] = [["2000::", 3]];
/** What lies within and is not a receiver's. */
const IPV6_NOT_PUBLIC: readonly Prefix[] = [
  ["2001::", 23], // protocol assignments, Teredo with them: a tunnel that may end inside
  ["2001:db8::", 32], // documentation
  ["2002::", 16], // 6to4, withdrawn: a tunnel too
  ["3fff::", 20], // documentation
];
/** An IPv4 address in its last 32 bits decides: mapped, compatible, NAT64. */
const IPV4_WITHIN: readonly string[] = ["::ffff:", "::", "64:ff9b::"];
/** `::` and `::1` are no IPv4 addresses in disguise; 0.0.0.0/8 and 127.0.0.0/8 cover what is. */
const LOOPBACK_IPV4: Prefix = ["127.0.0.0", 8];

const notPublic = new BlockList();
const publicOnes = new BlockList();
const loopback = new BlockList();
for (const [network, bits] of IPV4_NOT_PUBLIC) {
  notPublic.addSubnet(network, bits, "ipv4");
  for (const before of IPV4_WITHIN) notPublic.addSubnet(before + network, 96 + bits, "ipv6");
}
for (const [network, bits] of IPV6_NOT_PUBLIC) notPublic.addSubnet(network, bits, "ipv6");
for (const [network, bits] of IPV6_PUBLIC) publicOnes.addSubnet(network, bits, "ipv6");
for (const before of IPV4_WITHIN) publicOnes.addSubnet(`${before}0.0.0.0`, 96, "ipv6");
loopback.addSubnet(...LOOPBACK_IPV4, "ipv4");
loopback.addSubnet(`::ffff:${LOOPBACK_IPV4[0]}`, 96 + LOOPBACK_IPV4[1], "ipv6");
loopback.addAddress("::1", "ipv6");

/**
 * Whether it is an IP address, in the usual text form without brackets, that anybody on the internet can be reached at.
 * Total: false for what is not an address, and for one with a zone (`fe80::1%eth0`).
 */
export function isPublicAddress(ip: string): boolean {
  if (isIPv4(ip)) return !notPublic.check(ip, "ipv4");
  return isPlainIPv6(ip) && publicOnes.check(ip, "ipv6") && !notPublic.check(ip, "ipv6");
}

/** Whether it is an address of this machine alone: 127.0.0.0/8, its mapped form, or `::1`. Total. */
export function isLoopbackAddress(ip: string): boolean {
  if (isIPv4(ip)) return loopback.check(ip, "ipv4");
  return isPlainIPv6(ip) && loopback.check(ip, "ipv6");
}

/** Node's list ignores a zone, the socket does not. */
function isPlainIPv6(ip: string): boolean {
  return isIPv6(ip) && !ip.includes("%");
}
