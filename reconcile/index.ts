/** Reconcile will compare our ledger with the processors' and name every difference; it holds no code yet. */
export type Discrepancy = never;
