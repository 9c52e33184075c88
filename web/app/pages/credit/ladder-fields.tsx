/** The ladder of notices before a cut: which, how long before, and what counts as proof. */
import { useTranslation } from 'react-i18next';
import { proofs } from '../../credit-shapes.ts';
import type { RungDraft } from './draft.ts';
import type { FieldsProps } from './policy-form.tsx';

export function LadderFields({ draft, set, saysAt }: FieldsProps) {
  const { t } = useTranslation();
  const change = (level: string, next: Partial<RungDraft>) =>
    set({
      ladder: draft.ladder.map((rung) => (rung.level === level ? { ...rung, ...next } : rung)),
    });
  return (
    <section>
      <h3>{t('credit.field.ladder')}</h3>
      <p className="second">{t('credit.hint.ladder')}</p>
      <ul className="credit-rows">
        {draft.ladder.map((rung) => {
          const level = t(`credit.level.${rung.level}`);
          const says = saysAt(`ladder/${rung.level}`);
          return (
            <li key={rung.level}>
              <div className="credit-rung">
                <label className="check">
                  <input
                    type="checkbox"
                    checked={rung.isUsed}
                    onChange={(event) =>
                      change(rung.level, {
                        isUsed: event.target.checked,
                        hours: rung.hours || '24',
                      })
                    }
                  />
                  <span>{level}</span>
                </label>
                <span className="credit-hours">
                  <input
                    className="input figure-input"
                    inputMode="numeric"
                    maxLength={6}
                    disabled={!rung.isUsed}
                    aria-label={t('credit.rungHours', { level })}
                    aria-invalid={says !== ''}
                    value={rung.hours}
                    onChange={(event) => change(rung.level, { hours: event.target.value })}
                  />
                  <span className="unit">{t('credit.unit.hoursBefore')}</span>
                </span>
                <select
                  className="input"
                  disabled={!rung.isUsed}
                  aria-label={t('credit.rungProof', { level })}
                  value={rung.proof}
                  onChange={(event) =>
                    change(rung.level, {
                      proof: proofs.find((each) => each === event.target.value) ?? 'none',
                    })
                  }
                >
                  {proofs.map((proof) => (
                    <option key={proof} value={proof}>
                      {t(`credit.proof.${proof}`)}
                    </option>
                  ))}
                </select>
              </div>
              {says && <span className="field-hint neg">{says}</span>}
            </li>
          );
        })}
      </ul>
    </section>
  );
}
