/** The conventions that every command on nodes, shards and actors keeps: help, words, and what asks before it acts. */
import { expect } from "chai";
import { Command } from "commander";
import { addAdminCommands } from "./admin-commands.ts";
import { confirm, DANGERS, type Danger } from "./confirm.ts";
import { CommandFailure, EXITS } from "./failures.ts";
import type { Terminal } from "./terminal.ts";

/** One word per meaning (the list that all nouns share). */
const VERBS = new Set(
  (
    "list get describe inspect watch create plan start status pause resume switch rollback complete cancel drain undrain " +
    "resolve accept-loss verify disable enable"
  ).split(" "),
);
const ALONE = new Set(["locate", "doctor", "completion", "help"]);

/** A person who is asked gives this answer; null: nobody is there. */
function terminalWith(answer: string | null): Terminal & { readonly said: string[]; readonly asked: string[] } {
  const said: string[] = [];
  const asked: string[] = [];
  return {
    said,
    asked,
    print: () => {},
    say: (text) => void said.push(text),
    redraw: () => {},
    isScreen: answer !== null,
    canAsk: answer !== null,
    ask: async (question) => {
      asked.push(question);
      return answer ?? expect.fail("nobody is there");
    },
    paint: (_, text) => text,
    pause: async () => false,
    nowMs: () => 0,
    onInterrupt: () => {},
  };
}

function tree(terminal = terminalWith(null)): Command {
  const program = new Command("payctl").exitOverride().configureOutput({ writeOut: () => {}, writeErr: () => {} });
  addAdminCommands(program, { terminal, env: {}, dataDir: "/nonexistent" });
  return program;
}
const leaves = (command: Command, path: readonly string[] = []): readonly (readonly [path: string, Command])[] =>
  command.commands.length === 0
    ? [[path.join(" "), command]]
    : command.commands.flatMap((child) => leaves(child, [...path, child.name()]));

describe("commands on nodes, shards and actors", () => {
  for (const [path, command] of leaves(tree())) {
    it(`${path}: is a noun and a known verb, or stands alone`, () => {
      const words = path.split(" ");
      const word = words.at(-1) as string;
      expect(words.length === 1 ? ALONE.has(word) : VERBS.has(word)).to.equal(true);
    });

    it(`${path}: explains itself with two examples of its own`, () => {
      let help = "";
      command.configureOutput({ writeOut: (text) => (help += text) });
      command.outputHelp();
      const examples = [...help.matchAll(/^ {2}npx payctl (.*)$/gm)].map(([, line]) => line ?? "");
      expect(examples.length).to.be.at.least(2);
      for (const example of examples)
        expect(example.startsWith(`${path} `) || example === path, example).to.equal(true);
      expect(command.description()).to.not.equal("");
    });

    it(`${path}: takes every output format`, () => {
      const output = command.options.find(({ long }) => long === "--output");
      expect(output?.argChoices).to.deep.equal(["table", "wide", "json", "yaml", "name", "jsonl"]);
      expect(output?.short).to.equal("-o");
    });

    const danger = DANGERS[path];
    const flags = command.options.map(({ long }) => long);
    it(`${path}: ${danger === undefined ? "only looks" : `is ${danger}`}, as its options say`, () => {
      expect(flags.includes("--dry-run"), "whatever changes something can be rehearsed").to.equal(danger !== undefined);
      expect(flags.includes("--yes")).to.equal(danger === "moderate");
      expect(flags.includes("--confirm")).to.equal(danger === "severe");
    });

    if (danger === "moderate" || danger === "severe")
      it(`${path}: ends with exit code 8 when nobody can be asked`, async () => {
        const words = [...path.split(" "), ...command.registeredArguments.map(() => "node-1")];
        const failure = await tree()
          .parseAsync(words, { from: "user" })
          .then(
            () => null,
            (error: unknown) => error,
          );
        expect(failure).to.be.instanceOf(CommandFailure);
        expect(EXITS[(failure as CommandFailure).exit].code).to.equal(8);
      });
  }

  it("have a danger each, and no danger is of a command that is gone", () => {
    const paths = new Set(leaves(tree()).map(([path]) => path));
    expect(Object.keys(DANGERS).filter((path) => !paths.has(path))).to.deep.equal([]);
  });
});

describe("a confirmation", () => {
  const cases: readonly (readonly [
    danger: Danger,
    answer: string | null,
    options: Parameters<typeof confirm>[3],
    agreed: boolean,
    asks: boolean,
  ])[] = [
    ["mild", null, {}, true, false],
    ["moderate", null, {}, false, false],
    ["moderate", null, { yes: true }, true, false],
    ["moderate", "y", {}, true, true],
    ["moderate", "Yes", {}, true, true],
    ["moderate", "", {}, false, true],
    ["moderate", "n", {}, false, true],
    ["moderate", "yellow", {}, false, true],
    ["severe", null, { yes: true }, false, false],
    ["severe", null, { confirm: "shard-1" }, true, false],
    ["severe", null, { confirm: "shard-2" }, false, false],
    ["severe", "y", {}, false, true],
    ["severe", "shard-1", {}, true, true],
    ["severe", "shard-1", { confirm: "shard-2" }, false, false],
  ];
  for (const [danger, answer, options, agreed, asks] of cases)
    it(`${danger}, ${answer === null ? "nobody there" : `"${answer}"`}, ${JSON.stringify(options)}: ${agreed ? "goes on" : "stops"}`, async () => {
      const terminal = terminalWith(answer);
      const failure = await confirm(terminal, danger, { name: "shard-1", what: "It is gone" }, options).then(
        () => null,
        (error: unknown) => error,
      );
      expect(failure === null).to.equal(agreed);
      if (failure !== null) expect(failure).to.include({ exit: "notConfirmed" });
      expect(terminal.asked.length > 0).to.equal(asks);
    });
});

describe("exit codes", () => {
  it("are those of the list that scripts know", () => {
    const codes = Object.fromEntries(Object.entries(EXITS).map(([name, { code }]) => [name, code]));
    expect(codes).to.include({ other: 1, usage: 2, notFound: 3, auth: 4, conflict: 5, checkFailed: 6, timeOut: 7 });
    expect(codes).to.include({ notConfirmed: 8, changesPending: 10, interrupted: 130 });
    expect(new Set(Object.values(codes)).size).to.equal(Object.keys(codes).length);
  });
});
