/** Everything that a caller can be told went wrong: RFC 9457 problem details with a stable code. */

/** The registry: code → HTTP status and whether the same request may succeed later. */
export const problems = {
  'invalid-request': { status: 400, retryable: false, title: 'The request is not valid' },
  'invalid-tariff': { status: 422, retryable: false, title: 'The tariff cannot hold' },
  'invalid-opening': { status: 422, retryable: false, title: 'The account cannot be opened so' },
  'invalid-amount': { status: 422, retryable: false, title: 'The amount is not acceptable' },
  'idempotency-key-missing': { status: 400, retryable: false, title: 'Idempotency-Key is needed' },
  'idempotency-key-reused': {
    status: 422,
    retryable: false,
    title: 'The key was used for another request',
  },
  unauthenticated: { status: 401, retryable: false, title: 'Sign in first' },
  'sign-in-failed': { status: 401, retryable: false, title: 'E-mail or password is wrong' },
  'second-factor-needed': {
    status: 401,
    retryable: false,
    title: 'The code of the authenticator app is needed',
  },
  'second-factor-wrong': { status: 401, retryable: false, title: 'The code is wrong' },
  'password-wrong': { status: 422, retryable: false, title: 'The present password is wrong' },
  'password-weak': { status: 422, retryable: false, title: 'The password is easily guessed' },
  forbidden: { status: 403, retryable: false, title: 'Your role does not allow this' },
  'origin-refused': { status: 403, retryable: false, title: 'The request came from another site' },
  'not-found': { status: 404, retryable: false, title: 'There is no such thing' },
  'format-unknown': { status: 406, retryable: false, title: 'There is no such format' },
  'method-not-allowed': {
    status: 405,
    retryable: false,
    title: 'This address does not take that method',
  },
  conflict: { status: 409, retryable: false, title: 'It conflicts with what is there' },
  overlap: { status: 409, retryable: false, title: 'The range overlaps another' },
  'estimate-over-measured': {
    status: 409,
    retryable: false,
    title: 'An estimate does not replace what was measured',
  },
  'own-approval': { status: 403, retryable: false, title: 'A second person has to approve' },
  'bus-full': { status: 409, retryable: false, title: 'A bus takes 32 meters' },
  'bus-overloaded': { status: 409, retryable: false, title: 'The line cannot carry the readings' },
  'in-use': { status: 409, retryable: false, title: 'Something still stands in its way' },
  'import-refused': { status: 422, retryable: false, title: 'The file cannot be imported' },
  'not-connected': { status: 409, retryable: false, title: 'The meter is on no bus' },
  'function-unsupported': { status: 422, retryable: false, title: 'The meter cannot do that' },
  'function-not-enabled': {
    status: 422,
    retryable: false,
    title: 'The function is not enabled for this model',
  },
  'preview-outdated': {
    status: 409,
    retryable: false,
    title: 'Something has changed since the preview',
  },
  'locked-out': { status: 409, retryable: false, title: 'The point is locked out' },
  'month-closed': { status: 409, retryable: false, title: 'The month is closed' },
  'shift-needed': { status: 409, retryable: false, title: 'A shift has to be open for cash' },
  'not-cuttable': { status: 409, retryable: false, title: 'It is not cut now' },
  'not-restorable': { status: 409, retryable: false, title: 'Nothing is restored now' },
  'not-refundable': { status: 409, retryable: false, title: 'So much cannot be refunded' },
  'already-reversed': { status: 409, retryable: false, title: 'The sale is reversed already' },
  'no-single-price': { status: 409, retryable: false, title: 'There is no single energy price' },
  'not-meter-mode': { status: 409, retryable: false, title: 'No meter holds money of the account' },
  'meter-mode-impossible': {
    status: 422,
    retryable: false,
    title: 'The account cannot be in meter mode',
  },
  'balance-too-low': { status: 409, retryable: false, title: 'The wallet does not hold so much' },
  'account-closed': { status: 409, retryable: false, title: 'The account is closed' },
  'too-large': { status: 413, retryable: false, title: 'The request is too large' },
  'head-too-large': { status: 431, retryable: false, title: 'Address and headers are too long' },
  'range-too-long': { status: 422, retryable: false, title: 'The range is too long' },
  'too-many-requests': { status: 429, retryable: true, title: 'Too many attempts, wait a while' },
  'not-built': { status: 503, retryable: true, title: 'The answer is still being prepared' },
  'file-damaged': { status: 503, retryable: true, title: 'A stored file is damaged' },
  'file-lost': { status: 410, retryable: false, title: 'A stored file is lost' },
  'store-unavailable': { status: 503, retryable: true, title: 'A database does not answer' },
  'settlement-busy': { status: 503, retryable: true, title: 'Days are being settled just now' },
  'correction-needed': { status: 409, retryable: false, title: 'Settled days would change' },
  'notice-period': { status: 422, retryable: false, title: 'The notice period has not passed' },
  'data-suspended': {
    status: 503,
    retryable: true,
    title: 'Samples are hidden: a table is suspended',
  },
  'disk-full': { status: 507, retryable: true, title: 'The disk has no room for the file' },
  'not-known-then': {
    status: 422,
    retryable: false,
    title: 'It cannot be asked as it was known then',
  },
  'timed-out': { status: 504, retryable: true, title: 'The answer took too long' },
  internal: { status: 500, retryable: true, title: 'Something failed on our side' },
} as const satisfies Record<string, { status: number; retryable: boolean; title: string }>;

export type ProblemCode = keyof typeof problems;

/** One wrong place within a request. */
export interface Fault {
  /** JSON pointer or parameter name. */
  at: string;
  /** In English, whole. */
  message: string;
  /** The rule that is broken, and what its sentence names: a page says it in its own language. */
  code?: string;
  parameters?: Record<string, string | number>;
}

/** Thrown once where the failure is understood, rendered once by web. */
export class Problem extends Error {
  override name = 'Problem';
  constructor(
    readonly code: ProblemCode,
    readonly detail: string,
    readonly more: { faults?: Fault[]; retryAfterS?: number; cause?: unknown } = {},
  ) {
    super(detail, { cause: more.cause });
  }
}

/** The body of application/problem+json. */
export function renderProblem(problem: Problem, traceId: string) {
  const { status, retryable, title } = problems[problem.code];
  return {
    type: `about:blank#${problem.code}`,
    title,
    status,
    code: problem.code,
    detail: problem.detail,
    retryable,
    traceId,
    ...(problem.more.faults && { faults: problem.more.faults }),
  };
}

/** A thing that is not there, or is another project's: both answer alike. */
export const notFound = (what: string) => new Problem('not-found', `There is no such ${what}.`);
