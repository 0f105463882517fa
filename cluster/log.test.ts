import { expect } from "chai";
import { createLog, type LogDestination } from "./log.ts";

const NAMES = ["authorization", "password", "secret", "token", "dsn", "apiKey", "body", "paymentMethod"];
const PERSONAL = ["payment_method", "email", "name"];

class Lines implements LogDestination {
  readonly all: string[] = [];
  write(line: string): void {
    this.all.push(line);
  }
  on(): void {}
}

describe("log", () => {
  for (const name of [...NAMES, ...PERSONAL])
    it(`prints no ${name}, on either depth`, () => {
      const lines = new Lines();
      createLog({ node: "n1" }, lines).warn({ [name]: "hush", request: { [name]: "hush", status: 503 } }, "refused");
      expect(lines.all).to.have.length(1);
      expect(lines.all[0]).not.to.include("hush");
      expect(JSON.parse(lines.all[0] as string)).to.deep.include({
        node: "n1",
        msg: "refused",
        [name]: "[redacted]",
        request: { [name]: "[redacted]", status: 503 },
      });
    });

  it("prints identifiers as they are, and no line twice", () => {
    const lines = new Lines();
    const log = createLog({ node: "n1", shard: 3 }, lines);
    log.info({ payment: "pay_1" }, "accepted");
    log.error({ payment: "pay_2" }, "lost");
    expect(lines.all.map((line) => JSON.parse(line).payment)).to.deep.equal(["pay_1", "pay_2"]);
  });

  it("never throws, whatever the destination does", () => {
    const destination: LogDestination = {
      write: () => {
        throw Object.assign(new Error("no space left on device"), { code: "ENOSPC" });
      },
      on: () => {},
    };
    const log = createLog({}, destination);
    for (const level of ["info", "warn", "error"] as const)
      expect(() => log[level]({ payment: "pay_1" }, "lost")).not.to.throw();
  });

  it("never throws on what cannot be printed", () => {
    const odd = {
      get payment(): string {
        throw new Error("no such thing");
      },
    };
    expect(() => createLog({}, new Lines()).info(odd, "odd")).not.to.throw();
  });
});
