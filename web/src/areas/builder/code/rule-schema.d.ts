/** The schemas that a rule is made of, by their names, out of docs/openapi.json (vite/rule-schema.ts). */
declare module 'virtual:rule-schema' {
  const schemas: Record<string, unknown>;
  export default schemas;
}
