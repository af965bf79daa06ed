// Renders /api/openapi.json. Text only ever becomes text nodes, so nothing in the document can run.
const METHODS = ["get", "post", "put", "patch", "delete"];
let doc;

function make(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) element.setAttribute(name, value);
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

const resolve = (value) =>
  value?.$ref ? value.$ref.slice(2).split("/").reduce((at, key) => at?.[key.replace("~1", "/").replace("~0", "~")], doc) : value;

function typeOf(schema) {
  if (!schema) return "any";
  if (schema === true) return "any";
  if (schema.$ref) return schema.$ref.split("/").pop();
  if (schema.enum) return schema.enum.map((word) => JSON.stringify(word)).join(" | ");
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices) return choices.map(typeOf).join(" | ");
  if (schema.type === "array" || schema.type?.includes?.("array")) return `${typeOf(schema.items)}[]`;
  return [schema.type].flat().filter(Boolean).join(" | ") || "any";
}

function fields(schema) {
  const known = resolve(schema);
  const all = Object.entries(known?.properties ?? {});
  if (!all.length) return make("p", {}, make("code", {}, typeOf(schema)));
  const rows = all.map(([name, field]) =>
    make("tr", {},
      make("td", {}, make("code", {}, name), known.required?.includes(name) ? " *" : ""),
      make("td", {}, make("code", {}, typeOf(field))),
      make("td", {}, field.description ?? resolve(field)?.description ?? "")));
  return make("table", {}, ...rows);
}

function parameters(operation) {
  const rows = (operation.parameters ?? []).map(resolve).map((parameter) =>
    make("tr", {},
      make("td", {}, make("code", {}, parameter.name), parameter.required ? " *" : ""),
      make("td", {}, parameter.in),
      make("td", {}, make("code", {}, typeOf(parameter.schema))),
      make("td", {}, parameter.description ?? "")));
  return rows.length ? [make("h4", {}, "Parameters"), make("table", {}, ...rows)] : [];
}

function body(operation) {
  const [kind, media] = Object.entries(operation.requestBody?.content ?? {})[0] ?? [];
  if (!media) return [];
  const example = media.example === undefined ? null : make("pre", {}, make("code", {}, JSON.stringify(media.example, null, 2)));
  return [make("h4", {}, `Body (${kind})`), fields(media.schema), example];
}

function answers(operation) {
  const parts = [make("h4", {}, "Answers")];
  const errors = [];
  for (const [status, response] of Object.entries(operation.responses ?? {})) {
    const known = resolve(response);
    if (status === "default" || Number(status) >= 400) {
      errors.push(status === "default" ? "any other" : `${status} ${known.description}`);
      continue;
    }
    const media = Object.values(known.content ?? {})[0];
    parts.push(make("p", {}, make("b", {}, status), ` ${known.description ?? ""} `, media?.schema ? make("code", {}, typeOf(media.schema)) : null));
    if (media?.schema) parts.push(fields(media.schema));
  }
  if (errors.length) parts.push(make("p", {}, `Problems: ${errors.join(", ")}`));
  return parts;
}

function operation(path, method, item) {
  const open = item.security?.some((requirement) => !Object.keys(requirement).length);
  const details = make("details", { id: item.operationId },
    make("summary", {}, make("span", { class: `method ${method}` }, method.toUpperCase()), " ", make("code", {}, path), " ", item.summary ?? "", open ? make("small", {}, " (no token)") : null));
  details.dataset.words = `${method} ${path} ${item.summary} ${item.tags ?? ""}`.toLowerCase();
  details.addEventListener("toggle", () => {
    if (details.open && details.childElementCount === 1) {
      details.append(...parameters(item), ...body(item).filter(Boolean), ...answers(item));
    }
  });
  return details;
}

async function show() {
  const answer = await fetch("/api/openapi.json");
  if (!answer.ok) throw new Error(`${answer.status}`);
  doc = await answer.json();
  document.getElementById("about").append(...(doc.info.description ?? "").split("\n\n").map((text) => make("p", { class: "about" }, text)));
  const sections = new Map((doc.tags ?? []).map((tag) => [tag.name, make("section", {}, make("h2", {}, tag.name), make("p", {}, tag.description ?? ""))]));
  for (const [path, item] of Object.entries(doc.paths)) {
    for (const method of METHODS.filter((method) => item[method])) {
      const tag = item[method].tags?.[0] ?? "probes";
      if (!sections.has(tag)) sections.set(tag, make("section", {}, make("h2", {}, tag)));
      sections.get(tag).append(operation(path, method, item[method]));
    }
  }
  document.getElementById("operations").replaceChildren(...sections.values());
  document.getElementById(location.hash.slice(1))?.setAttribute("open", "");
}

document.getElementById("find").addEventListener("input", (event) => {
  const words = event.target.value.toLowerCase().split(/\s+/).filter(Boolean);
  for (const details of document.querySelectorAll("details")) {
    details.hidden = !words.every((word) => details.dataset.words.includes(word));
  }
});

show().catch((error) => {
  document.getElementById("operations").textContent = `The document cannot be read: ${error.message}`;
});
