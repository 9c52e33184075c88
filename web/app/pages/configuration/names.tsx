/** What a thing is called: its code where it has one, its name, and the Chinese name beside it. */
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { TextField } from '../tariffs/edit/field.tsx';
import { isName, isPlaceCode, isPointCode, textOrNull, wrongOf } from './checks.ts';
import type { Wrong } from './entity-drawer.tsx';

/** What codes of a kind look like; a thing without a code is known by its name. */
const codes = {
  place: { rule: isPlaceCode, hint: 'code', maxLength: 20 },
  point: { rule: isPointCode, hint: 'pointCode', maxLength: 40 },
} as const;

interface Names {
  /** What is sent of them. */
  body: Record<string, string | null>;
  wrong: Wrong[];
  fields: React.ReactNode;
}

/** The fields of what a thing is called, what is sent of them, and what is wrong with them. */
export function useNames(
  thing: { code?: string; name: string; nameZh: string | null } | null,
  coded: keyof typeof codes | null,
): Names {
  const { t } = useTranslation();
  const [code, setCode] = useState(thing?.code ?? '');
  const [name, setName] = useState(thing?.name ?? '');
  const [nameZh, setNameZh] = useState(thing?.nameZh ?? '');
  const like = coded && codes[coded];
  return {
    body: {
      ...(like && { code: code.trim() }),
      ...{ name: name.trim(), nameZh: textOrNull(nameZh) },
    },
    wrong: [
      ...(like ? wrongOf(t, [['/code', code, like.rule, like.hint]]) : []),
      ...wrongOf(t, [['/name', name, isName, 'needed']]),
    ],
    fields: (
      <>
        {like && (
          <TextField
            label={t('config.field.code')}
            at="/code"
            value={code}
            onChange={setCode}
            maxLength={like.maxLength}
          />
        )}
        <TextField
          label={t('config.field.name')}
          at="/name"
          value={name}
          onChange={setName}
          maxLength={120}
        />
        <TextField
          label={t('config.field.nameZh')}
          at="/nameZh"
          value={nameZh}
          onChange={setNameZh}
          maxLength={120}
        />
      </>
    ),
  };
}
