/** What an example of the documents is: a request and its answer, as data. */
import type { RouteName } from "./routes.ts";

/** What stands for `{…}`: a member `id` of the answer to the example of that name, or a text. */
export type PathValue = { readonly idOf: string } | { readonly key: string } | { readonly text: string };

export interface ApiExample {
  readonly name: string;
  readonly route: RouteName;
  readonly summary: string;
  readonly authorization: "bearer" | "basic" | "none";
  readonly path: PathValue | null;
  readonly query: Readonly<Record<string, string>>;
  readonly key: string | null;
  /** JSON, or the members of a form. Null: the request has no body. */
  readonly body: Readonly<Record<string, unknown>> | null;
  readonly answer: {
    readonly status: number;
    readonly body: unknown;
    /** Headers that the answer has beside those of every answer. */
    readonly headers: Readonly<Record<string, string>>;
  };
  /** JSON pointers to members whose values are the same in every run; the rest differs by ids and times. */
  readonly same: readonly string[];
}

type Given = Pick<ApiExample, "name" | "route" | "summary"> &
  Partial<Pick<ApiExample, "authorization" | "path" | "query" | "key" | "body" | "same">> & {
    readonly status: number;
    readonly answer: unknown;
    readonly headers?: Readonly<Record<string, string>>;
  };
export const example = ({ status, answer, headers = {}, ...given }: Given): ApiExample => ({
  authorization: "bearer",
  path: null,
  query: {},
  key: null,
  body: null,
  same: [],
  ...given,
  answer: { status, body: answer, headers },
});

/** Members that are the same whenever the example runs. */
export const PAYMENT_SAME = ["/status", "/amount", "/currency", "/amount_authorized", "/amount_captured", "/pending"];
export const PROBLEM_SAME = ["/code", "/type", "/title", "/status", "/retryable"];

/** The payment of the first example. */
export const CARD = { idOf: "card" } as const;
