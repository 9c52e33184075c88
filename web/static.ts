/**
 * The browser app as files in memory, read once at start: an address either names one of them or it
 * does not, so no path can lead out of the folder.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { extname, join, relative, sep } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Context } from 'hono';
import { Problem } from '../sql/problem.ts';

interface Asset {
  body: Uint8Array<ArrayBuffer>;
  zipped: Uint8Array<ArrayBuffer> | undefined;
  type: string;
  etag: string;
  cacheControl: string;
}

export type Assets = ReadonlyMap<string, Asset>;

const types: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.webmanifest': 'application/manifest+json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff': 'font/woff',
  '.woff2': 'font/woff2',
  '.txt': 'text/plain; charset=utf-8',
};
const ZIP_FROM_BYTES = 1024;

/** Reads a built folder; addresses are the paths below `at`. An absent folder is an empty map. */
export function readAssets(
  folder: string,
  { at = '/', only }: { at?: string; only?: RegExp } = {},
): Assets {
  const assets = new Map<string, Asset>();
  for (const path of filesOf(folder)) {
    const name = relative(folder, path).split(sep).join('/');
    const type = types[extname(name)];
    if (!type || (only && !only.test(name))) continue;
    const body = new Uint8Array(readFileSync(path));
    const isText = /^(text|image\/svg|application)/.test(type) && body.length >= ZIP_FROM_BYTES;
    assets.set(at + name, {
      body,
      zipped: isText ? new Uint8Array(gzipSync(body)) : undefined,
      type,
      etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`,
      // Vite puts a hash of the content into the names below assets/.
      cacheControl: name.startsWith('assets/') ? 'public, max-age=31536000, immutable' : 'no-cache',
    });
  }
  return assets;
}

function filesOf(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true, recursive: true })
      .filter((e) => e.isFile())
      .map((e) => join(e.parentPath, e.name));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** Answers with one of the assets, or undefined when there is none of this path. */
export function serveAsset(c: Context, assets: Assets, path: string): Response | undefined {
  const asset = assets.get(path);
  if (!asset) return undefined;
  c.header('etag', asset.etag);
  c.header('cache-control', asset.cacheControl);
  if (asset.zipped) c.header('vary', 'accept-encoding');
  if (c.req.header('if-none-match') === asset.etag) return c.body(null, 304);
  const zipped = asset.zipped && /\bgzip\b/.test(c.req.header('accept-encoding') ?? '');
  if (zipped) c.header('content-encoding', 'gzip');
  return c.body((zipped && asset.zipped) || asset.body, 200, { 'content-type': asset.type });
}

/**
 * A page of the app: the file of this path, else index.html, whose router knows the rest. A path
 * with an extension that is not there is not found, so that a missing script is not served as HTML.
 */
export function servePage(c: Context, assets: Assets): Response {
  if (c.req.method !== 'GET' && c.req.method !== 'HEAD') {
    throw new Problem('method-not-allowed', 'Pages are only read.');
  }
  const { path } = c.req;
  const file = serveAsset(c, assets, path === '/' ? '/index.html' : path);
  if (file) return file;
  if (/\.[a-z0-9]{2,5}$/i.test(path)) return c.text('Not found', 404);
  return serveAsset(c, assets, '/index.html') ?? c.text('The browser app is not built.', 503);
}
