// What somebody writes against the interface with a client that was generated from its document. That it compiles says
// that the document means what it says; that it runs says that the server does.
import createClient from "openapi-fetch";
import type { components, paths } from "./generated/schema.js";

type Task = components["schemas"]["Task"];

declare const process: { env: Record<string, string | undefined>; exitCode?: number };

const client = createClient<paths>({
  baseUrl: process.env["TRACKSIDE_URL"] ?? "",
  headers: { authorization: `Bearer ${process.env["TRACKSIDE_TOKEN"] ?? ""}` },
});

function check(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Error(what);
}

const project = await client.POST("/api/v1/projects", { body: { key: "CLI", name: "Client" } });
check(project.data?.key === "CLI", `a project is made: ${JSON.stringify(project.error)}`);

const made = await client.POST("/api/v1/projects/{id}/tasks", {
  params: { path: { id: "CLI" }, header: { "Idempotency-Key": "one" } },
  body: { title: "Card payments fail", type: "bug", priority: "high", labels: ["billing"] },
});
const task: Task | undefined = made.data;
check(task !== undefined && task.key === "CLI-1" && task.version === 1, `a task is made: ${JSON.stringify(made.error)}`);

// Sent twice under one key, it is made once.
const again = await client.POST("/api/v1/projects/{id}/tasks", {
  params: { path: { id: "CLI" }, header: { "Idempotency-Key": "one" } },
  body: { title: "Card payments fail", type: "bug", priority: "high", labels: ["billing"] },
});
check(again.data?.id === task.id, "the same key gives the same task");

const changed = await client.PATCH("/api/v1/tasks/{id}", {
  params: { path: { id: task.key }, header: { "If-Match": '"1"' } },
  body: { status: "in_progress", due_at: null },
});
check(changed.data?.status === "in_progress" && changed.data.version === 2, "a task is changed");

const stale = await client.PATCH("/api/v1/tasks/{id}", {
  params: { path: { id: task.key }, header: { "If-Match": '"1"' } },
  body: { title: "Too late" },
});
check(stale.response.status === 412 && stale.error?.type === "/problems/stale", "a stale change is refused");

const wrong = await client.POST("/api/v1/projects/{id}/tasks", { params: { path: { id: "CLI" } }, body: { title: "" } });
check(wrong.response.status === 422 && wrong.error?.errors?.[0]?.pointer === "/title", "a wrong field is named");

const listed = await client.GET("/api/v1/tasks", { params: { query: { project: "CLI", sort: "-priority" } } });
check(listed.data?.items.length === 1 && listed.data.items[0]?.key === "CLI-1", "tasks are listed");

const missing = await client.GET("/api/v1/tasks/{id}", { params: { path: { id: "CLI-9" } } });
check(missing.response.status === 404 && missing.data === undefined, "what is not there is not found");

const events = await client.GET("/api/v1/events", { params: { query: { after: "0", wait: 5 } } });
check(events.data?.items[0]?.kind === "project.created", "the log tells what happened");

console.log("the story went well");
