/** Reading JSON schemas as the server gives them: of events, of what actions take and answer, and of rules themselves. */

export interface Schema {
  type?: string | string[];
  description?: string;
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema | boolean;
  additionalProperties?: Schema | boolean;
  anyOf?: Schema[];
  oneOf?: Schema[];
  allOf?: Schema[];
  const?: unknown;
  enum?: unknown[];
  format?: string;
  pattern?: string;
  default?: unknown;
  minimum?: number;
  maximum?: number;
  $ref?: string;
  $defs?: Record<string, Schema>;
  'x-usual'?: string[];
}

/** Finds what a `$ref` of one document means. */
export type Defs = Record<string, Schema>;

/** The schema itself: references followed, "or null" left out, with the description that stands nearest. */
export function resolved(schema: Schema | boolean | undefined, defs: Defs): Schema {
  if (typeof schema !== 'object') return {};
  let here = schema;
  for (let turn = 0; turn < 8; turn++) {
    const next = inner(here, defs);
    if (!next) break;
    here = { ...next, description: here.description ?? next.description, default: here.default ?? next.default };
  }
  return here;
}

function inner(schema: Schema, defs: Defs): Schema | undefined {
  if (schema.$ref) return defs[schema.$ref.split('/').at(-1)!];
  if (schema.allOf?.length === 1) return schema.allOf[0];
  const some = schema.anyOf?.filter((one) => one.type !== 'null');
  if (some?.length === 1) return some[0];
  return undefined;
}

/** The types that a value may have, without null. */
export function typesOf(schema: Schema): string[] {
  const { type } = schema;
  if (type) return (Array.isArray(type) ? type : [type]).filter((one) => one !== 'null');
  if (schema.properties) return ['object'];
  const some = schema.oneOf ?? schema.anyOf ?? [];
  return [...new Set(some.flatMap((one) => typesOf(one)))];
}

export interface Choice {
  value: string;
  description?: string;
}

/** The values among which one chooses; undefined where anything of the type will do. */
export function choicesOf(schema: Schema): Choice[] | undefined {
  if (schema.enum) return schema.enum.map((value) => ({ value: String(value) }));
  const some = schema.oneOf ?? schema.anyOf;
  if (!some?.length || !some.every((one) => one.const !== undefined || one.enum)) return undefined;
  return some.flatMap((one) =>
    one.enum
      ? one.enum.map((value) => ({ value: String(value), description: one.description }))
      : [{ value: String(one.const), description: one.description }],
  );
}
