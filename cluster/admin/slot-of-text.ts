/** The slot that an id leads to, whatever it is an id of. */
import { type MerchantId, parseId, slotOfId, slotOfMerchant } from "../../actors/domain/index.ts";

const CARRIES_SLOT = ["pay", "ref", "op", "evt"] as const;

/** `merchantSlot`: where a merchant was put, if not where its id says. Undefined: it is no id of these kinds. */
export function slotOfText(text: string, merchantSlot?: (id: MerchantId) => number | undefined): number | undefined {
  for (const prefix of CARRIES_SLOT) {
    const id = parseId(prefix, text);
    if (id !== undefined) return slotOfId(id);
  }
  const merchant = parseId("mer", text);
  return merchant === undefined ? undefined : (merchantSlot?.(merchant) ?? slotOfMerchant(merchant));
}
