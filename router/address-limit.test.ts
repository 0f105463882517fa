import { expect } from "chai";
import { AddressLimit } from "./address-limit.ts";

const v4 = (...bytes: number[]): ArrayBuffer => Uint8Array.from(bytes).buffer;
const v6 = (...groups: number[]): ArrayBuffer =>
  Uint8Array.from(groups.flatMap((group) => [group >> 8, group & 255])).buffer;
const ONE = v4(10, 0, 0, 1);

/** How many of `count` requests pass. */
const passed = (limit: AddressLimit, address: ArrayBuffer, nowMs: number, count: number): number =>
  Array.from({ length: count }, () => limit.take(address, nowMs, 1)).filter(Boolean).length;

describe("address limit", () => {
  it("lets the number of a second pass at once, and then as many as time brings", () => {
    const limit = new AddressLimit(100);
    expect(passed(limit, ONE, 0, 500)).to.equal(100);
    expect(passed(limit, ONE, 250, 500)).to.equal(25);
    expect(passed(limit, ONE, 10_000, 500)).to.equal(100);
  });
  it("keeps addresses apart", () => {
    const limit = new AddressLimit(10);
    expect(passed(limit, ONE, 0, 50)).to.equal(10);
    expect(passed(limit, v4(10, 0, 0, 2), 0, 50)).to.equal(10);
  });
  it("takes a network of IPv6 for one, and IPv4 written as IPv6 for what it is", () => {
    const limit = new AddressLimit(10);
    expect(passed(limit, v6(0x2001, 0xdb8, 1, 2, 3, 4, 5, 6), 0, 50)).to.equal(10);
    expect(passed(limit, v6(0x2001, 0xdb8, 1, 2, 7, 7, 7, 7), 0, 50)).to.equal(0);
    expect(passed(limit, v6(0x2001, 0xdb8, 1, 3, 3, 4, 5, 6), 0, 50)).to.equal(10);
    expect(passed(limit, ONE, 0, 50)).to.equal(10);
    expect(passed(limit, v6(0, 0, 0, 0, 0, 0xffff, 0x0a00, 1), 0, 50)).to.equal(0);
    expect(passed(limit, v6(0, 0, 0, 0, 0, 0xffff, 0x0a00, 2), 0, 50)).to.equal(10);
  });
  it("lets a heavy request cost what it weighs", () => {
    const limit = new AddressLimit(100);
    expect(limit.take(ONE, 0, 50)).to.equal(true);
    expect(passed(limit, ONE, 0, 500)).to.equal(50);
  });
  it("charges nothing for a request that it refused", () => {
    const limit = new AddressLimit(10);
    passed(limit, ONE, 0, 1_000_000);
    expect(passed(limit, ONE, 1_000, 50)).to.equal(10);
  });
  it("forgets the idle before the busy, and never knows more than it may", () => {
    const limit = new AddressLimit(10, 4);
    passed(limit, ONE, 0, 5);
    for (let i = 0; i < 3; i++) limit.take(v4(1, 1, 1, i), 0, 10);
    limit.take(v4(2, 2, 2, 2), 600, 1);
    expect(limit.size).to.equal(4);
    expect(passed(limit, v4(1, 1, 1, 0), 600, 50), "still remembered").to.equal(6);
    for (let i = 0; i < 100; i++) limit.take(v4(3, 3, 3, i), 600, 10);
    expect(limit.size).to.equal(4);
  });
});
