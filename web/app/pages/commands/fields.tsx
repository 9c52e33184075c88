/** The arguments of a function as fields; most have none. */
import { useTranslation } from 'react-i18next';
import type { CommandFunction } from '../../command-shapes.ts';
import { currencyName } from '../../format.ts';
import { useLanguage } from '../../language.ts';
import { useProject } from '../../project.tsx';
import { Field } from '../exceptions/field.tsx';
import { type Draft, isPrice, minorOf, ranks, wattsOf } from './draft.ts';
import { TouFields } from './tou-fields.tsx';

export function CommandFields({
  name,
  draft,
  set,
}: {
  name: CommandFunction;
  draft: Draft;
  set: (change: Partial<Draft>) => void;
}) {
  const { t } = useTranslation();
  const language = useLanguage();
  const currency = currencyName(useProject().currency, language);
  if (name === 'issue-price') {
    return (
      <>
        <div className="command-pair">
          {ranks.map((rank, i) => (
            <Field
              key={rank}
              label={t(`period.${i + 1}`)}
              unit={`${currency}/kWh`}
              type="figure"
              value={draft.prices[rank]}
              invalid={draft.prices[rank] !== '' && !isPrice(draft.prices[rank])}
              onChange={(text) => set({ prices: { ...draft.prices, [rank]: text } })}
            />
          ))}
        </div>
        <p className="second">{t('command.field.priceHint')}</p>
      </>
    );
  }
  if (name === 'issue-settings') {
    const isWrong = (text: string) => text !== '' && minorOf(text) === null;
    const [high, low] = [minorOf(draft.alarm1), minorOf(draft.alarm2)];
    return (
      <>
        <div className="command-pair">
          <Field
            label={t('state.alarm1')}
            unit={currency}
            type="figure"
            value={draft.alarm1}
            invalid={isWrong(draft.alarm1)}
            onChange={(alarm1) => set({ alarm1 })}
          />
          <Field
            label={t('state.alarm2')}
            unit={currency}
            type="figure"
            value={draft.alarm2}
            invalid={isWrong(draft.alarm2) || (high !== null && low !== null && high < low)}
            onChange={(alarm2) => set({ alarm2 })}
          />
        </div>
        {high !== null && low !== null && high < low && (
          <p className="neg second">{t('command.field.upsideDown')}</p>
        )}
        <Field
          label={t('command.field.overload')}
          unit="kW"
          type="figure"
          value={draft.overload}
          invalid={draft.overload.trim() !== '' && wattsOf(draft.overload) === null}
          onChange={(overload) => set({ overload })}
          hint={t('command.field.overloadHint')}
        />
      </>
    );
  }
  if (name === 'tou-table') return <TouFields draft={draft} set={set} />;
  return null;
}
