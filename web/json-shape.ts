/** How JSON is built, told without parsing it: how deep, and whether an object says a key twice. */

/** Objects know their keys so far; arrays have none. */
type Level = Set<string> | null;

/**
 * The depth of brackets outside of strings, and the first key that an object has twice: what is read first
 * and what last may then differ from reader to reader. Looks no further than one beyond `depthMax`; of text
 * that is no JSON it tells what it sees.
 */
export function shapeOf(json: string, depthMax: number): { depth: number; twice: string | null } {
  const levels: Level[] = [];
  let depth = 0;
  let twice: string | null = null;
  let isKey = false;
  for (let i = 0; i < json.length; i++) {
    const char = json.charCodeAt(i);
    if (char === QUOTE) {
      const from = i;
      i = endOfString(json, i);
      const keys = levels.at(-1);
      if (isKey && keys && twice === null) {
        const key = keyOf(json.slice(from, i + 1));
        if (keys.has(key)) twice = key;
        keys.add(key);
      }
      isKey = false;
    } else if (char === BRACKET || char === BRACE) {
      levels.push(char === BRACE ? new Set() : null);
      isKey = char === BRACE;
      depth = Math.max(depth, levels.length);
      if (depth > depthMax) break;
    } else if (char === BRACKET_END || char === BRACE_END) levels.pop();
    else if (char === COMMA) isKey = true;
  }
  return { depth, twice };
}

/** Where the string that begins at `from` has its closing quote; the text's end where it has none. */
function endOfString(json: string, from: number): number {
  for (let i = from + 1; i < json.length; i++) {
    const char = json.charCodeAt(i);
    if (char === BACKSLASH) i++;
    else if (char === QUOTE) return i;
  }
  return json.length;
}

/** A key as it is once parsed: `"\u0061"` is `a`. */
function keyOf(quoted: string): string {
  if (!quoted.includes('\\')) return quoted.slice(1, -1);
  try {
    return String(JSON.parse(quoted));
  } catch {
    return quoted;
  }
}

const QUOTE = 34;
const COMMA = 44;
const BACKSLASH = 92;
const BRACKET = 91;
const BRACKET_END = 93;
const BRACE = 123;
const BRACE_END = 125;
