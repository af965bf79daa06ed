/**
 * Who is signed in on this device. The refresh token outlives the page in `localStorage`; the access token, good for
 * 15 minutes, is kept there beside it so that a reload need not ask for another. A refresh token is good once, so the
 * tabs of one browser take turns with it under a lock.
 */
import { Problem } from './problem';
import type { SignedIn } from './schema';

interface Session {
  access: string;
  refresh: string;
  /** When the access token ends, in milliseconds since 1970. */
  ends: number;
}

const KEY = 'trackside.session';
const listeners = new Set<() => void>();

function read(): Session | undefined {
  try {
    return JSON.parse(localStorage.getItem(KEY) ?? 'null') ?? undefined;
  } catch {
    return undefined;
  }
}

function tell() {
  for (const listener of listeners) listener();
}

window.addEventListener('storage', (event) => {
  if (event.key === KEY) tell();
});

export const session = {
  /** Whether somebody is signed in; they may turn out not to be with the next request. */
  get here() {
    return read() !== undefined;
  },

  begin(answer: SignedIn) {
    const { access_token: access, refresh_token: refresh, expires_in } = answer;
    localStorage.setItem(KEY, JSON.stringify({ access, refresh, ends: Date.now() + expires_in * 1000 }));
    tell();
  },

  /** Whether the person signed out, rather than that their session came to an end. */
  leftByChoice: false,

  end(byChoice = false) {
    this.leftByChoice = byChoice;
    localStorage.removeItem(KEY);
    tell();
  },

  /** The id of this session among the person's others, as the access token says it. */
  get id(): string | undefined {
    const claims = read()?.access.split('.')[1];
    if (!claims) return undefined;
    try {
      return JSON.parse(atob(claims.replaceAll('-', '+').replaceAll('_', '/'))).sid;
    } catch {
      return undefined;
    }
  },

  get refreshToken() {
    return read()?.refresh;
  },

  /** Calls back whenever somebody signs in or out, also in another tab. */
  onChange(listener: () => void) {
    listeners.add(listener);
    return () => void listeners.delete(listener);
  },

  /** An access token that is good for another half minute, or undefined when nobody is signed in. */
  async token(): Promise<string | undefined> {
    const now = read();
    if (!now) return undefined;
    if (now.ends - Date.now() > 30_000) return now.access;
    return this.renew(now.access);
  },

  /** Trades the refresh token in, unless another tab has just done so. `stale` is the access token that is of no use. */
  async renew(stale: string): Promise<string | undefined> {
    return navigator.locks.request(KEY, async () => {
      const now = read();
      if (!now) return undefined;
      if (now.access !== stale) return now.access;
      const answer = await fetch('/api/v1/auth/refresh', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ refresh_token: now.refresh }),
      }).catch(() => {
        throw Problem.unreachable();
      });
      if (answer.ok) {
        this.begin((await answer.json()) as SignedIn);
        return read()?.access;
      }
      const problem = await Problem.of(answer);
      // Only a clear no ends the session; a server that is away or busy does not.
      if (problem.passing) throw problem;
      this.end();
      return undefined;
    });
  },
};
