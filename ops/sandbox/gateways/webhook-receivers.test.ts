import { expect } from "chai";
import { WebhookReceivers } from "./webhook-receivers.ts";
import type { Posted } from "./webhook-sender.ts";

const NOTIFICATION = { headers: {}, body: "{}" };
const STATUS = { answered: 200, cut: 0, silent: 0 } as const;

/** Receivers of the addresses "0", "1", …; `ends`: what each does now. */
function receiversOf(ends: Posted["end"][]): { receivers: WebhookReceivers; asked: string[] } {
  const asked: string[] = [];
  const post = async (url: string): Promise<Posted> => {
    asked.push(url);
    const end = ends[Number(url)] as Posted["end"];
    return { end, receipt: { status: STATUS[end], body: url, tookMs: 0 } };
  };
  const urls = ends.map((_, index) => String(index));
  return { receivers: new WebhookReceivers(urls, { post }), asked };
}

describe("the receivers of webhooks", () => {
  const cases: readonly (readonly [ends: readonly Posted["end"][], first: string, second: string, body: string])[] = [
    [["answered"], "0", "0", "0"],
    [["cut"], "0", "0", "0"],
    [["answered", "answered"], "0", "0", "0"],
    [["cut", "answered", "answered"], "01", "1", "1"],
    [["cut", "cut", "answered"], "012", "2", "2"],
    [["cut", "cut", "cut"], "012", "012", "2"],
    [["silent", "answered"], "0", "1", "0"], // it may have taken it: the next one is not asked at once
    [["cut", "silent", "answered"], "01", "2", "1"],
  ];
  for (const [ends, first, second, body] of cases)
    it(`that are ${ends.join(", ")} are asked ${first}, then ${second}`, async () => {
      const { receivers, asked } = receiversOf([...ends]);
      const receipt = await receivers.post(NOTIFICATION);
      expect(receipt).to.deep.equal({ status: STATUS[ends[Number(body)] as Posted["end"]], body, tookMs: 0 });
      expect(asked.splice(0).join("")).to.equal(first);
      await receivers.post(NOTIFICATION);
      expect(asked.join("")).to.equal(second);
    });

  it("begin with the one that worked last, and come round to those that were cut", async () => {
    const ends: Posted["end"][] = ["cut", "cut", "answered"];
    const { receivers, asked } = receiversOf(ends);
    await receivers.post(NOTIFICATION);
    ends.splice(0, 3, "answered", "answered", "cut");
    asked.length = 0;
    for (let n = 0; n < 2; n++) await receivers.post(NOTIFICATION);
    expect(asked.join("")).to.equal("200");
  });
});
