/** Range requests (RFC 9110) on a file that does not change: a download goes on where it stopped. */

export interface Ranged {
  status: 200 | 206 | 416;
  headers: Record<string, string>;
  /** The bytes [from, to) to send; undefined: none. */
  range?: { from: number; to: number };
}

/** What to answer for a file of `size` bytes. Several ranges at once are answered with the whole. */
export function rangeOf(headers: Headers, { size, etag }: { size: number; etag: string }): Ranged {
  const common = { 'accept-ranges': 'bytes', etag };
  const whole: Ranged = {
    status: 200,
    headers: { ...common, 'content-length': String(size) },
    range: { from: 0, to: size },
  };
  const asked = /^bytes=(\d*)-(\d*)$/.exec(headers.get('range') ?? '');
  const since = headers.get('if-range');
  // Another file than the one that was begun is sent from its start.
  if (!asked || (asked[1] === '' && asked[2] === '') || (since !== null && since !== etag))
    return whole;
  const [first, last] = [asked[1] ?? '', asked[2] ?? ''];
  const from = first === '' ? Math.max(0, size - Number(last)) : Number(first);
  const to = first === '' || last === '' ? size : Math.min(size, Number(last) + 1);
  if (from >= to) {
    return { status: 416, headers: { ...common, 'content-range': `bytes */${size}` } };
  }
  return {
    status: 206,
    headers: {
      ...common,
      'content-length': String(to - from),
      'content-range': `bytes ${from}-${to - 1}/${size}`,
    },
    range: { from, to },
  };
}
