/** `GET /v1/meta/state-machine`: the tables that decide, shown as they are. */
import {
  FACT_KINDS,
  NEXT_OPERATION_STATES,
  NEXT_STATUS,
  OPERATION_KINDS,
  OPERATION_STATES,
  PAYMENT_STATUSES,
} from "../actors/domain/index.ts";

/** JSON with every legal change `{from, by, to}` of a payment and of an operation. */
export function stateMachineJson(): string {
  const changes = PAYMENT_STATUSES.flatMap((from) =>
    FACT_KINDS.flatMap((by) => {
      const to = NEXT_STATUS[from][by];
      return to === undefined ? [] : [{ from, by, to }];
    }),
  );
  return JSON.stringify({
    object: "state_machine",
    payment: {
      statuses: PAYMENT_STATUSES,
      facts: FACT_KINDS,
      transitions: changes,
    },
    operation: {
      kinds: OPERATION_KINDS,
      states: OPERATION_STATES,
      transitions: OPERATION_STATES.flatMap((from) => NEXT_OPERATION_STATES[from].map((to) => ({ from, to }))),
    },
  });
}
