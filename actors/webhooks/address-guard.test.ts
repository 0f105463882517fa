import { expect } from "chai";
import fc from "fast-check";
import { isIP } from "node:net";
import { isLoopbackAddress, isPublicAddress } from "./address-guard.ts";

const SEED = 20_260_401;

/** The ends of every block, and their neighbours where those are public. */
const NOT_PUBLIC = [
  "0.0.0.0",
  "0.255.255.255",
  "10.0.0.0",
  "10.255.255.255",
  "100.64.0.0",
  "100.127.255.255",
  "127.0.0.1",
  "127.255.255.255",
  "169.254.0.0",
  "169.254.169.254",
  "169.254.255.255",
  "172.16.0.0",
  "172.31.255.255",
  "192.0.0.0",
  "192.0.0.255",
  "192.0.2.0",
  "192.0.2.255",
  "192.88.99.1",
  "192.168.0.0",
  "192.168.255.255",
  "198.18.0.0",
  "198.19.255.255",
  "198.51.100.0",
  "198.51.100.255",
  "203.0.113.0",
  "203.0.113.255",
  "224.0.0.0",
  "239.255.255.255",
  "240.0.0.0",
  "255.255.255.255",
  "::",
  "::1",
  "fc00::",
  "fd00:ec2::254",
  "fdff:ffff::1",
  "fe80::1",
  "febf::1",
  "fec0::1",
  "ff00::",
  "ff02::1",
  "100::1",
  "2001:db8::1",
  "2001:db8:ffff::1",
  "2001::1",
  "2001:0:4136:e378:8000:63bf:3fff:fdd2",
  "2001:1ff::1",
  "2002:7f00:1::",
  "2002:808:808::1",
  "3fff::1",
  "3fff:fff::1",
  "4000::1",
  "5f00::1",
  "64:ff9b:1::1",
  "1::1",
  "::ffff:127.0.0.1",
  "::ffff:7f00:1",
  "::FFFF:10.0.0.1",
  "::ffff:0:0",
  "::ffff:169.254.169.254",
  "::127.0.0.1",
  "::10.1.2.3",
  "64:ff9b::127.0.0.1",
  "64:ff9b::a00:1",
  "64:ff9b::169.254.169.254",
  "0:0:0:0:0:ffff:c0a8:1",
];
const PUBLIC = [
  "1.0.0.0",
  "1.1.1.1",
  "8.8.8.8",
  "9.255.255.255",
  "11.0.0.0",
  "100.63.255.255",
  "100.128.0.0",
  "126.255.255.255",
  "128.0.0.0",
  "169.253.255.255",
  "169.255.0.0",
  "172.15.255.255",
  "172.32.0.0",
  "192.0.1.0",
  "192.0.3.0",
  "192.167.255.255",
  "192.169.0.0",
  "198.17.255.255",
  "198.20.0.0",
  "198.51.99.255",
  "198.51.101.0",
  "203.0.112.255",
  "203.0.114.0",
  "223.255.255.255",
  "2000::1",
  "2001:200::1",
  "2001:4860:4860::8888",
  "2001:db7:ffff::1",
  "2001:db9::1",
  "2003::1",
  "2606:4700::1111",
  "2a00:1450:4001:81b::200e",
  "3ffe:ffff::1",
  "3fff:1000::1",
  "::ffff:8.8.8.8",
  "::ffff:808:808",
  "::8.8.8.8",
  "64:ff9b::8.8.8.8",
];
const NO_ADDRESS = [
  "",
  " ",
  "localhost",
  "127.1",
  "2130706433",
  "0x7f.1",
  "0x7f000001",
  "0177.0.0.1",
  "127.0.0.1.",
  " 8.8.8.8",
  "8.8.8.8 ",
  "8.8.8.8/0",
  "256.1.1.1",
  "1.2.3",
  "[::1]",
  "[2606:4700::1111]",
  "2606:4700::1111%lo",
  "fe80::1%eth0",
  "::ffff:8.8.8",
  "2606:4700:::1",
  "example.com",
  "8.8.8.8\0",
  "８.８.８.８",
];

describe("address guard", () => {
  for (const ip of NOT_PUBLIC)
    it(`refuses ${ip}`, () => {
      expect(isIP(ip), "an address").to.not.equal(0);
      expect(isPublicAddress(ip)).to.equal(false);
    });
  for (const ip of PUBLIC) it(`allows ${ip}`, () => expect(isPublicAddress(ip)).to.equal(true));
  for (const text of NO_ADDRESS)
    it(`takes ${JSON.stringify(text)} for no address`, () => {
      expect(isPublicAddress(text)).to.equal(false);
      expect(isLoopbackAddress(text)).to.equal(false);
    });

  const loopback: readonly (readonly [ip: string, isOne: boolean])[] = [
    ["127.0.0.1", true],
    ["127.255.255.255", true],
    ["::1", true],
    ["::ffff:127.0.0.1", true],
    ["0.0.0.0", false],
    ["::", false],
    ["126.255.255.255", false],
    ["128.0.0.0", false],
    ["10.0.0.1", false],
    ["169.254.169.254", false],
    ["8.8.8.8", false],
    ["::2", false],
    ["::1%lo", false],
  ];
  for (const [ip, isOne] of loopback)
    it(`${isOne ? "takes" : "does not take"} ${ip} for loopback`, () => expect(isLoopbackAddress(ip)).to.equal(isOne));

  /** The special blocks of IPv4 by plain arithmetic: another way to the same answer. */
  const isPublicIPv4 = ([a, b, c]: readonly [number, number, number, number]): boolean =>
    !(
      [0, 10, 127].includes(a) ||
      a >= 224 ||
      (a === 100 && b >= 64 && b < 128) ||
      (a === 169 && b === 254) ||
      (a === 172 && b >= 16 && b < 32) ||
      (a === 192 && b === 168) ||
      (a === 192 && b === 0 && (c === 0 || c === 2)) ||
      (a === 192 && b === 88 && c === 99) ||
      (a === 198 && (b === 18 || b === 19)) ||
      (a === 198 && b === 51 && c === 100) ||
      (a === 203 && b === 0 && c === 113)
    );
  const near = (...interesting: number[]): fc.Arbitrary<number> =>
    fc.oneof(fc.integer({ min: 0, max: 255 }), fc.constantFrom(...interesting));
  const ipv4 = fc.tuple(
    near(0, 10, 100, 127, 169, 172, 192, 198, 203, 224),
    near(0, 2, 15, 16, 18, 19, 31, 32, 51, 63, 64, 88, 127, 128, 168, 254),
    near(0, 1, 2, 99, 100, 113),
    fc.integer({ min: 0, max: 255 }),
  );

  it("judges every IPv4 address as arithmetic does, plain and in each IPv6 disguise", () => {
    fc.assert(
      fc.property(ipv4, (octets) => {
        const expected = isPublicIPv4(octets);
        const dotted = octets.join(".");
        const hex = Buffer.from(octets).toString("hex").replace(/^..../, "$&:");
        for (const ip of [
          dotted,
          ...["::ffff:", "::", "64:ff9b::"].flatMap((before) => [before + dotted, before + hex]),
        ])
          expect(isPublicAddress(ip), ip).to.equal(expected);
      }),
      { seed: SEED, numRuns: 1_000 },
    );
  });

  it("is total, and nothing is both public and of this machine", () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6(), fc.ipV4Extended(), fc.string()), (text) => {
        const isPublic = isPublicAddress(text);
        return (
          typeof isPublic === "boolean" && !(isPublic && isLoopbackAddress(text)) && !(isPublic && isIP(text) === 0)
        );
      }),
      { seed: SEED, numRuns: 1_000 },
    );
  });
});
