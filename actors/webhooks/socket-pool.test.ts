import { expect } from "chai";
import fc from "fast-check";
import { type PooledSocket, SocketPool, type SocketPoolLimits } from "./socket-pool.ts";

class FakeSocket implements PooledSocket {
  readonly origin: string;
  destroyed = false;
  disconnect: () => void = () => {};
  constructor(origin: string) {
    this.origin = origin;
  }
  on(_: "disconnect", told: () => void): void {
    this.disconnect = told;
  }
  async destroy(): Promise<void> {
    this.destroyed = true;
  }
}

const LIMITS: SocketPoolLimits = { originMax: 2, allMax: 3, ageMaxMs: 60_000 };
const poolOf = (limits = LIMITS, nowMs = () => 0) => {
  const opened: FakeSocket[] = [];
  const pool = new SocketPool(limits, nowMs, (origin) => {
    const socket = new FakeSocket(origin);
    opened.push(socket);
    return socket;
  });
  return { pool, opened };
};

describe("pool of sockets", () => {
  it("keeps each origin to its share and all to the whole", () => {
    const { pool } = poolOf();
    const taken = ["a", "a", "a", "b", "b", "c"].map((origin) => pool.take(origin, true));
    expect(taken.map((one) => one !== null)).to.deep.equal([true, true, false, true, false, false]);
    taken[0]?.giveBack(false);
    taken[0]?.giveBack(false); // once more: nothing
    expect(pool.take("c", true)).to.not.equal(null);
    expect(pool.take("a", true), "the whole again").to.equal(null);
  });

  it("keeps half of all for receivers that answer at once, however many others there are", () => {
    const { pool } = poolOf({ ...LIMITS, allMax: 4 });
    const slow = ["a", "b", "c"].map((origin) => pool.take(origin, false));
    expect(slow.map((one) => one !== null)).to.deep.equal([true, true, false]);
    const quick = ["a", "c", "d"].map((origin) => pool.take(origin, true));
    expect(quick.map((one) => one !== null)).to.deep.equal([true, true, false]);
    quick[0]?.giveBack(true);
    expect(pool.take("c", false), "that one was for quick ones").to.equal(null);
    slow[0]?.giveBack(true);
    expect(pool.take("c", false)).to.not.equal(null);
  });

  it("gives a socket again that was given back well, to its own origin only", () => {
    const { pool, opened } = poolOf();
    pool.take("a", true)?.giveBack(true);
    expect(pool.take("b", true)?.socket).to.equal(opened[1]);
    expect(pool.take("a", true)?.socket).to.equal(opened[0]);
    expect(opened).to.have.lengthOf(2);
  });

  const ends: readonly (readonly [
    name: string,
    end: (socket: FakeSocket, giveBack: (well: boolean) => void) => void,
  ])[] = [
    ["was given back badly", (_, giveBack) => giveBack(false)],
    [
      "ended while it was idle",
      (socket, giveBack) => {
        giveBack(true);
        socket.disconnect();
      },
    ],
  ];
  for (const [name, end] of ends)
    it(`never gives a socket again that ${name}`, () => {
      const { pool, opened } = poolOf();
      const taken = pool.take("a", true);
      if (taken !== null) end(taken.socket, taken.giveBack);
      expect(pool.take("a", true)?.socket).to.equal(opened[1]);
      expect(opened[0]?.destroyed).to.equal(true);
    });

  it("leaves a socket alone that ends while it is in use: whoever uses it is told", () => {
    const { pool, opened } = poolOf();
    pool.take("a", true);
    opened[0]?.disconnect();
    expect(opened[0]?.destroyed).to.equal(false);
  });

  it("uses no socket that is too old", () => {
    let nowMs = 0;
    const { pool, opened } = poolOf(LIMITS, () => nowMs);
    const taken = pool.take("a", true);
    nowMs = LIMITS.ageMaxMs + 1;
    taken?.giveBack(true);
    expect(opened[0]?.destroyed).to.equal(true);
  });

  it("destroys all when it is closed", async () => {
    const { pool, opened } = poolOf();
    pool.take("a", true);
    pool.take("b", true)?.giveBack(true);
    await pool.close();
    expect(opened.map(({ destroyed }) => destroyed)).to.deep.equal([true, true]);
  });

  it("holds its limits through anything, and loses no socket", () => {
    const step = fc.record({ origin: fc.constantFrom("a", "b", "c"), act: fc.nat({ max: 4 }), at: fc.nat() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const { pool, opened } = poolOf();
        const used: { readonly socket: FakeSocket; readonly giveBack: (well: boolean) => void }[] = [];
        for (const { origin, act, at } of steps) {
          const [some] = act < 2 || used.length === 0 ? [] : used.splice(at % used.length, act < 4 ? 1 : 0);
          some?.giveBack(act === 2);
          if (act === 4)
            opened.filter((one) => !used.some(({ socket }) => socket === one)).forEach((one) => one.disconnect());
          const ofOrigin = used.filter(({ socket }) => socket.origin === origin).length;
          const taken = act < 2 ? pool.take(origin, true) : null;
          if (act < 2 && (taken !== null) !== (ofOrigin < LIMITS.originMax && used.length < LIMITS.allMax))
            return false;
          if (taken !== null) {
            if (taken.socket.destroyed || taken.socket.origin !== origin) return false;
            if (used.some(({ socket }) => socket === taken.socket)) return false; // never to two at once
            used.push(taken);
          }
          const idle = opened.filter((one) => !one.destroyed && !used.some(({ socket }) => socket === one)).length;
          if (idle > LIMITS.allMax) return false;
        }
        return used.every(({ socket }) => !socket.destroyed);
      }),
      { seed: 20_260_401, numRuns: 500 },
    );
  });
});
