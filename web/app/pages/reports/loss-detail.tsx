/** The sub-meters of a main, the largest first, as far as they tell something. */
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { number, thousands } from '../../format.ts';
import { nameOf, useLanguage } from '../../language.ts';
import { Icon } from '../../parts/icons.tsx';
import { ProblemNotice, Skeleton } from '../../parts/notice.tsx';
import { useProject } from '../../project.tsx';
import { useEnergy, useLive } from '../../queries.ts';
import type { Range } from '../../range.ts';
import type { LossRow } from '../../reports.ts';
import { percent } from './figures.tsx';

const SHOWN = 12;

export function LossDetail({
  main,
  asked,
  rows,
}: {
  main: LossRow;
  asked: Range;
  rows: readonly LossRow[];
}) {
  const { t } = useTranslation();
  return main.role === 'park-main' ? (
    <SubTable
      main={main}
      subs={rows
        .filter(({ role }) => role === 'building-main')
        .map((row) => ({ ...row, key: row.mainId, quantity: row.mainQuantity }))}
      note={t('report.losses.parkNote')}
    />
  ) : (
    <BuildingSubs main={main} asked={asked} />
  );
}

function BuildingSubs({ main, asked }: { main: LossRow; asked: Range }) {
  const { t } = useTranslation();
  const { id: projectId } = useProject();
  const live = useLive('slow').data?.data ?? [];
  const buildingId = live.find(({ pointId }) => pointId === main.mainId)?.buildingId ?? undefined;
  const energy = useEnergy(
    { from: asked.from, to: asked.to, unit: 'year', by: 'point', against: 'none', buildingId },
    { on: !!buildingId },
  );
  if (energy.isError && !energy.data)
    return <ProblemNotice error={energy.error} retry={() => void energy.refetch()} />;
  if (!energy.data || energy.isPlaceholderData) return <Skeleton width="60%" />;
  const sums = new Map<string, Sub>();
  for (const row of energy.data.data) {
    const key = row.key ?? row.code;
    const known = sums.get(key);
    sums.set(key, {
      ...row,
      key,
      quantity: (known?.quantity ?? 0) + (row.quantity ?? 0),
      missing: (known?.missing ?? 0) + row.missing,
    });
  }
  return (
    <>
      <SubTable main={main} subs={[...sums.values()]} />
      <Link
        to="/projects/$projectId/energy"
        params={{ projectId }}
        search={{ from: asked.from, to: asked.to, by: 'point', building: buildingId }}
        preload={false}
        className="move"
      >
        {t('report.losses.allSubs', { count: sums.size })} <Icon name="out" size={12} />
      </Link>
    </>
  );
}

interface Sub {
  key: string;
  code: string;
  label: string;
  labelZh: string | null;
  quantity: number | null;
  missing: number;
}

function SubTable({ main, subs, note }: { main: LossRow; subs: readonly Sub[]; note?: string }) {
  const { t } = useTranslation();
  const language = useLanguage();
  // Gaps first: they explain a difference before anything else does.
  const ordered = [...subs].sort(
    (a, b) => b.missing - a.missing || (b.quantity ?? 0) - (a.quantity ?? 0),
  );
  return (
    <div className="scroll-x loss-detail">
      <table className="small-table">
        <caption className="hidden-text">{t('report.losses.subsOf', { code: main.code })}</caption>
        <thead>
          <tr>
            <th scope="col">{t('report.losses.sub')}</th>
            <th scope="col">kWh</th>
            <th scope="col">{t('report.losses.ofMain')}</th>
            <th scope="col">
              {t('home.missing')} <span className="unit">h</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {ordered.slice(0, SHOWN).map((sub) => (
            <tr key={sub.key}>
              <td>
                <b className="strong">{sub.code}</b>{' '}
                <span className="quiet">
                  {nameOf(language, { name: sub.label, nameZh: sub.labelZh })}
                </span>
              </td>
              <td>{thousands(sub.quantity)}</td>
              <td>
                {percent(
                  main.mainQuantity && sub.quantity !== null
                    ? sub.quantity / main.mainQuantity
                    : null,
                )}{' '}
                <span className="unit">%</span>
              </td>
              <td className={sub.missing ? 'old' : 'quiet'}>{number(sub.missing / 4, 1)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {note && <p className="second">{note}</p>}
    </div>
  );
}
