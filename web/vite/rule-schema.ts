import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'vite';

const NAME = 'virtual:rule-schema';
const DOCUMENT = fileURLToPath(new URL('../../docs/openapi.json', import.meta.url));

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** The schemas that a rule is made of, out of the interface's document, so that the code editor knows every key. */
export function ruleSchema(): Plugin {
  return {
    name: 'rule-schema',
    resolveId: (id) => (id === NAME ? `\0${NAME}` : undefined),
    load(id) {
      if (id !== `\0${NAME}`) return undefined;
      const { schemas } = JSON.parse(readFileSync(DOCUMENT, 'utf8')).components as { schemas: Record<string, Json> };
      const found: Record<string, Json> = {};
      const take = (name: string) => {
        if (found[name] || !schemas[name]) return;
        found[name] = schemas[name];
        for (const [, next] of JSON.stringify(schemas[name]).matchAll(/#\/components\/schemas\/(\w+)/g)) take(next!);
      };
      take('Rule');
      return `export default ${JSON.stringify(found)}`;
    },
  };
}
