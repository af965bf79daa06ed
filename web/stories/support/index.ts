/** What every story begins with: a server, people in it, and a page where somebody is signed in. */
import { type Browser, type BrowserContext, test as base, expect, type Page } from '@playwright/test';
import { type Running, start } from './server';

export type { Page };
export { expect };

export const PASSWORD = 'correct horse battery';

/** Calls the interface as one person; throws what it refused. */
export class Person {
  constructor(
    readonly server: Running,
    readonly email: string,
    public signedIn: { access_token: string; refresh_token: string; expires_in: number; user: { id: string } },
  ) {}

  async call<T = Record<string, never>>(method: string, path: string, body?: unknown): Promise<T> {
    const answer = await fetch(`${this.server.url}/api/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${this.signedIn.access_token}`, 'content-type': 'application/json' },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return (text ? JSON.parse(text) : undefined) as T;
  }

  get = <T = Record<string, never>>(path: string) => this.call<T>('GET', path);
  post = <T = Record<string, never>>(path: string, body: unknown = {}) => this.call<T>('POST', path, body);
  patch = <T = Record<string, never>>(path: string, body: unknown) => this.call<T>('PATCH', path, body);
  put = <T = Record<string, never>>(path: string, body: unknown) => this.call<T>('PUT', path, body);

  /** Opens a page where this person is signed in; `at` says where. */
  async open(browser: Browser, at = '/', options: Parameters<Browser['newContext']>[0] = {}): Promise<Page> {
    const context = await browser.newContext({ baseURL: this.server.url, ...options });
    await signIn(context, this);
    const page = await context.newPage();
    await page.goto(at);
    return page;
  }
}

async function signIn(context: BrowserContext, person: Person) {
  // Each page has a session of its own, since a refresh token is good once.
  const answer = await fetch(`${person.server.url}/api/v1/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email: person.email, password: PASSWORD }),
  });
  const { access_token: access, refresh_token: refresh, expires_in } = await answer.json();
  const session = JSON.stringify({ access, refresh, ends: Date.now() + expires_in * 1000 });
  await context.addInitScript((text) => {
    if (!sessionStorage.getItem('story')) localStorage.setItem('trackside.session', text);
    sessionStorage.setItem('story', 'begun');
  }, session);
}

/** The first person of a new workspace, its administrator. */
export async function setUp(server: Running): Promise<Person> {
  const body = { workspace: 'Acme', name: 'Ada Lovelace', email: 'ada@acme.example', password: PASSWORD };
  const answer = await fetch(`${server.url}/api/v1/setup`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(await answer.text());
  return new Person(server, body.email, await answer.json());
}

/** Somebody else in the workspace. */
export async function join(admin: Person, name: string, role = 'team_member'): Promise<Person> {
  const email = `${name.toLowerCase().split(' ')[0]}@acme.example`;
  const { token } = await admin.post<{ token: string }>('/invitations', { email, role });
  const answer = await fetch(`${admin.server.url}/api/v1/invitations/accept`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ token, name, password: PASSWORD }),
  });
  if (!answer.ok) throw new Error(await answer.text());
  return new Person(admin.server, email, await answer.json());
}

/** `server` is new for each file of stories that says `test.use({ file: 'its name' })`; `ada` has set it up. */
export const test = base.extend<{ baseURL: string }, { file: string; server: Running; ada: Person }>({
  file: ['', { scope: 'worker', option: true }],
  server: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads what a fixture needs from this pattern.
    async ({}, use) => {
      const server = await start();
      await use(server);
      await server.end();
    },
    { scope: 'worker' },
  ],
  ada: [async ({ server }, use) => use(await setUp(server)), { scope: 'worker' }],
  baseURL: async ({ server }, use) => use(server.url),
});
