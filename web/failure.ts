/** The one place that turns whatever was thrown into problem details: never a stack, never SQL. */
import type { Context } from 'hono';
import { HTTPException } from 'hono/http-exception';
import { Problem, problems, renderProblem } from '../sql/problem.ts';
import { QuestdbError } from '../sql/questdb.ts';

/** Answers with `application/problem+json`. */
export function renderFailure(c: Context, problem: Problem): Response {
  const { status } = problems[problem.code];
  const { retryAfterS } = problem.more;
  if (retryAfterS !== undefined) c.header('retry-after', String(retryAfterS));
  c.header('cache-control', 'no-store');
  return c.body(JSON.stringify(renderProblem(problem, c.get('traceId') ?? '')), status, {
    'content-type': 'application/problem+json',
  });
}

const RETRY_STORE_S = 5;

/** The Problem that an error amounts to. What is not understood is `internal`. */
export function problemOf(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof HTTPException) return problemOfHttp(error);
  for (let e = error; e instanceof Error; e = e.cause) {
    if (e instanceof Problem) return e;
    if (e instanceof QuestdbError) return problemOfQuestdb(e);
    const known = problemOfPostgres(e);
    if (known) return known;
    if (e.name === 'TimeoutError') {
      return new Problem('timed-out', 'The answer took too long.', { cause: error });
    }
  }
  return new Problem(
    'internal',
    'Something failed on our side. The trace id finds it in the log.',
    {
      cause: error,
    },
  );
}

function problemOfHttp(error: HTTPException): Problem {
  if (error.status === 413) return new Problem('too-large', 'The body is too large.');
  if (error.status === 404) return new Problem('not-found', 'There is no such address.');
  return new Problem('invalid-request', error.message || 'The request is not valid.');
}

function problemOfQuestdb(error: QuestdbError): Problem {
  const cause = { cause: error };
  if (error.kind === 'suspended') {
    const detail = 'QuestDB has suspended a table; its samples are hidden until it is resumed.';
    return new Problem('data-suspended', detail, cause);
  }
  if (error.kind === 'refused' && (error.status ?? 500) < 500) {
    return new Problem('internal', 'A question to QuestDB was refused.', cause);
  }
  return new Problem('store-unavailable', 'QuestDB does not answer. Try again in a moment.', {
    ...cause,
    retryAfterS: RETRY_STORE_S,
  });
}

/** What failed statements mean to a caller when the room's own code did not say it better. */
const refusals: Record<string, Problem> = {
  23505: new Problem('conflict', 'There is one like it already.'),
  '23P01': new Problem('overlap', 'The range overlaps another.'),
  // A reference to a thing that is not there, or is another project's: both look alike.
  23503: new Problem('not-found', 'There is no such thing.'),
  23514: new Problem('invalid-request', 'A value is outside what can be.'),
  23502: new Problem('invalid-request', 'A value is missing.'),
  23001: new Problem('conflict', 'History is added to, never altered.'),
  22003: new Problem('invalid-request', 'A number is too large.'),
  22008: new Problem('invalid-request', 'An instant or a day is outside what can be kept.'),
  22021: new Problem('invalid-request', 'A text holds characters that cannot be kept.'),
  '22P05': new Problem('invalid-request', 'A text holds characters that cannot be kept.'),
  '22P02': new Problem('invalid-request', 'A value has the wrong form.'),
  57014: new Problem('timed-out', 'The answer took too long.'),
};
const AWAY = /^(08|57P|53)|^(ECONNREFUSED|ECONNRESET|ENOTFOUND|EPIPE|ETIMEDOUT|EAI_AGAIN)$/;
const AWAY_TEXT = /timeout exceeded when trying to connect|Connection terminated|Cannot use a pool/;
const RETRY = /^40(001|P01)$/;

function problemOfPostgres(error: Error): Problem | undefined {
  const code = (error as { code?: unknown }).code;
  const text = typeof code === 'string' ? code : '';
  const refused = refusals[text];
  if (refused) return new Problem(refused.code, refused.detail, { cause: error });
  if (AWAY.test(text) || AWAY_TEXT.test(error.message) || RETRY.test(text)) {
    const detail = RETRY.test(text)
      ? 'Two requests got in each other’s way. Try again.'
      : 'Postgres does not answer. Try again in a moment.';
    const retryAfterS = RETRY.test(text) ? 1 : RETRY_STORE_S;
    return new Problem('store-unavailable', detail, { cause: error, retryAfterS });
  }
  return undefined;
}
