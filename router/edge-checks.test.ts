import { expect } from "chai";
import { checkEdge, HEADERS_MAX, URL_MAX } from "./edge-checks.ts";
import { matchRoute, ROUTES } from "./routes.ts";
import { quickestMs } from "./test/quickest.ts";

const judge = (path: string, query = "", headers = 10) => {
  const match = matchRoute("GET", path);
  return checkEdge(path, query, headers, match.kind === "route" && match.segment === "");
};
const codeOf = (path: string, query = "", headers = 10) => judge(path, query, headers).refusal?.code ?? null;

describe("edge checks", () => {
  it("pass every route of ours", () => {
    for (const { path } of ROUTES) {
      const real = path.replace("{id}", "pay_01h455vb4pex5vsknk084sn02q").replace("{key}", "a%2Fb%2E%2E.env");
      expect(codeOf(real, "limit=1&merchant_reference=%2e%2e%2f"), real).to.equal(null);
      expect(judge(real).weight).to.equal(1);
    }
  });
  for (const path of [
    "/v1/../v1/payments",
    "/v1/./payments",
    "/v1/payments/..",
    "/v1/%2e%2e/payments",
    "/v1/payments/%252e",
    "/v1/payments%00",
    "/v1/payments/pay_%0d%0a",
    "//v1/payments",
    "/v1//payments",
    "/v1/payments;a=b",
    "/v1\\payments",
    "/v1/payments/\u00e9",
    "/v1/payments/a b",
  ])
    it(`call ${JSON.stringify(path)} unknown`, () => {
      expect(codeOf(path)).to.equal("not_found");
      expect(judge(path).weight).to.equal(1);
    });
  for (const path of [
    "/.git/config",
    "/.env",
    "/wp-login.php",
    "/WP-admin/",
    "/cgi-bin/x",
    "/index.php",
    "/a/b.bak",
    "/phpMyAdmin/",
  ])
    it(`count ${path} for more`, () => {
      expect(codeOf(path)).to.equal("not_found");
      expect(judge(path).weight).to.be.above(1);
    });
  it("bound the URL and the number of headers", () => {
    expect(codeOf("/v1/payments", "a".repeat(URL_MAX - 12))).to.equal(null);
    expect(codeOf("/v1/payments", "a".repeat(URL_MAX - 11))).to.equal("invalid_request");
    expect(codeOf("/v1/payments", "", HEADERS_MAX)).to.equal(null);
    expect(codeOf("/v1/payments", "", HEADERS_MAX + 1)).to.equal("invalid_request");
  });
  it("are quick on the worst paths that fit", () => {
    for (const path of ["/.".repeat(1_000), "/a".repeat(1_000), `/${".".repeat(2_000)}`, `/${".php".repeat(500)}`])
      expect(quickestMs(() => judge(path))).to.be.below(50); // microseconds
  });
});
