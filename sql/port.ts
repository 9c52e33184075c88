/** Ports on loopback: whether one is free, and a free one for a server of ours. */
import { createServer } from 'node:net';

/** Resolves to the port when it can be bound on `host`; 0 asks for any. Rejects with the OS's error. */
export function bindPort(port: number, host = '127.0.0.1'): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen({ port, host, exclusive: true }, () => {
      const address = server.address();
      const bound = typeof address === 'object' && address ? address.port : port;
      server.close(() => resolve(bound));
    });
  });
}

/** The remembered port when it is still free, else any free one. */
export async function freePort(remembered?: number): Promise<number> {
  if (!remembered) return bindPort(0);
  return bindPort(remembered).catch(() => bindPort(0));
}
