/** Home: the figures of today, every meter in its state, alarms, energy by hour, money, data quality. */
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { lazy, Suspense, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useNow } from '../../clock.tsx';
import { addDays, localDay, longDay, time } from '../../dates.ts';
import { nameOf, useLanguage } from '../../language.ts';
import { Icon } from '../../parts/icons.tsx';
import { useMay, useProject } from '../../project.tsx';
import { useBuildings, useEnergy } from '../../queries.ts';
import type { FinanceReport } from '../../reports.ts';
import { useReport } from '../reports/use-report.ts';
import { useTariffOn } from '../tariffs/periods.ts';
import { AlarmPanel } from './alarm-panel.tsx';

import { EnergyPanel } from './energy-panel.tsx';
import { Figures } from './figures.tsx';
import { MoneyPanel } from './money-panel.tsx';
import { QualityPanel } from './quality-panel.tsx';
import { TilePanel } from './tile-panel.tsx';
import './home.css';

// Its controls are fetched when it is opened: home needs none of them.
const ChooseClosing = lazy(() => import('./choose-closing.tsx'));
const MINUTE_MS = 60_000;

export default function Home() {
  const { t } = useTranslation();
  const project = useProject();
  const language = useLanguage();
  const may = useMay();
  const now = useNow(10_000);
  const today = localDay(project.zone, now);
  const { bars = 'day', building } = useSearch({ from: '/projects/$projectId/' });
  const navigate = useNavigate();
  const buildings = useBuildings().data?.data ?? [];
  const hours = useDayByHour(today);
  const tariff = useTariffLine(today);
  const [isClosing, chooseClosing] = useState(false);
  return (
    <>
      <div className="head home-head">
        <div className="head-text">
          <h1>{nameOf(language, project)}</h1>
          <div className="head-line">
            {longDay(language, today)}
            {language === 'zh' ? ' ' : ', '}
            {time(project.zone, now)} · {t('home.cut', { zone: project.zone })}
            {tariff && ` · ${tariff}`}
          </div>
        </div>
        <div className="head-acts">
          {may('account.write') && may('sale.write') && (
            <button
              type="button"
              className="button"
              data-key="c"
              onClick={() => chooseClosing(true)}
            >
              {t('closing.act')}
              <span className="key">C</span>
            </button>
          )}
          {may('account.write') && (
            <Link
              to="/projects/$projectId/accounts"
              params={{ projectId: project.id }}
              search={{ opening: true }}
              className="button"
              data-key="o"
            >
              <Icon name="account" size={14} />
              {t('opening.act')}
              <span className="key">O</span>
            </Link>
          )}
          {may('sale.write') && (
            <Link
              to="/projects/$projectId/sales"
              params={{ projectId: project.id }}
              search={{ sale: true }}
              className="button primary"
              data-key="n"
            >
              <Icon name="plus" size={14} />
              {t('act.newSale')}
              <span className="key">N</span>
            </Link>
          )}
        </div>
      </div>
      {isClosing && (
        <Suspense>
          <ChooseClosing onClose={() => chooseClosing(false)} />
        </Suspense>
      )}
      <Figures today={today} hours={hours} />
      <div className="home-grid">
        {may('device.read') && <TilePanel />}
        {may('alarm.read') && <AlarmPanel />}
        {may('report.read') && (
          <EnergyPanel
            today={today}
            bars={bars}
            building={building}
            buildings={buildings}
            onChange={(change) =>
              void navigate({ to: '.', search: (old) => ({ ...old, ...change }), replace: true })
            }
          />
        )}
        <div className="home-side">
          {may('sale.read') && <MoneyPanel today={today} />}
          {may('device.read') && <QualityPanel report={hours.data} today={today} />}
        </div>
      </div>
    </>
  );
}

/** "Park TOU v2, winter": by which prices today is charged. */
function useTariffLine(today: string): string | null {
  const language = useLanguage();
  const held = useTariffOn(today);
  if (!held) return null;
  const { tariff, version, season } = held;
  const name = `${nameOf(language, tariff)} v${version.version}`;
  return season ? `${name}${language === 'zh' ? '，' : ', '}${nameOf(language, season)}` : name;
}

/** Today's energy by hour, renewed every minute, with yesterday's to compare. */
export function useDayByHour(today: string, buildingId?: string) {
  const query = { unit: 'hour', by: 'project', commodity: 'electricity', buildingId } as const;
  return useEnergy({ ...query, from: today, to: addDays(today, 1) }, { everyMs: MINUTE_MS });
}

/** Today's money as the books have it: what was given back stands only there. */
export const useFinanceOn = (today: string) =>
  useReport<FinanceReport>('finance', { from: today, to: addDays(today, 1) });

export type DayByHour = ReturnType<typeof useDayByHour>;
