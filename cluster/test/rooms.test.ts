/**
 * Reads every import of the house and fails on a wrong arrow: rooms, their doors, vendor packages, the purity of the
 * domain, cycles, and where the environment is read. The second half proves that the reading sees each kind of wrong.
 */
import { expect } from "chai";
import { cruise, type ICruiseOptions, type ICruiseResult, type IRegularForbiddenRuleType } from "dependency-cruiser";
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

const ROOMS = ["actors", "storage", "router", "reconcile", "cluster", "ops"] as const;
type Room = (typeof ROOMS)[number];

/** Row: a room. Cell: the rooms that it may import. */
const MAY_IMPORT: { readonly [R in Room]: readonly Room[] } = {
  actors: [],
  storage: ["actors"],
  router: ["actors"],
  reconcile: ["storage", "actors"],
  cluster: ["router", "reconcile", "storage", "actors"],
  ops: ["cluster", "router", "reconcile", "storage", "actors"],
};

const DOORS = "^(actors(/domain|/gateways|/webhooks|/wire)?|storage|router(/client)?|reconcile|cluster)/index\\.ts$";

/** Package: the only files that import it, tests aside. What is not listed is imported nowhere. */
const VENDORS: Readonly<Record<string, string>> = {
  "@adyen/api-library": "^actors/gateways/",
  stripe: "^actors/gateways/",
  cockatiel: "^actors/",
  protobufjs: "^actors/wire/",
  "protobufjs-cli": "^actors/wire/",
  "@grpc/grpc-js": "^(cluster/(peers|admin)|ops/cli)/",
  undici: "^(actors/(gateways|webhooks)|ops/bench)/",
  pg: "^(storage|ops/bench)/",
  "node-pg-migrate": "^storage/",
  "uWebSockets.js": "^(router|ops/bench)/", // the benchmark's yardsticks answer as the product does
  jose: "^router/",
  "hash-ring": "^router/ring\\.ts$",
  ioredis: "^router/idempotency-cache-redis\\.ts$",
  testcontainers: "^ops/test-run/",
  typebox: "^(router|cluster)/",
  comlink: "^cluster/",
  pino: "^cluster/",
  "prom-client": "^(cluster|router)/",
  commander: "^ops/cli/",
  mocha: "^ops/test-run/",
};

/** Entry points: the only files beside the cluster's configuration that read the environment. */
const READS_ENVIRONMENT =
  /^(cluster\/config\.ts|ops\/(sandbox\/start|cli\/main|test-run\/main)\.ts|ops\/bench\/[^/]+\.ts)$/;

/** A contract is the suite that every implementation of a port passes. */
const IS_TEST = "(/contract\\.ts$|\\.test\\.ts$|\\.it\\.ts$|\\.chaos\\.ts$|/test/)";
/** Tests of the joined house look at it from outside, as ops does. */
const HOUSE_TESTS = "^cluster/test/";

function rules(): readonly IRegularForbiddenRuleType[] {
  const wrong = (
    name: string,
    from: IRegularForbiddenRuleType["from"],
    to: IRegularForbiddenRuleType["to"],
  ): IRegularForbiddenRuleType => ({
    name,
    severity: "error",
    from,
    to,
  });
  return [
    ...ROOMS.map((room) => {
      const others = ROOMS.filter((other) => other !== room && !MAY_IMPORT[room].includes(other));
      return wrong(
        "room",
        { path: `^${room}/`, pathNot: HOUSE_TESTS },
        { path: `^(${others.join("|") || "nowhere"})/` },
      );
    }),
    ...ROOMS.map((room) => {
      const others = ROOMS.filter((other) => other !== room);
      return wrong(
        "door",
        { path: `^${room}/`, pathNot: HOUSE_TESTS },
        { path: `^(${others.join("|")})/`, pathNot: DOORS },
      );
    }),
    wrong(
      "domain",
      { path: "^actors/domain/", pathNot: IS_TEST },
      { pathNot: "^(actors/domain/|crypto$|node:crypto$)" },
    ),
    ...Object.entries(VENDORS).map(([name, path]) =>
      wrong("vendor", { pathNot: [path, IS_TEST] }, { path: `(^|node_modules/)${name.replace(".", "\\.")}(/|$)` }),
    ),
    wrong(
      "vendor",
      { pathNot: IS_TEST },
      {
        path: "^(node_modules/|@?[a-z])",
        pathNot: [knownPackages(), `^(${ROOMS.join("|")})/`],
        dependencyTypesNot: ["core"],
      },
    ),
    wrong("cycle", {}, { circular: true }),
    wrong("unresolved", { pathNot: "^fixture" }, { couldNotResolve: true, path: "^\\." }),
  ];
}

const knownPackages = (): string =>
  `(^|node_modules/)(@types/)?(${Object.keys(VENDORS)
    .map((name) => name.replace(".", "\\."))
    .join("|")})(/|$)`;

/** Violations as `rule: from -> to`, and how many modules were read. */
async function readImports(baseDir: string): Promise<{ readonly found: readonly string[]; readonly modules: number }> {
  const options: ICruiseOptions = {
    baseDir,
    validate: true,
    ruleSet: { forbidden: [...rules()] },
    doNotFollow: { path: "node_modules" },
    tsPreCompilationDeps: true, // `import type` is an arrow too
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["node", "import", "types", "default"] },
  };
  const { output } = await cruise(
    ROOMS.filter((room) => globSync(join(baseDir, room)).length > 0),
    options,
  );
  const { summary, modules } = output as ICruiseResult;
  return {
    found: summary.violations.map(({ rule, from, to }) => `${rule.name}: ${from} -> ${to}`),
    modules: modules.filter(({ source }) => source.endsWith(".ts") && !source.includes("node_modules")).length,
  };
}

const ROOT = join(import.meta.dirname, "../..");
const sources = (): readonly string[] => globSync(`{${ROOMS.join(",")}}/**/*.ts`, { cwd: ROOT });

describe("the rooms of the house", function () {
  this.timeout(60_000);

  it("import only as the picture in the style guide says", async () => {
    const { found, modules } = await readImports(ROOT);
    expect(modules, "every file is read: a reader without a compiler reads none and finds nothing").to.be.at.least(
      sources().filter((path) => !path.endsWith(".d.ts")).length,
    );
    expect(found).to.deep.equal([]);
  });

  it("take nothing but a hash from outside into the domain", () => {
    for (const path of sources().filter((one) => /^actors\/domain\/(?!.*\.test\.ts)/.test(one)))
      for (const [, names] of readFileSync(join(ROOT, path), "utf8").matchAll(/import \{([^}]*)\} from "node:crypto"/g))
        expect(names?.trim(), path).to.equal("hash");
  });

  it("read the environment only in the configuration and in entry points of ops", () => {
    const readers = sources().filter(
      (path) => !new RegExp(IS_TEST).test(path) && /\bprocess\.env\b/.test(readFileSync(join(ROOT, path), "utf8")),
    );
    expect(readers.filter((path) => !READS_ENVIRONMENT.test(path))).to.deep.equal([]);
  });
});

describe("the reader of imports", function () {
  this.timeout(60_000);

  /** File, its line, and the rule that it breaks; null: it is right. */
  const cases: readonly (readonly [path: string, line: string, rule: string | null])[] = [
    ["actors/a.ts", 'import "../storage/index.ts";', "room"],
    ["actors/b.ts", 'import type { Storage } from "../storage/index.ts";', "room"],
    ["storage/c.ts", 'import type { Router } from "../router/index.ts";', "room"],
    ["router/d.ts", 'export type { Storage } from "../storage/index.ts";', "room"],
    ["cluster/e.ts", 'const ops = await import("../ops/index.ts");', "room"],
    ["storage/f.ts", 'import type { Hidden } from "../actors/hidden.ts";', "door"],
    ["ops/g.ts", 'import { hidden } from "../actors/hidden.ts";', "door"],
    ["actors/domain/h.ts", 'import type { Hidden } from "../hidden.ts";', "domain"],
    ["actors/domain/i.ts", 'import { readFileSync } from "node:fs";', "domain"],
    ["actors/domain/j.ts", 'import type pg from "pg";', "domain"],
    ["router/k.ts", 'import type pg from "pg";', "vendor"],
    ["storage/l.ts", 'import something from "left-pad";', "vendor"],
    ["actors/m1.ts", 'import type { M2 } from "./m2.ts";', "cycle"],
    ["storage/n.ts", 'import type { Nothing } from "./nothing.ts";', "unresolved"],
    ["storage/o.ts", 'import type { Actors } from "../actors/index.ts"; import pg from "pg";', null],
    ["router/p.ts", 'import type { Money } from "../actors/domain/index.ts"; import fs from "node:fs";', null],
    ["actors/domain/q.ts", 'import { hash } from "node:crypto";', null],
    ["storage/test/r.it.ts", 'import { expect } from "chai";', null],
  ];
  let folder: string;
  let found: readonly string[];

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "rooms-"));
    const write = (path: string, text: string): void => {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), `${text}\nexport {};\n`);
    };
    for (const room of [...ROOMS, "actors/domain"]) write(`${room}/index.ts`, "");
    write("actors/hidden.ts", "");
    write("actors/m2.ts", 'import type { M1 } from "./m1.ts";'); // the other half of the cycle
    for (const [path, line] of cases) write(path, line);
    ({ found } = await readImports(folder));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  for (const [path, line, rule] of cases)
    it(`${rule === null ? "allows" : `catches as ${rule}`}: ${path}: ${line}`, () => {
      const mine = found.filter((one) => one.includes(` ${path} -> `)).map((one) => one.split(":")[0]);
      if (rule === null) expect(mine).to.deep.equal([]);
      else expect(mine).to.include(rule);
    });
});
