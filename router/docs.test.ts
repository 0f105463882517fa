import { createHash } from "node:crypto";
import { expect } from "chai";
import { CURRENCIES, REFUSALS } from "../actors/domain/index.ts";
import { html } from "./docs-html.ts";
import { loadDocuments } from "./docs-loader.ts";
import { createDocuments } from "./docs.ts";
import { EVENT_TYPES } from "./event-types.ts";
import { ROUTES } from "./routes.ts";

const TOKENS = [
  { token: "tok_visa", meaning: "approved" },
  { token: "tok_odd", meaning: '<b>bold</b> & "quoted"' },
];
const { docs } = createDocuments({ serverUrl: "https://pay.example", sandboxTokens: TOKENS });
const page = docs.body;
const ids = [...page.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id ?? "");

describe("manual", () => {
  it("has a place for every route, error code, event type, sandbox token and currency", () => {
    expect(ids).to.include.members([
      ...ROUTES.map(({ name }) => name),
      ...Object.keys(REFUSALS),
      ...EVENT_TYPES.map((type) => `event-${type}`),
      ...TOKENS.map(({ token }) => token),
    ]);
    for (const currency of Object.keys(CURRENCIES)) expect(page).to.contain(`<code>${currency}</code>`);
  });

  it("says what each code means", () => {
    for (const { title } of Object.values(REFUSALS)) expect(page).to.contain(html`${title}`.text);
  });

  it("has no id twice and no link that leads nowhere", () => {
    expect(ids.filter((id, i) => ids.indexOf(id) !== i)).to.deep.equal([]);
    const links = [...page.matchAll(/href="([^"]+)"/g)].map(([, link]) => link ?? "");
    expect(links.filter((link) => link.startsWith("#") && !ids.includes(link.slice(1)))).to.deep.equal([]);
    expect(links.filter((link) => !link.startsWith("#") && link !== "/openapi.json")).to.deep.equal([]);
  });

  it("loads nothing and runs nothing", () => {
    expect(page).not.to.match(/<(script|link|img|iframe|object|embed|form)\b|\ssrc=|\son\w+=|\sstyle=|url\(|@import/i);
  });

  it("is styled by what its policy lets pass", () => {
    const [, style = ""] = /<style>([^]*?)<\/style>/.exec(page) ?? [];
    const hash = createHash("sha256").update(style).digest("base64");
    expect(docs.csp).to.contain(`style-src 'sha256-${hash}'`);
    expect(docs.csp).to.contain("default-src 'none'");
    expect(style).to.contain("prefers-color-scheme:dark");
  });

  it("escapes what stands in it", () => {
    expect(page).to.contain("&lt;b&gt;bold&lt;/b&gt; &amp; &quot;quoted&quot;");
    expect(html`<p>${"<i>"}${html`<b>`}</p>`.text).to.equal("<p>&lt;i&gt;<b></p>");
  });

  it("closes every element that it opens", () => {
    const open: string[] = [];
    for (const [, end, name = "", self] of page.matchAll(/<(\/?)([a-z][a-z0-9]*)[^>]*?(\/?)>/g)) {
      if (name === "meta" || self === "/") continue;
      if (end === "") open.push(name);
      else expect(open.pop()).to.equal(name);
    }
    expect(open).to.deep.equal([]);
  });

  it("is silent about tokens where there is no sandbox", async () => {
    const documents = (await loadDocuments(null))("https://pay.example");
    expect(documents.docs.body).not.to.contain('id="sandbox"');
    expect(documents.openapi.body).to.contain('"openapi":"3.1.0"');
  });
});
