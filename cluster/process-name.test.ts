import { expect } from "chai";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { isProcessGone, nameOfThisProcess } from "./process-name.ts";

const file = new URL("./process-name.ts", import.meta.url).href;

describe("process names", () => {
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
});
