// A provider of OpenID Connect sign-in on a free port of loopback. Prints its issuer, then reads one JSON object per line:
// what the next ID tokens say besides (null leaves a claim out), and with `tamper` how their text is bent; answers `ok`.
import { createInterface } from "node:readline";
import { OAuth2Server } from "oauth2-mock-server";

const server = new OAuth2Server();
await server.issuer.keys.generate("RS256");
await server.start(0, "127.0.0.1");
server.issuer.url = `http://127.0.0.1:${server.address().port}`;

let says = {};
const merge = (payload) => {
  for (const [name, value] of Object.entries(says.claims ?? {})) {
    if (value === null) delete payload[name];
    else payload[name] = value;
  }
};
server.service.on("beforeTokenSigning", (token) => {
  // Only ID tokens are for a client.
  if (token.payload.aud) merge(token.payload);
});
server.service.on("beforeUserinfo", (answer) => Object.assign(answer.body, says.userinfo ?? {}));
server.service.on("beforeResponse", (answer) => {
  const [header, payload, signature] = (answer.body.id_token ?? "..").split(".");
  const encode = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const decoded = () => JSON.parse(Buffer.from(payload, "base64url").toString());
  if (says.tamper === "payload") answer.body.id_token = [header, encode({ ...decoded(), name: "Somebody else" }), signature].join(".");
  if (says.tamper === "none") answer.body.id_token = [encode({ alg: "none", typ: "JWT" }), payload, ""].join(".");
  if (says.tamper === "kid") {
    const known = JSON.parse(Buffer.from(header, "base64url").toString());
    answer.body.id_token = [encode({ ...known, kid: "another" }), payload, signature].join(".");
  }
  if (says.tamper === "missing") delete answer.body.id_token;
});

process.stdout.write(`${server.issuer.url}\n`);
for await (const line of createInterface({ input: process.stdin })) {
  says = JSON.parse(line);
  process.stdout.write("ok\n");
}
await server.stop();
