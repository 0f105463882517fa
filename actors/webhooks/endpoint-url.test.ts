import { expect } from "chai";
import fc from "fast-check";
import {
  type EndpointRules,
  type EndpointUrlFault,
  PUBLIC_ENDPOINTS,
  readEndpointUrl,
  SANDBOX_ENDPOINTS,
} from "./endpoint-url.ts";

const verdictOf = (text: string, rules: EndpointRules): string => {
  const url = readEndpointUrl(text, rules);
  return typeof url === "string" ? url : url.href;
};
const long = (length: number): string => `https://shop.example/`.padEnd(length, "a");

describe("URL of an endpoint", () => {
  const taken: readonly (readonly [text: string, href: string])[] = [
    ["https://shop.example/hooks?a=1&b=%20", "https://shop.example/hooks?a=1&b=%20"],
    ["HTTPS://Shop.Example", "https://shop.example/"],
    ["https://shop.example:443/", "https://shop.example/"],
    ["https://shop.example:8443/", "https://shop.example:8443/"],
    ["https://bücher.example/", "https://xn--bcher-kva.example/"],
    ["https://my_hooks.shop.example/", "https://my_hooks.shop.example/"],
    ["https://8.8.8.8/", "https://8.8.8.8/"],
    ["https://134744072/", "https://8.8.8.8/"],
    ["https://[2606:4700::1111]/", "https://[2606:4700::1111]/"],
    ["https://localhost.shop.example/", "https://localhost.shop.example/"],
    [long(2_048), long(2_048)],
  ];
  for (const [text, href] of taken)
    it(`takes ${text.slice(0, 60)}`, () => {
      expect(verdictOf(text, PUBLIC_ENDPOINTS)).to.equal(href);
      expect(verdictOf(href, PUBLIC_ENDPOINTS), "normalized once is normalized").to.equal(href);
    });

  const refused: readonly (readonly [text: string, fault: EndpointUrlFault])[] = [
    ["", "malformed"],
    ["shop.example", "malformed"],
    ["https://", "malformed"],
    ["https:shop.example", "scheme"],
    ["https:/shop.example", "scheme"],
    [" https://shop.example/", "malformed"],
    ["https://shop.example/\n", "malformed"],
    ["https://sh\top.example/", "malformed"],
    ["https://shop.example/\u0000", "malformed"],
    ["https://shop.example\\@10.0.0.1/", "malformed"],
    ["https://shop.example:65536/", "malformed"],
    ["https://[fe80::1%25eth0]/", "malformed"],
    [long(2_049), "too_long"],
    [`https://shop.example/${"ü".repeat(1_000)}`, "too_long"],
    ["http://shop.example/", "scheme"],
    ["ftp://shop.example/", "scheme"],
    ["file:///etc/passwd", "scheme"],
    ["gopher://shop.example/", "scheme"],
    ["javascript:alert(1)", "scheme"],
    ["data:text/plain,x", "scheme"],
    ["https://user@shop.example/", "credentials"],
    ["https://user:pass@shop.example/", "credentials"],
    ["https://shop.example@10.0.0.1/", "credentials"],
    ["https://shop.example/#a", "fragment"],
    ["https://shop.example/#", "fragment"],
    ["https://shop.example:0/", "port"],
    ["https://shop.example:22/", "port"],
    ["https://shop.example:25/", "port"],
    ["https://shop.example:80/", "port"],
    ["https://shop.example:6379/", "port"],
    ["https://localhost/", "host"],
    ["https://LOCALHOST/", "host"],
    ["https://ⓛocalhost/", "host"],
    ["https://localhost./", "host"],
    ["https://api.localhost/", "host"],
    ["https://printer.local/", "host"],
    ["https://metadata.google.internal/", "host"],
    ["https://api.default.svc.cluster.local/", "host"],
    ["https://1.0.0.127.in-addr.arpa/", "host"],
    ["https://kubernetes/", "host"],
    ["https://shop.example./", "host"],
    ["https://shop..example/", "host"],
    ["https://.shop.example/", "host"],
    ["https://-shop.example/", "host"],
    [`https://${"a".repeat(64)}.example/`, "host"],
    [`https://${"abcdefg.".repeat(32)}example/`, "host"],
    ["https://sh!op.example/", "host"],
    ["https://127.0.0.1/", "address"],
    ["https://127.0.0.1./", "address"],
    ["https://127.1/", "address"],
    ["https://2130706433/", "address"],
    ["https://0x7f.1/", "address"],
    ["https://0x7f000001/", "address"],
    ["https://0177.0.0.1/", "address"],
    ["https://017700000001/", "address"],
    ["https://１２７.0.0.1/", "address"],
    ["https://%31%32%37.0.0.1/", "address"],
    ["https://0/", "address"],
    ["https://0.0.0.0/", "address"],
    ["https://10.0.0.1/", "address"],
    ["https://192.168.1.1/", "address"],
    ["https://169.254.169.254/latest/meta-data/", "address"],
    ["https://[::]/", "address"],
    ["https://[::1]/", "address"],
    ["https://[::ffff:127.0.0.1]/", "address"],
    ["https://[::ffff:7f00:1]/", "address"],
    ["https://[::127.0.0.1]/", "address"],
    ["https://[64:ff9b::169.254.169.254]/", "address"],
    ["https://[fd00:ec2::254]/", "address"],
    ["https://[fe80::1]/", "address"],
  ];
  for (const [text, fault] of refused)
    it(`refuses as ${fault}: ${JSON.stringify(text).slice(0, 60)}`, () =>
      expect(verdictOf(text, PUBLIC_ENDPOINTS)).to.equal(fault));

  const sandbox: readonly (readonly [text: string, verdict: string])[] = [
    ["http://localhost:3000/hook", "http://localhost:3000/hook"],
    ["http://shop.localhost:3000/", "http://shop.localhost:3000/"],
    ["http://127.1:3000/", "http://127.0.0.1:3000/"],
    ["http://[::1]:3000/", "http://[::1]:3000/"],
    ["https://shop.example:6379/", "https://shop.example:6379/"],
    ["http://localhost./", "host"],
    ["http://localhost:0/", "port"],
    ["http://0.0.0.0:3000/", "address"],
    ["http://10.0.0.1/", "address"],
    ["http://192.168.1.1/", "address"],
    ["http://169.254.169.254/", "address"],
    ["http://[fe80::1]/", "address"],
    ["http://redis:6379/", "host"],
    ["http://metadata.google.internal/", "host"],
    ["ftp://localhost/", "scheme"],
  ];
  for (const [text, verdict] of sandbox)
    it(`in the sandbox: ${text} -> ${verdict}`, () => expect(verdictOf(text, SANDBOX_ENDPOINTS)).to.equal(verdict));

  it("tells the request line and the host without brackets", () => {
    expect(readEndpointUrl("http://[::1]:3000/a/../b?c=d", SANDBOX_ENDPOINTS)).to.deep.equal({
      href: "http://[::1]:3000/b?c=d",
      origin: "http://[::1]:3000",
      path: "/b?c=d",
      host: "::1",
    });
  });

  it("never throws, and what it takes it takes again unchanged", () => {
    const piece = fc.constantFrom(
      "https://",
      "http://",
      "a",
      ".",
      "127",
      ":",
      "/",
      "@",
      "#",
      "?",
      "[",
      "]",
      "%",
      "\\",
      "é",
      "0x7f",
    );
    const text = fc.oneof(
      fc.webUrl(),
      fc.string(),
      fc.array(piece, { maxLength: 12 }).map((all) => all.join("")),
    );
    fc.assert(
      fc.property(text, fc.constantFrom(PUBLIC_ENDPOINTS, SANDBOX_ENDPOINTS), (one, rules) => {
        const url = readEndpointUrl(one, rules);
        return typeof url === "string" || verdictOf(url.href, rules) === url.href;
      }),
      { seed: 20_260_401, numRuns: 1_000 },
    );
  });
});
