/**
 * What can be told of a page without eyes: text that is cut off or lies over other text, a page wider than its
 * screen, contrast under 4.5 : 1, words of the other language, a key or a placeholder in place of words.
 */
import type { Page } from 'playwright-core';

/** One line a finding, each once: what is wrong, and the text it is wrong of. */
export const lookOver = async (page: Page, language: string): Promise<string[]> => {
  const found = await page.evaluate(inPage);
  const said = [...found.texts, ...found.attributes].flatMap((text) => wordsOf(text, language));
  return [...new Set([...found.faults, ...said])];
};

const HAN = /[\u4e00-\u9fff]/;
/** Units, codes and names of things that read alike in both languages. */
const ALIKE =
  /^(CNY|kWh|MWh|kW|kVA|kvar|Wh|Hz|VA|UTC|GMT|SQL|CSV|XLSX|Excel|Parquet|JSON|PDF|SMS|SMTP|HTTP|API|Modbus|RTU|TCP|TOTP|GB18030|UTF|Ctrl|Esc|Enter|Wattledger|English|Asia|Shanghai)$/;

function wordsOf(text: string, language: string): string[] {
  const faults: string[] = [];
  if (/\{\{|undefined|NaN|\[object|Invalid Date|\bnull\b/.test(text)) faults.push(`value: ${text}`);
  if (/^[a-z][A-Za-z]+(\.[a-zA-Z][A-Za-z0-9]+)+$/.test(text)) faults.push(`key: ${text}`);
  if (language === 'en' && HAN.test(text) && text !== '中文') faults.push(`Chinese: ${text}`);
  if (language === 'zh') {
    // Names of people and firms are as they gave them.
    const words =
      text.replace(/([A-Z][\w-]+ (and )?)+[A-Z][\w-]*/g, '').match(/[A-Za-z]{3,}/g) ?? [];
    if (words.some((word) => !ALIKE.test(word)) && !/[@/]/.test(text)) {
      faults.push(`${HAN.test(text) ? 'mixed' : 'English'}: ${text}`);
    }
    if (/[\u4e00-\u9fff] ?[,;:?!(]|[,;)] ?[\u4e00-\u9fff]|[\u4e00-\u9fff]\.(\s|$)/.test(text)) {
      faults.push(`punctuation: ${text}`);
    }
  }
  return faults;
}

interface Found {
  faults: string[];
  texts: string[];
  attributes: string[];
}

type Colour = [number, number, number, number];
type Box = { left: number; right: number; top: number; bottom: number };

/** Runs in the page, so everything that it needs stands in it. */
function inPage(): Found {
  const faults: string[] = [];
  const texts: string[] = [];
  const attributes: string[] = [];
  const short = (text: string) => (text.length > 90 ? `${text.slice(0, 90)}…` : text);
  const dialog = [...document.querySelectorAll('dialog[open]')].at(-1);
  const root = dialog ?? document.body;
  const reach = document.documentElement.scrollWidth;
  if (reach > innerWidth) faults.push(`wide: ${reach} > ${innerWidth}`);
  for (const part of dialog ? [dialog, ...dialog.querySelectorAll('.drawer-body')] : []) {
    const { scrollWidth, clientWidth } = part;
    if (scrollWidth > clientWidth + 1) faults.push(`wide drawer: ${scrollWidth} > ${clientWidth}`);
  }

  const colourOf = (text: string): Colour => {
    const [r = 0, g = 0, b = 0, alpha] = text.match(/[\d.]+/g)?.map(Number) ?? [0, 0, 0, 0];
    return text.startsWith('color(')
      ? [r * 255, g * 255, b * 255, alpha ?? 1]
      : [r, g, b, alpha ?? 1];
  };
  const over = ([r, g, b, a]: Colour, [x, y, z]: Colour): Colour => [
    ...([r * a + x * (1 - a), g * a + y * (1 - a), b * a + z * (1 - a), 1] as const),
  ];
  const linear = (v: number) =>
    v / 255 <= 0.03928 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4;
  const light = ([r, g, b]: Colour) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
  /** What lies behind an element, or null behind a picture. */
  const behind = (element: Element): Colour | null => {
    const layers: Colour[] = [];
    for (let at: Element | null = element; at; at = at.parentElement) {
      const style = getComputedStyle(at);
      if (style.backgroundImage !== 'none') return null;
      const layer = colourOf(style.backgroundColor);
      if (layer[3] > 0) layers.push(layer);
      if (layer[3] === 1) break;
    }
    return layers.reduceRight<Colour>((below, top) => over(top, below), [255, 255, 255, 1]);
  };

  const boxes: (Box & { text: string; element: Element })[] = [];
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const text = (node.nodeValue ?? '').replace(/\s+/g, ' ').trim();
    const element = node.parentElement;
    if (!text || !element || element.closest('script,style,noscript,svg title,option')) continue;
    if (!element.checkVisibility({ opacityProperty: true, visibilityProperty: true })) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    const rects = [...range.getClientRects()].filter((r) => r.width > 1 && r.height > 1);
    if (rects.length === 0) continue;
    texts.push(text);
    const box = element.getBoundingClientRect();
    // For those who cannot see: drawn one pixel large.
    if (box.width <= 1.5 || box.height <= 1.5) continue;

    const right = Math.max(...rects.map((r) => r.right));
    const clip: Box = { left: -1e6, right: 1e6, top: -1e6, bottom: 1e6 };
    let floats = false;
    for (let at: Element | null = element; at && at !== root; at = at.parentElement) {
      const own = getComputedStyle(at);
      if (['sticky', 'fixed', 'absolute'].includes(own.position)) floats = true;
      if (own.overflowX === 'visible' && own.overflowY === 'visible') continue;
      const edge = at.getBoundingClientRect();
      const hides = ['hidden', 'clip'].includes(own.overflowX);
      if (hides && right > edge.right + 1.5 && right <= clip.right + 1) {
        const dots = own.textOverflow === 'ellipsis' || own.webkitLineClamp !== 'none';
        const told = element.closest('[title]') ?? at.querySelector('[title]');
        if (!dots) faults.push(`cut: ${short(text)} <${at.className}>`);
        else if (!told) faults.push(`dots, no title: ${short(text)} <${at.className}>`);
      }
      clip.left = Math.max(clip.left, edge.left);
      clip.right = Math.min(clip.right, edge.right);
      clip.top = Math.max(clip.top, edge.top);
      clip.bottom = Math.min(clip.bottom, edge.bottom);
    }

    const back = behind(element);
    const drawn = element.closest('svg,canvas');
    if (back && !drawn && !element.closest(':disabled,[aria-disabled=true]')) {
      const lights = [light(over(colourOf(getComputedStyle(element).color), back)), light(back)];
      const ratio = (Math.max(...lights) + 0.05) / (Math.min(...lights) + 0.05);
      if (ratio < 4.45)
        faults.push(`contrast ${ratio.toFixed(1)}: ${short(text)} <${element.className}>`);
    }
    if (floats || drawn) continue;
    for (const rect of rects) {
      const seen = {
        left: Math.max(rect.left, clip.left),
        right: Math.min(rect.right, clip.right),
        top: Math.max(rect.top, clip.top),
        bottom: Math.min(rect.bottom, clip.bottom),
      };
      const isSeen = seen.right - seen.left > 2 && seen.bottom - seen.top > 2;
      if (isSeen) boxes.push({ ...seen, text, element });
    }
  }

  boxes.sort((a, b) => a.top - b.top);
  for (const [at, one] of boxes.entries()) {
    for (const other of boxes.slice(at + 1)) {
      if (other.top >= one.bottom - 4) break;
      if (other.element === one.element || other.text === one.text) continue;
      const across = Math.min(one.right, other.right) - Math.max(one.left, other.left);
      const down = Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top);
      if (across > 3 && down > 5) faults.push(`over: ${short(one.text)} | ${short(other.text)}`);
    }
  }

  for (const element of root.querySelectorAll('[aria-label],[title],[placeholder],option')) {
    if (element.closest('.anticon')) continue;
    for (const name of ['aria-label', 'title', 'placeholder']) {
      const text = element.getAttribute(name);
      if (text) attributes.push(text);
    }
    if (element.tagName === 'OPTION') attributes.push(element.textContent ?? '');
  }
  for (const part of root.querySelectorAll<HTMLElement>('button,a[href],input,select,textarea')) {
    const { width, height } = part.getBoundingClientRect();
    if (width === 0) continue;
    const labels = 'labels' in part && part.labels instanceof NodeList ? part.labels.length : 0;
    const name = part.textContent?.trim() || part.getAttribute('aria-label') || part.title;
    if (!name && !labels && !part.getAttribute('aria-labelledby')) {
      faults.push(`nameless: ${part.outerHTML.slice(0, 120)}`);
    }
    if (innerWidth < 500 && part.tagName === 'BUTTON' && height < 28) {
      faults.push(`small: ${short(name ?? '')} ${Math.round(width)}×${Math.round(height)}`);
    }
  }
  return { faults, texts, attributes };
}
