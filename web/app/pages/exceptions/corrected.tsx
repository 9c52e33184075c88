/** What was corrected at a meter by hand so far: who, when, why; and the way to take it back. */
import { useTranslation } from 'react-i18next';
import { useNow } from '../../clock.tsx';
import { moment } from '../../dates.ts';
import { number, signed, thousands } from '../../format.ts';
import { useLanguage } from '../../language.ts';
import { useProject } from '../../project.tsx';
import {
  useInstallationChanges,
  useManualReadings,
  useMeterCorrections,
} from '../../quality-queries.ts';
import type { InstallationChange, Withdrawal } from '../../quality-shapes.ts';
import { usePerson } from './edit-detail.tsx';
import { Withdraw } from './withdraw.tsx';
import './exceptions.css';

interface Corrected extends Withdrawal {
  at: string;
  by: string;
  reason: string;
  path: string;
  /** Body of a preview of taking it back, without its reason. */
  tried?: { act: string; changeId: string };
  what: string;
  range: string;
}

const withdrawalOf = ({ withdrawnAt, withdrawnBy, withdrawalReason }: Withdrawal) => ({
  ...{ withdrawnAt, withdrawnBy, withdrawalReason },
});

/** The ratio that a correction gave, and the one that stood before. */
function ratioOf({ before, after, detail }: InstallationChange) {
  const made = after.find(({ from }) => Date.parse(from) === Date.parse(String(detail.since)));
  const ratio = (row: { ct: number; pt: number } | undefined) =>
    row ? `${row.ct}${row.pt > 1 ? ` × ${row.pt}` : ''}` : '–';
  return { before: ratio(before[0]), after: ratio(made) };
}

/** What was corrected at the meter by hand, and the way to take it back. Nothing where nothing was. */
export function CorrectedPanel({ meterId, unit }: { meterId: string; unit: 'Wh' | 'l' }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const { zone } = useProject();
  const now = useNow(60_000);
  const corrections = useMeterCorrections(meterId).data?.data ?? [];
  const readings = useManualReadings(meterId).data?.data ?? [];
  const changes = useInstallationChanges(meterId).data?.data ?? [];
  const person = usePerson();
  const when = (at: string) => moment(language, zone, at, now);
  const errorOf = (percent: number) =>
    t(percent < 0 ? 'exc.corrected.slow' : 'exc.corrected.error', {
      percent: number(Math.abs(percent), 2),
    });
  const rows: Corrected[] = [
    ...changes.map((each) => ({
      ...{ at: each.madeAt, by: each.madeBy, reason: each.reason },
      ...withdrawalOf(each),
      path: `/installation-changes/${each.id}/withdrawals`,
      tried: { act: 'take-back', changeId: each.id },
      what: t(`exc.corrected.${each.kind}`, ratioOf(each)),
      range: typeof each.detail.since === 'string' ? when(each.detail.since) : '',
    })),
    ...corrections.map((each) => ({
      ...{ at: each.madeAt, by: each.madeBy, reason: each.reason },
      ...withdrawalOf(each),
      path: `/meter-corrections/${each.id}/withdrawals`,
      what:
        each.kind === 'error'
          ? errorOf(each.errorPercent ?? 0)
          : t('exc.corrected.clock', { hours: signed((each.shiftS ?? 0) / 3600, 2) }),
      range: `${when(each.from)} – ${when(each.to)}`,
    })),
    ...readings.map((each) => ({
      ...{ at: each.madeAt, by: each.readBy, reason: each.reason },
      ...withdrawalOf(each),
      path: `/manual-readings/${each.id}/withdrawals`,
      what: t('exc.corrected.read', {
        register: thousands(each.register, 3),
        unit: unit === 'l' ? 'm³' : 'kWh',
      }),
      range: when(each.at),
    })),
  ].sort((a, b) => b.at.localeCompare(a.at));
  if (!rows.length) return null;
  return (
    <section className="panel">
      <div className="panel-head">
        <h2>{t('exc.corrected.title')}</h2>
        <span className="rest second">{number(rows.length)}</span>
      </div>
      <ul className="panel-body exc-corrected">
        {rows.map((row) => (
          <li key={row.path}>
            <div className={row.withdrawnAt ? 'quiet' : 'strong'}>{row.what}</div>
            <div className="second">{row.range}</div>
            <div className="second">
              {when(row.at)}
              {t('mark.comma')}
              {person(row.by)}
              {t('mark.colon')}
              {row.reason}
            </div>
            {row.withdrawnAt ? (
              <div className="second">
                {t('exc.corrected.back', { at: when(row.withdrawnAt) })}
                {row.withdrawnBy &&
                  `${t('mark.comma')}${person(row.withdrawnBy)}${t('mark.colon')}${row.withdrawalReason}`}
              </div>
            ) : (
              <Withdraw path={row.path} tried={row.tried} unit={unit} />
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}
