/** When the version begins, and what that means: notice to keep, or settled days to correct. */
import { useTranslation } from 'react-i18next';
import { day } from '../../../dates.ts';
import { number } from '../../../format.ts';
import { useLanguage } from '../../../language.ts';
import { Icon } from '../../../parts/icons.tsx';
import { useMay, useProject } from '../../../project.tsx';
import { useSettledDays } from '../../../tariff-queries.ts';
import type { Beginning } from './beginning.ts';
import type { Draft } from './draft.ts';
import { DayField, TextField } from './field.tsx';

export function BeginPanel({
  draft,
  tariffId,
  beginning,
  onChange,
}: {
  draft: Draft;
  /** Of a version of a tariff that is there. */
  tariffId: string | undefined;
  beginning: Beginning;
  onChange: (change: (draft: Draft) => Draft, group: string) => void;
}) {
  const { t } = useTranslation();
  const { zone } = useProject();
  const notice = draft.definition.noticeDays;
  return (
    <section className="panel" id="part-begin" aria-label={t('tariff.begin.title')}>
      <div className="panel-head">
        <h2>{t('tariff.begin.title')}</h2>
      </div>
      <div className="panel-body stack tight">
        <DayField
          label={t('tariff.begin.day')}
          value={draft.effectiveFrom}
          hint={t('tariff.begin.midnight', { zone })}
          onChange={(effectiveFrom) => onChange((now) => ({ ...now, effectiveFrom }), 'from')}
        />
        <TextField
          label={t('tariff.begin.notice')}
          unit={t('tariff.begin.days')}
          figure
          value={notice === undefined || notice === null ? '' : String(notice)}
          placeholder="0"
          hint={t('tariff.begin.noticeHint')}
          at="/noticeDays"
          onChange={(text) =>
            onChange(({ definition: { noticeDays: _, ...rest }, ...now }) => {
              const typed = text.trim();
              const days = /^\d{1,3}$/.test(typed) ? Number(typed) : Number.NaN;
              return { ...now, definition: typed ? { ...rest, noticeDays: days } : rest };
            }, 'notice')
          }
        />
        <Meaning beginning={beginning} tariffId={tariffId} from={draft.effectiveFrom} />
      </div>
    </section>
  );
}

/** The same words beside the date and once more before it is saved. */
export function Meaning({
  beginning,
  tariffId,
  from,
}: {
  beginning: Beginning;
  tariffId: string | undefined;
  from: string;
}) {
  const { t } = useTranslation();
  const language = useLanguage();
  const may = useMay();
  const settled = useSettledDays(tariffId, from, beginning.kind === 'correction').data;
  switch (beginning.kind) {
    case 'unknown':
      return <p className="neg">{t('tariff.begin.noDay')}</p>;
    case 'taken':
      return <p className="neg">{t('tariff.begin.taken')}</p>;
    case 'coming':
      return <p className="second">{t('tariff.begin.coming', { count: beginning.days })}</p>;
    case 'too-soon':
      return (
        <div className="notice warning">
          <Icon name="warning" />
          <div>
            <div className="strong">{t('tariff.begin.tooSoon')}</div>
            <div className="second">
              {t('tariff.begin.earliest', { day: day(language, beginning.earliest) })}
            </div>
          </div>
        </div>
      );
    case 'correction':
      return (
        <div className="notice warning">
          <Icon name="warning" />
          <div>
            <div className="strong">{t('tariff.begin.correction')}</div>
            <div className="second">
              {t('tariff.begin.touches', { count: beginning.days })}
              {settled &&
                ` ${t('tariff.begin.pointDays', {
                  count: settled.points,
                  total: number(settled.days),
                })}`}
            </div>
            <div className="second">{t('tariff.begin.posted')}</div>
            {!may('tariff.correct') && <div className="neg">{t('tariff.begin.mayNot')}</div>}
          </div>
        </div>
      );
  }
}
