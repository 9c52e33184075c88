/** The other rooms' routes. */
import { existsSync } from 'node:fs';
import type { OpenAPIHono } from '@hono/zod-openapi';
import type { RouteEnv } from '../sql/route.ts';
import type { RoomDeps } from './server.ts';

type Face = (deps: RoomDeps) => OpenAPIHono<RouteEnv>;
const load = async (room: string): Promise<Face | undefined> => {
  const url = new URL(`../${room}/routes.ts`, import.meta.url);
  return existsSync(url) ? ((await import(url.href)) as { routes: Face }).routes : undefined;
};
export const faces = {
  ingest: await load('ingest'),
  billing: await load('billing'),
  analytics: await load('analytics'),
};
