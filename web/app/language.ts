/** Chinese and English, switched in place; the second language is fetched when it is first wanted. */
import i18next from 'i18next';
import { initReactI18next, useTranslation } from 'react-i18next';
import type { Language } from './dates.ts';
import { keep, kept } from './kept.ts';
import { en } from './language/en.ts';

const KEY = 'wattledger.language';

/** Starts with the language chosen before, else the browser's. Resolves when its words are there. */
export async function startLanguage(browserLanguage: string): Promise<void> {
  await i18next.use(initReactI18next).init({
    lng: 'en',
    fallbackLng: 'en',
    resources: { en: { translation: grouped(en) } },
    interpolation: { escapeValue: false },
    returnNull: false,
  });
  const wanted = kept(KEY) ?? (browserLanguage.startsWith('zh') ? 'zh' : 'en');
  await show(wanted === 'zh' ? 'zh' : 'en');
}

export async function chooseLanguage(language: Language): Promise<void> {
  keep(KEY, language);
  await show(language);
}

async function show(language: Language): Promise<void> {
  if (language === 'zh' && !i18next.hasResourceBundle('zh', 'translation')) {
    const { zh } = await import('./language/zh.ts');
    i18next.addResourceBundle('zh', 'translation', grouped(zh));
  }
  await i18next.changeLanguage(language);
  document.documentElement.lang = language === 'zh' ? 'zh-CN' : 'en';
}

/** Words whose counts are grouped as all figures are: 3,412 receipts. */
function grouped<Words extends object>(words: Words): Words {
  // The same words, of the same shape: only the marks in them change.
  return JSON.parse(JSON.stringify(words).replaceAll('{{count}}', '{{count, number}}')) as Words;
}

/** The language on screen. */
export function useLanguage(): Language {
  const { i18n } = useTranslation();
  return i18n.language === 'zh' ? 'zh' : 'en';
}

/** The name of a thing in the reader's language: both are kept, one may be missing. */
export const nameOf = (
  language: Language,
  thing: { name: string; nameZh?: string | null } | null | undefined,
): string => (language === 'zh' && thing?.nameZh ? thing.nameZh : (thing?.name ?? '–'));
