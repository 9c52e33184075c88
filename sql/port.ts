/** Ports on loopback: whether one is free, and a free one for a server of ours. */
import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { waitUntil } from './process.ts';

/**
 * Below the ports that systems hand to outgoing connections: while a server of ours is down, no
 * client may sit on its port, least of all one that tries to reach it and would meet itself.
 */
const FIRST_PORT = 20_000;
const PORTS = 10_000;
const ATTEMPTS = 50;
/** A process that was killed holds its port for a moment longer than it lives. */
const REMEMBERED_WAIT_MS = 3_000;

/** Resolves when the port can be bound on `host`. Rejects with the operating system's error. */
export function bindPort(port: number, host = '127.0.0.1'): Promise<void> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve()));
  });
}

/** The remembered port when it is or becomes free, else any free one. */
export async function freePort(remembered?: number): Promise<number> {
  const free = (port: number) =>
    bindPort(port).then(
      () => true,
      () => false,
    );
  if (remembered && (await waitUntil(() => free(remembered), REMEMBERED_WAIT_MS, 100))) {
    return remembered;
  }
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const port = FIRST_PORT + randomInt(PORTS);
    if (await free(port)) return port;
  }
  throw new Error(`no free port from ${FIRST_PORT} to ${FIRST_PORT + PORTS}`);
}
