/** The one way to the server: typed by its OpenAPI document, signed in, and with refusals as {@link Problem}s. */
import createClient from 'openapi-fetch';
import { Problem } from './problem';
import type { paths } from './schema';
import { session } from './session';

async function send(request: Request): Promise<Response> {
  // A body can be sent once; this copy is for the second try.
  const again = request.clone();
  const token = await session.token();
  if (token) request.headers.set('authorization', `Bearer ${token}`);
  const answer = await fetch(request).catch((error) => {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw Problem.unreachable();
  });
  if (answer.status !== 401 || !token) return answer;
  const renewed = await session.renew(token);
  if (!renewed) return answer;
  again.headers.set('authorization', `Bearer ${renewed}`);
  return fetch(again).catch(() => {
    throw Problem.unreachable();
  });
}

export const api = createClient<paths>({ baseUrl: window.location.origin, fetch: send });

/** What the call answered; throws a {@link Problem} when it was refused. */
export async function ask<T>(call: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<T> {
  const { data, error, response } = await call;
  if (response.ok) return data as T;
  throw Problem.from(error, response);
}

/** A request as it is, for what has no JSON: files. */
export async function raw(path: string, init: RequestInit = {}): Promise<Response> {
  const answer = await send(new Request(new URL(path, window.location.origin), init));
  if (!answer.ok) throw await Problem.of(answer);
  return answer;
}

/** The header that keeps a change from overwriting what somebody else changed meanwhile. */
export const ifMatch = (version: number) => ({ 'If-Match': `"${version}"` });
