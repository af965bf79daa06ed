/**
 * Writes `src/api/schema.d.ts`, the types of the interface, from its document. Every operation describes the same dozen
 * refusals, all of one shape, which `Problem` has; left out, the compiler has a third of the work.
 */
import { readFile, writeFile } from 'node:fs/promises';
import openapiTS, { astToString } from 'openapi-typescript';

const document = JSON.parse(await readFile('../docs/openapi.json', 'utf8'));
for (const path of Object.values(document.paths)) {
  for (const operation of Object.values(path)) {
    if (!operation.responses) continue;
    operation.responses = Object.fromEntries(
      Object.entries(operation.responses).filter(([status]) => status.startsWith('2') || status === 'default'),
    );
  }
}
const types = await openapiTS(document, {
  emptyObjectsUnknown: true,
  rootTypes: true,
  rootTypesNoSchemaPrefix: true,
  defaultNonNullable: false,
});
await writeFile('src/api/schema.d.ts', astToString(types));
