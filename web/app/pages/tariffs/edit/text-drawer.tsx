/** The whole definition as text: to carry it to another project, or to enter one that came from elsewhere. */
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Drawer } from '../../../parts/drawer.tsx';
import type { TariffDefinition } from '../../../tariff-shapes.ts';

/** A definition with 24 seasons and 2,000 holidays has about 150 kB. */
const TEXT_MAX = 400_000;

export function TextDrawer({
  definition,
  onTake,
  onClose,
}: {
  definition: TariffDefinition;
  onTake: (definition: TariffDefinition) => void;
  onClose: () => void;
}) {
  const { t } = useTranslation();
  const [text, setText] = useState(() => JSON.stringify(definition, null, 2));
  const read = readDefinition(text);
  return (
    <Drawer
      title={t('tariff.text.title')}
      onClose={onClose}
      foot={
        <>
          <button type="button" className="button" onClick={onClose}>
            {t('act.cancel')}
          </button>
          <button
            type="button"
            className="button primary"
            disabled={!read}
            onClick={() => read && onTake(read)}
          >
            {t('tariff.text.take')}
          </button>
        </>
      }
    >
      <div className="stack">
        <p className="second">{t('tariff.text.hint')}</p>
        <textarea
          className="input area mono"
          aria-label={t('tariff.text.title')}
          rows={28}
          spellCheck={false}
          maxLength={TEXT_MAX}
          aria-invalid={!read}
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
        {!read && <p className="neg">{t('tariff.text.wrong')}</p>}
      </div>
    </Drawer>
  );
}

/** A definition whose shape the editor can show; whether it holds is for the check to say. */
export function readDefinition(text: string): TariffDefinition | null {
  const list = (value: unknown, isRow: (row: Record<string, unknown>) => boolean): boolean =>
    Array.isArray(value) && value.every((row) => isRecord(row) && isRow(row));
  try {
    const found: unknown = JSON.parse(text);
    if (!isRecord(found)) return null;
    const kinds = ['usage', 'fixed', 'demand', 'allowance', 'minimum'];
    const { components, calendar, steps } = found;
    if (
      !list(
        components,
        ({ kind, code }) => kinds.includes(String(kind)) && typeof code === 'string',
      )
    )
      return null;
    if (calendar !== undefined) {
      if (!isRecord(calendar)) return null;
      const { seasons, weekend, holidays, workdays } = calendar;
      const isBand = ({ from, to }: Record<string, unknown>) =>
        typeof from === 'string' && typeof to === 'string';
      const hasDays = ({ name, from, to, days }: Record<string, unknown>) =>
        typeof name === 'string' &&
        typeof from === 'string' &&
        typeof to === 'string' &&
        list(days, ({ bands }) => list(bands, isBand));
      if (!list(seasons, hasDays)) return null;
      if (![weekend, holidays, workdays].every((each) => each === undefined || Array.isArray(each)))
        return null;
      Object.assign(calendar, {
        weekend: weekend ?? [6, 7],
        holidays: holidays ?? [],
        workdays: workdays ?? [],
      });
    }
    if (steps !== undefined && !(isRecord(steps) && Array.isArray(steps.limits))) return null;
    // Looked into as far as the editor reads it; the server checks the rest.
    return found as unknown as TariffDefinition;
  } catch {
    return null;
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
