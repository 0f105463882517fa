import { expect } from "chai";
import type { TickTime } from "../tick-batch.ts";
import { FrameWriter, type FrameWriterParts } from "./frame-writer.ts";

/** Ticks when it is told to. */
class HandTime implements TickTime {
  #tasks: (() => void)[] = [];
  readonly monotonicMs = (): number => 0;
  readonly soon = (task: () => void): void => void this.#tasks.push(task);
  readonly after = (_: number, task: () => void): void => void this.#tasks.push(task);
  tick(): void {
    for (const task of this.#tasks.splice(0)) task();
  }
}

/** Items are numbers, and as long as they say. A message is their text. */
function make(more: Partial<FrameWriterParts<number>> = {}) {
  const time = new HandTime();
  const frames: number[][] = [];
  const wire = { flows: true };
  const faults: unknown[] = [];
  const writer = new FrameWriter<number>({
    write: (frame) => {
      frames.push(JSON.parse(Buffer.from(frame).toString()) as number[]);
      return wire.flows;
    },
    encode: (items) => Buffer.from(JSON.stringify(items)),
    bytesOf: (item) => item,
    onFault: (error) => faults.push(error),
    time,
    ...more,
  });
  return { writer, time, frames, wire, faults };
}
const KIB = 1_024;

describe("frame writer", () => {
  it("sends what came in a tick as one message", () => {
    const { writer, time, frames } = make();
    writer.add(1);
    writer.add(2);
    expect(frames).to.deep.equal([]);
    expect(writer.bytes).to.equal(3);
    time.tick();
    expect(frames).to.deep.equal([[1, 2]]);
    expect(writer.bytes).to.equal(0);
  });

  it("splits by bytes and by number, in order", () => {
    const { writer, time, frames } = make();
    for (const item of [100, 200, 300, 400 * KIB, 1]) writer.add(item === 400 * KIB ? item : item * KIB);
    time.tick();
    expect(frames).to.deep.equal([[100 * KIB, 200 * KIB], [300 * KIB], [400 * KIB], [KIB]]);
    for (let i = 0; i < 2_500; i++) writer.add(1);
    time.tick();
    expect(frames.slice(4).map((frame) => frame.length)).to.deep.equal([1_024, 1_024, 452]);
  });

  it("holds back while the other side does not read, and loses nothing", () => {
    const { writer, time, frames, wire } = make();
    wire.flows = false;
    writer.add(1);
    time.tick();
    writer.add(2);
    time.tick();
    writer.add(3);
    time.tick();
    expect(frames).to.deep.equal([[1]]);
    expect(writer.bytes).to.equal(5);
    wire.flows = true;
    writer.drained();
    expect(frames).to.deep.equal([[1], [2, 3]]);
  });

  it("says what leaves, just before, and nothing of what waits", () => {
    const left: number[] = [];
    const { writer, time, wire } = make({ leaves: (items) => left.push(...items) });
    wire.flows = false;
    writer.add(1);
    time.tick();
    writer.add(2);
    time.tick();
    expect(left).to.deep.equal([1]);
  });

  it("finishes when all is written, what waits for its tick too", () => {
    let done = 0;
    const { writer, time, frames } = make();
    writer.add(1);
    writer.finish(() => done++);
    expect(done).to.equal(0);
    time.tick();
    expect([frames, done]).to.deep.equal([[[1]], 1]);
    writer.add(2);
    time.tick();
    expect([frames, done]).to.deep.equal([[[1]], 1]);
  });

  it("finishes at once when nothing waits", () => {
    let done = 0;
    make().writer.finish(() => done++);
    expect(done).to.equal(1);
  });

  it("drops what waits when it ends", () => {
    const { writer, time, frames, wire } = make();
    wire.flows = false;
    writer.add(1);
    time.tick();
    writer.add(2);
    time.tick();
    writer.add(3);
    writer.end();
    time.tick();
    writer.drained();
    expect([frames, writer.bytes]).to.deep.equal([[[1]], 0]);
  });

  it("may be ended by its own writing", () => {
    const made = make({
      write: () => {
        made.writer.end();
        return true;
      },
    });
    made.writer.add(200 * KIB);
    made.writer.add(200 * KIB);
    made.writer.add(200 * KIB);
    made.time.tick();
    expect([made.writer.bytes, made.faults]).to.deep.equal([0, []]);
  });

  it("ends with a fault instead of throwing it out of a timer", () => {
    const { writer, time, faults } = make({
      encode: () => {
        throw new Error("not a value of this field");
      },
    });
    writer.add(1);
    time.tick();
    expect(faults.map(String)).to.deep.equal(["Error: not a value of this field"]);
    writer.add(2);
    time.tick();
    expect(faults).to.have.length(1);
  });
});
