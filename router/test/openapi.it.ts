/** The documents as they are served, and every example of theirs sent to a started server. */
import { expect } from "chai";
import { EXAMPLES } from "../openapi-examples.ts";
import { openApiDocument } from "../openapi.ts";
import { ROUTES } from "../routes.ts";
import { type TestClient, type TestServer } from "./rig.ts";
import { type Answers, type ExampleTarget, runExample } from "./run-examples.ts";
import { startSandboxServer } from "./sandbox-words.ts";

describe("documents of a started server", function () {
  this.timeout(30_000);
  let rig: TestServer;
  let target: ExampleTarget;
  const answers: Answers = new Map();

  before(async () => {
    rig = await startSandboxServer();
    const { id, secret } = rig.directory.clients.get("writer") as TestClient;
    target = { baseUrl: rig.server.url, clientId: id, clientSecret: secret, keySuffix: "" };
  });
  after(() => rig.server.close());

  for (const example of EXAMPLES)
    it(`example ${example.name}: ${example.summary}`, () => runExample(example, target, answers));

  it("has an example for every route", () => {
    const shown = new Set(EXAMPLES.map(({ route }) => route));
    expect(ROUTES.filter(({ name }) => !shown.has(name))).to.deep.equal([]);
  });

  it("serves the OpenAPI document as JSON", async () => {
    const answer = await fetch(`${target.baseUrl}/openapi.json`);
    expect(await answer.json()).to.deep.equal(openApiDocument({ serverUrl: target.baseUrl }));
  });

  for (const path of ["/docs", "/docs/errors"])
    it(`serves the manual at ${path} under a strict policy`, async () => {
      const answer = await fetch(target.baseUrl + path);
      expect(answer.status).to.equal(200);
      const policy = answer.headers.get("Content-Security-Policy") ?? "";
      expect(policy).to.match(/^default-src 'none'; style-src 'sha256-/);
      expect(policy).not.to.contain("unsafe");
      expect(await answer.text()).to.contain('id="payment_declined"');
    });
});
