import { expect } from "chai";
import fc from "fast-check";
import { OpenTickets } from "./open-tickets.ts";

describe("open tickets", () => {
  it("take no ticket twice and no more than they may", () => {
    const tickets = new OpenTickets(2);
    expect(tickets.open(1)).to.equal(true);
    expect(tickets.open(1)).to.equal(false);
    tickets.sent(1, 10);
    expect(tickets.open(1), "it is still open when it is sent").to.equal(false);
    expect(tickets.open(2)).to.equal(true);
    expect(tickets.open(3)).to.equal(false);
    tickets.answered(1);
    expect(tickets.open(3)).to.equal(true);
  });

  it("know an answer to what was never sent", () => {
    const tickets = new OpenTickets(2);
    tickets.open(1);
    expect([tickets.answered(1), tickets.answered(2)]).to.deep.equal([false, false]);
    tickets.sent(1, 10);
    expect([tickets.answered(1), tickets.answered(1)]).to.deep.equal([true, false]);
  });

  it("give up those whose deadline is past, and no other", () => {
    const tickets = new OpenTickets(9);
    for (const [ticket, deadlineAtMs] of [
      [1, 10],
      [2, 20],
      [3, 30],
    ] as const) {
      tickets.open(ticket);
      tickets.sent(ticket, deadlineAtMs);
    }
    expect(tickets.takeOverdue(10)).to.deep.equal([]);
    expect(tickets.takeOverdue(21)).to.deep.equal([1, 2]);
    expect(tickets.takeAll()).to.deep.equal({ unknown: [3], unsent: [] });
  });

  it("end each ticket once, whatever happens in whatever order", () => {
    const step = fc.tuple(fc.constantFrom("open", "sent", "answered", "overdue", "break"), fc.nat(5));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const tickets = new OpenTickets(4);
        const state = new Map<number, "waiting" | "sent">();
        const end = (ticket: number, from: "waiting" | "sent"): void => {
          expect(state.get(ticket)).to.equal(from);
          state.delete(ticket);
        };
        for (const [what, ticket] of steps) {
          if (what === "open") {
            const isNew = !state.has(ticket) && state.size < 4;
            expect(tickets.open(ticket)).to.equal(isNew);
            if (isNew) state.set(ticket, "waiting");
          } else if (what === "sent" && state.get(ticket) === "waiting") {
            tickets.sent(ticket, ticket);
            state.set(ticket, "sent");
          } else if (what === "answered") {
            if (tickets.answered(ticket)) end(ticket, "sent");
            else expect(state.get(ticket)).to.not.equal("sent");
          } else if (what === "overdue") for (const one of tickets.takeOverdue(ticket)) end(one, "sent");
          else if (what === "break") {
            const { unknown, unsent } = tickets.takeAll();
            for (const one of unknown) end(one, "sent");
            for (const one of unsent) end(one, "waiting");
            expect(state.size).to.equal(0);
          }
          expect(tickets.size).to.equal(state.size);
        }
      }),
    );
  });
});
