/** What went wrong with a request, as the server says it (RFC 9457), or that it could not be reached. */
export interface ProblemBody {
  type: string;
  title?: string;
  status: number;
  detail: string;
  errors?: { pointer: string; message: string }[];
  request_id?: string;
  /** With `second_factor_required`: what the second half of the sign-in answers to. */
  challenge?: string;
}

export class Problem extends Error {
  /** The HTTP status; 0 when no server answered. */
  readonly status: number;
  /** The stable name of what is wrong, without its path: `invalid_fields`. */
  readonly type: string;
  readonly errors: { pointer: string; message: string }[];
  readonly requestId?: string;
  readonly challenge?: string;
  /** Milliseconds after which it makes sense to try again, where the server said so. */
  readonly retryAfter?: number;

  constructor(body: ProblemBody, retryAfter?: number) {
    super(body.detail);
    this.name = 'Problem';
    this.status = body.status;
    this.type = body.type.replace(/^\/problems\//, '');
    this.errors = body.errors ?? [];
    this.requestId = body.request_id;
    this.challenge = body.challenge;
    this.retryAfter = retryAfter;
  }

  /** Whether nobody answered: no network, or the server is away. */
  get unreachable() {
    return this.status === 0;
  }

  /** Whether the same request may succeed later, so that it is worth keeping. */
  get passing() {
    return this.unreachable || this.status === 429 || this.status >= 500;
  }

  /** The messages for the fields of a form, by the name of the field. */
  byField(): Record<string, string> {
    return Object.fromEntries(
      this.errors.map(({ pointer, message }) => [pointer.slice(1).replaceAll('/', '.'), message]),
    );
  }

  static unreachable() {
    return new Problem({
      type: 'unreachable',
      status: 0,
      detail: 'The server cannot be reached. Check your connection.',
    });
  }

  /** What a refusal says; a proxy in between may have answered with something else than JSON of ours. */
  static from(body: unknown, { headers, status, statusText }: Response): Problem {
    const wait = Number(headers.get('retry-after')) * 1000 || undefined;
    if (body && typeof body === 'object' && 'detail' in body) return new Problem(body as ProblemBody, wait);
    const detail = `The server answered ${status} ${statusText}. Try again in a moment.`;
    return new Problem({ type: 'unknown', status, detail }, wait);
  }

  /** Reads what a refusal says. */
  static async of(response: Response): Promise<Problem> {
    return Problem.from(await response.json().catch(() => undefined), response);
  }
}
