/** The log of a process: one JSON object a line on its standard output, which the launcher files. */
import { type DestinationStream, type Logger, pino } from 'pino';
import { withoutParameters } from './refusal.ts';
import { currentTrace } from './trace.ts';

export type Log = Logger;
export const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace'] as const;
export type LogLevel = (typeof logLevels)[number];

/** Never in a log, wherever they stand: passwords, keys, and addresses that hold a password. */
const secrets = ['password', 'token', 'secret', 'authorization', 'cookie', 'key', 'url'];

/** An error as pino tells it, without the parameters of a statement and the row that Postgres refused. */
function tellError(error: Error) {
  const { params: _, detail, ...told } = pino.stdSerializers.err(error);
  return {
    ...told,
    message: withoutParameters(told.message, error),
    stack: withoutParameters(told.stack, error),
    ...(/^Failing row/.test(String(detail)) ? {} : { detail }),
  };
}

/** Opens the log of one room. Written synchronously, so that the last words of a crash are kept. */
export function openLog({
  room,
  level = 'info',
  destination = pino.destination({ fd: 1, sync: true }),
}: {
  room: string;
  level?: LogLevel;
  destination?: DestinationStream;
}): Log {
  const paths = secrets.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]);
  return pino(
    {
      level,
      base: { room },
      // Whatever is said while a request or a job is worked on can be found by its trace.
      mixin: () => ({ traceId: currentTrace() }),
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: tellError },
      redact: { paths, censor: '…' },
    },
    destination,
  );
}
