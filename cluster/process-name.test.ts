import { expect } from "chai";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { isProcessGone, nameOfThisProcess, pidOfName, type ProcessTable } from "./process-name.ts";

const file = new URL("./process-name.ts", import.meta.url).href;

describe("process names", function () {
  this.timeout(30_000); // it starts a process
  it("tell a living process from one that ended, and judge nobody else's", async () => {
    expect(isProcessGone(nameOfThisProcess())).to.equal(false);
    const child = spawn(process.execPath, [
      "--input-type=module",
      "-e",
      `import { nameOfThisProcess } from ${JSON.stringify(file)}; console.log(nameOfThisProcess()); setInterval(() => {}, 1000);`,
    ]);
    const [line] = (await once(child.stdout, "data")) as [Buffer];
    const name = line.toString().trim();
    expect(isProcessGone(name)).to.equal(false);
    child.kill("SIGKILL");
    await once(child, "exit");
    expect(isProcessGone(name)).to.equal(true);
    const [boot, space, pid, start] = name.split("/");
    expect(isProcessGone(`another-boot/${space}/${pid}/${start}`)).to.equal(false);
    expect(isProcessGone(`${boot}/pid:[1]/${pid}/${start}`), "another container's pid").to.equal(false);
    expect(isProcessGone("unknown/1")).to.equal(false);
    expect(isProcessGone("")).to.equal(false);
  });

  const pids: readonly (readonly [name: string, pid: number | null])[] = [
    [nameOfThisProcess(), process.pid],
    ["boot/pid:[1]/4711/42", 4_711],
    ["unknown/4711", 4_711],
    ["", null],
    ["another release's name", null],
    ["boot/pid:[1]/x/42", null],
  ];
  for (const [name, pid] of pids)
    it(`have the pid ${pid}: "${name === pids[0]?.[0] ? "of this process" : name}"`, () =>
      expect(pidOfName(name)).to.equal(pid));

  const failing = (code: string) => (): never => {
    throw Object.assign(new Error(code), { code });
  };
  const stat = (state: string, startTime: string): string =>
    `7 (a) b) c) ${[state, ...Array.from({ length: 18 }, (_, n) => String(n)), startTime, "0"].join(" ")}\n`;
  const table: ProcessTable = { home: () => "boot/pid:[1]", stat: () => stat("S", "42"), signal0: () => {} };
  const NAME = "boot/pid:[1]/7/42";

  /** Case, what the system says, whether the process is certainly gone. */
  const cases: ReadonlyArray<readonly [string, Partial<ProcessTable>, boolean]> = [
    ["it runs", {}, false],
    ["its pid is another process now", { stat: () => stat("S", "43") }, true],
    ["it is a zombie", { stat: () => stat("Z", "42") }, true],
    ["it is dead", { stat: () => stat("X", "42") }, true],
    ["it is stopped", { stat: () => stat("T", "42") }, false],
    ["no such pid", { stat: failing("ENOENT"), signal0: failing("ESRCH") }, true],
    ["/proc hides it", { stat: failing("ENOENT"), signal0: failing("EPERM") }, false],
    ["/proc does not show it, yet it takes signals", { stat: failing("ENOENT") }, false],
    ["no file descriptor is left", { stat: failing("EMFILE"), signal0: failing("ESRCH") }, false],
    ["the read is refused", { stat: failing("EACCES"), signal0: failing("ESRCH") }, false],
    ["the line is empty", { stat: () => "" }, false],
    ["the line is cut", { stat: () => stat("S", "42").slice(0, 20) }, false],
    [
      "our own boot cannot be read",
      { home: failing("ENOENT"), stat: failing("ENOENT"), signal0: failing("ESRCH") },
      false,
    ],
  ];
  for (const [what, said, gone] of cases)
    it(`${what} -> ${gone ? "gone" : "not gone"}`, () =>
      expect(isProcessGone(NAME, { ...table, ...said })).to.equal(gone));

  for (const name of ["boot/pid:[1]/0/42", "boot/pid:[1]/-7/42", "boot/pid:[1]/seven/42", "boot/pid:[1]/7"])
    it(`${name} is judged not gone, whatever the system says`, () =>
      expect(isProcessGone(name, { ...table, stat: failing("ENOENT"), signal0: failing("ESRCH") })).to.equal(false));
});
