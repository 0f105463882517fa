/** JSON values as YAML 1.2 in block style. Texts that YAML could take for something else are quoted as in JSON. */

/** A word that needs no quotes: it is no number, no time, and nothing that any version of YAML gives a meaning. */
const isPlain = (text: string): boolean =>
  /^[A-Za-z][\w./-]*(?: [\w./-]+)*$/.test(text) && !/^(?:y|n|yes|no|on|off|true|false|null|nan|inf)$/i.test(text);

const scalar = (value: unknown): string =>
  typeof value === "string" && isPlain(value) ? value : JSON.stringify(value ?? null);

/** Without a line feed at the end. */
export function yamlText(value: unknown): string {
  return block(value, "").join("\n");
}

function block(value: unknown, indent: string): readonly string[] {
  if (Array.isArray(value) && value.length > 0)
    return value.flatMap((item: unknown) => {
      const [first = "", ...rest] = block(item, `${indent}  `);
      return [`${indent}- ${first.trimStart()}`, ...rest];
    });
  if (isFilledObject(value))
    return Object.entries(value).flatMap(([key, member]) => {
      const name = `${indent}${scalar(key)}:`;
      const isNested = (Array.isArray(member) && member.length > 0) || isFilledObject(member);
      return isNested ? [name, ...block(member, `${indent}  `)] : [`${name} ${scalar(member)}`];
    });
  return [`${indent}${scalar(value)}`];
}

const isFilledObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value) && Object.keys(value).length > 0;
