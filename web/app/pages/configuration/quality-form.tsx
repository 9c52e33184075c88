/** From when on something counts as wrong, how long missing readings are waited for, and what a second person sees. */
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { ProjectSettings, QualitySettings } from '../../api.ts';
import { useEnter } from '../../config-queries.ts';
import { currencyName, number } from '../../format.ts';
import { useLanguage } from '../../language.ts';
import { useMay, useProject } from '../../project.tsx';
import { FaultContext, TextField } from '../tariffs/edit/field.tsx';
import { wrongOf } from './checks.ts';
import { SaveFoot } from './save-foot.tsx';

type Name = keyof QualitySettings;

/** As it is typed: the unit it stands in, so many of it to one as it is stored, and the bounds that the route has. */
interface Field {
  unit: string;
  /** What is typed × this is what is stored. */
  stored: number;
  min: number;
  max: number;
  decimals: number;
}

const share: Field = { unit: '%', stored: 0.01, min: 0, max: 100, decimals: 1 };
const hours: Field = { unit: 'h', stored: 1, min: 0.25, max: 48, decimals: 2 };

/** In the order of the form. The name of the currency and its decimals come from the project. */
const fieldsOf = (currency: string, decimals: number): Record<Name, Field> => ({
  estimateAfterDays: { unit: 'd', stored: 1, min: 1, max: 60, decimals: 0 },
  approvalAboveMinor: { unit: currency, stored: 10 ** decimals, min: 0, max: 1e9, decimals },
  spikeFactor: { unit: '×', stored: 1, min: 1.1, max: 100, decimals: 1 },
  leastQuantity: { unit: 'kWh · m³', stored: 1000, min: 0.001, max: 1e6, decimals: 3 },
  stuckHours: hours,
  touShare: share,
  lossShare: share,
  clockSeconds: { unit: 's', stored: 1, min: 10, max: 86_400, decimals: 0 },
  phaseVoltageShare: share,
  imbalanceShare: share,
  leastPowerW: { unit: 'W', stored: 1, min: 1, max: 1e6, decimals: 0 },
  conditionHours: hours,
});

/** Rounded off what binary fractions bring in: 0.07 is 7 %. */
const exactly = (value: number): number => Number(value.toFixed(6));
const textOf = (value: number, { stored }: Field): string => String(exactly(value / stored));
const storedOf = (text: string, { stored }: Field): number => exactly(Number(text) * stored);

const isWithin = ({ min, max, decimals }: Field) => {
  const shape = new RegExp(`^\\d{1,10}${decimals > 0 ? `(?:\\.\\d{1,${decimals}})?` : ''}$`);
  return (text: string) => shape.test(text.trim()) && Number(text) >= min && Number(text) <= max;
};

export function QualityForm({ settings }: { settings: ProjectSettings }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const { currency } = useProject();
  const may = useMay();
  const save = useEnter();
  const { quality } = settings;
  const decimals = settings.alarm1.amount.split('.')[1]?.length ?? 0;
  const fields = Object.entries(fieldsOf(currencyName(currency, language), decimals)) as [
    Name,
    Field,
  ][]; // A closed object.
  const [texts, setTexts] = useState(
    () => new Map(fields.map(([name, field]) => [name, textOf(quality[name], field)])),
  );
  const typed = (name: Name) => texts.get(name) ?? '';
  const faults = fields.flatMap(([name, field]) => {
    const [wrong] = wrongOf(t, [[`/${name}`, typed(name), isWithin(field), 'needed']]);
    if (!wrong) return [];
    const bounds = { min: field.min, max: number(field.max), unit: field.unit };
    return [{ ...wrong, message: t('config.quality.bounds', { ...bounds }) }];
  });
  const changed = Object.fromEntries(
    fields.flatMap(([name, field]) => {
      const value = storedOf(typed(name), field);
      return value === quality[name] ? [] : [[name, value]];
    }),
  );
  const isAllowed = may('project.write');
  const isReady = faults.length === 0 && Object.keys(changed).length > 0;
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault();
        if (isReady && !save.isPending)
          save.mutate({ path: '', id: settings.id, body: { quality: changed } });
      }}
    >
      <p className="second">{t('config.quality.text')}</p>
      <FaultContext.Provider value={faults}>
        <fieldset className="conf-fields conf-quality" disabled={!isAllowed || save.isPending}>
          {fields.map(([name, field]) => (
            <TextField
              key={name}
              label={t(`config.quality.${name}.label`)}
              at={`/${name}`}
              unit={field.unit}
              figure
              value={typed(name)}
              onChange={(text) => {
                save.reset();
                setTexts(new Map(texts).set(name, text));
              }}
              hint={t(`config.quality.${name}.hint`)}
            />
          ))}
        </fieldset>
      </FaultContext.Provider>
      <SaveFoot save={save} isReady={isReady} label={t('config.quality.save')} />
    </form>
  );
}
