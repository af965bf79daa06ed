// Prints GitHub's example payloads, each signed by GitHub's own library: one JSON object per line with `event` (the
// X-GitHub-Event header), `body` (the bytes that are signed, as text) and `signature` (X-Hub-Signature-256).
// The hook's secret comes in the variable SECRET.
import { createRequire } from "node:module";
import { Webhooks } from "@octokit/webhooks";

const definitions = createRequire(import.meta.url)("@octokit/webhooks-examples");
const webhooks = new Webhooks({ secret: process.env.SECRET });

for (const { name, examples } of definitions) {
  for (const payload of examples) {
    const body = JSON.stringify(payload);
    const signature = await webhooks.sign(body);
    if (!(await webhooks.verify(body, signature))) throw new Error(`${name}: the library refuses its own signature`);
    process.stdout.write(JSON.stringify({ event: name, body, signature }) + "\n");
  }
}
