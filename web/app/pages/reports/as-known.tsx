/**
 * As known at: a report as it was known at a position of the journal or at an instant; chosen among the
 * filters, kept in the address, and said above the answer for as long as it holds.
 */
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { useNow } from '../../clock.tsx';
import { fullMoment, instantOf, wallText } from '../../dates.ts';
import { useLanguage } from '../../language.ts';
import { Filter } from '../../parts/controls.tsx';
import { Icon } from '../../parts/icons.tsx';
import { useProject } from '../../project.tsx';
import type { Report } from '../../reports.ts';

const kinds = ['now', 'instant', 'position'] as const;

const isPosition = (asKnownAt: string) => /^\d+$/.test(asKnownAt);

/** What the address says, and how to change it. */
export function useAsKnownAt() {
  const { asKnownAt } = useSearch({ strict: false });
  const navigate = useNavigate();
  const set = (value: string | undefined) =>
    void navigate({ to: '.', search: (old) => ({ ...old, asKnownAt: value }), replace: true });
  return { asKnownAt, set };
}

export function AsKnownFilter() {
  const { t } = useTranslation();
  const { zone } = useProject();
  const now = useNow(60_000);
  const { asKnownAt, set } = useAsKnownAt();
  const kind = asKnownAt === undefined ? 'now' : isPosition(asKnownAt) ? 'position' : 'instant';
  const begin = {
    now: undefined,
    instant: new Date(Math.floor(now.getTime() / 60_000) * 60_000).toISOString(),
    position: '1',
  };
  return (
    <>
      <Filter<(typeof kinds)[number]>
        label={t('report.asKnown.label')}
        value={kind}
        options={kinds.map((value) => ({ value, label: t(`report.asKnown.${value}`) }))}
        onChange={(value) => value !== kind && set(begin[value])}
      />
      {kind === 'position' && (
        <input
          key="position"
          className="input as-known"
          inputMode="numeric"
          aria-label={t('report.asKnown.position')}
          maxLength={18}
          defaultValue={asKnownAt}
          onBlur={({ target }) => target.value !== asKnownAt && set(digitsOf(target.value))}
          onKeyDown={({ key, currentTarget }) => key === 'Enter' && currentTarget.blur()}
        />
      )}
      {kind === 'instant' && asKnownAt !== undefined && (
        <input
          key="instant"
          className="input as-known"
          type="datetime-local"
          aria-label={t('report.asKnown.instant')}
          defaultValue={wallText(zone, asKnownAt)}
          onBlur={({ target }) => {
            const instant = instantOf(zone, target.value);
            if (instant) set(instant);
          }}
        />
      )}
    </>
  );
}

const digitsOf = (text: string): string => text.replace(/\D/g, '') || '1';

/** Says above the answer that it is of then, and leads back to now. */
export function AsKnownBanner({ report }: { report: Report<unknown, unknown> | undefined }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const { zone } = useProject();
  const { asKnownAt, set } = useAsKnownAt();
  const at = report?.asKnownAt;
  if (asKnownAt === undefined) return null;
  return (
    <div className="notice warning as-known-banner" role="status">
      <Icon name="warning" />
      <div>
        <div className="strong">
          {at
            ? t('report.asKnown.banner', {
                position: at.position,
                at: fullMoment(language, zone, at.sealedAt),
              })
            : t('report.asKnown.asking')}
        </div>
        <div className="second">{t('report.asKnown.what')}</div>
        <div className="notice-acts">
          <button type="button" className="button small" onClick={() => set(undefined)}>
            {t('report.asKnown.toNow')}
          </button>
        </div>
      </div>
    </div>
  );
}
