/** What Node refuses before our app sees it, answered as everything else that goes wrong: problem details, no stack. */
import type { EventEmitter } from 'node:events';
import type { Duplex } from 'node:stream';
import { Problem, problems, renderProblem } from '../sql/problem.ts';
import { newTrace } from '../sql/trace.ts';

/** Largest request line and headers together, bytes; a longer query asks for something else. */
export const HEAD_BYTES_MAX = 16_384;

/** Answers requests that are no HTTP, come too slowly, or whose address and headers are too long. */
export function answerUnreadable(server: EventEmitter): void {
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => {
    // Who has gone, or is being answered already, is told nothing.
    if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
    const problem = problemOfHead(error.code);
    const { status } = problems[problem.code];
    const body = JSON.stringify(renderProblem(problem, newTrace()));
    socket.end(
      [
        `HTTP/1.1 ${status} ${status === 431 ? 'Request Header Fields Too Large' : 'Bad Request'}`,
        'content-type: application/problem+json',
        'cache-control: no-store',
        'x-content-type-options: nosniff',
        `content-length: ${Buffer.byteLength(body)}`,
        'connection: close',
        '',
        body,
      ].join('\r\n'),
    );
  });
}

function problemOfHead(code: string | undefined): Problem {
  if (code === 'HPE_HEADER_OVERFLOW') {
    return new Problem('head-too-large', `Address and headers may hold ${HEAD_BYTES_MAX} bytes.`);
  }
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    return new Problem('invalid-request', 'The request did not come whole in time.');
  }
  return new Problem('invalid-request', 'This is not HTTP as it is spoken here.');
}
