/** "Correct …" of a meter: the mistakes of the trade, each a short form. */
import { Link, useNavigate } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { useCorrections } from '../../books-queries.ts';
import { useNow } from '../../clock.tsx';
import { addDays, day, localDay } from '../../dates.ts';
import { amount } from '../../format.ts';
import { useLanguage } from '../../language.ts';
import { Drawer } from '../../parts/drawer.tsx';
import { Icon } from '../../parts/icons.tsx';
import { Menu } from '../../parts/menu.tsx';
import { Empty, ProblemNotice, Skeleton, Waiting } from '../../parts/notice.tsx';
import { useMay, useProject } from '../../project.tsx';
import { DaysChart } from './days-chart.tsx';
import { EditDrawer } from './edit-drawer.tsx';
import { MistakeDrawer } from './mistake-drawer.tsx';
import { type Mistake, mistakes, type Subject } from './mistakes.ts';
import './exceptions.css';

/** Days of a silence that are looked back on. */
const SILENT_DAYS = 7;

export function Correct({ subject, open }: { subject: Subject; open: Mistake | undefined }) {
  const { t } = useTranslation();
  const may = useMay();
  const navigate = useNavigate();
  const show = (correct: Mistake | undefined) =>
    void navigate({ to: '.', search: (old) => ({ ...old, correct }), replace: !correct });
  const close = () => show(undefined);
  if (!may('reading.edit') && !may('quarantine.decide')) return null;
  return (
    <>
      <Menu
        label={t('exc.correct')}
        className="button"
        right
        button={
          <>
            <Icon name="retry" size={14} />
            {t('exc.correct')}
            <Icon name="down" size={14} />
          </>
        }
        caption={t('exc.correctWhat')}
        items={mistakes.map((key) => ({
          key,
          label: t(`exc.mistake.${key}.name`),
          onSelect: () => show(key),
        }))}
      />
      {open === 'edit' ? (
        <EditDrawer subject={subject} onClose={close} />
      ) : open === 'tariff' ? (
        <TariffDrawer onClose={close} />
      ) : open === 'silent' ? (
        <SilentDrawer subject={subject} onClose={close} />
      ) : (
        open && <MistakeDrawer key={open} act={open} subject={subject} onClose={close} />
      )}
    </>
  );
}

/** A wrong tariff is corrected where tariffs are: the way there, and which of the two it is. */
function TariffDrawer({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const { id: projectId } = useProject();
  return (
    <Drawer title={t('exc.mistake.tariff.title')} onClose={onClose}>
      <div className="stack">
        <p className="second">{t('exc.mistake.tariff.what')}</p>
        <ul className="exc-ways">
          {(['wrongAssigned', 'wrongPrice'] as const).map((way) => (
            <li key={way}>
              <h3>{t(`exc.mistake.tariff.${way}`)}</h3>
              <p className="second">{t(`exc.mistake.tariff.${way}Text`)}</p>
            </li>
          ))}
        </ul>
        <Link
          to="/projects/$projectId/tariffs"
          params={{ projectId }}
          className="button primary exc-go"
          preload={false}
        >
          <Icon name="tariff" size={14} />
          {t('exc.mistake.tariff.act')}
        </Link>
      </div>
    </Drawer>
  );
}

/** A gateway that was silent and delivered: nothing to do; what came in, and what was billed anew by it. */
function SilentDrawer({ subject, onClose }: { subject: Subject; onClose: () => void }) {
  const { t, i18n } = useTranslation();
  const componentOf = (name: string) =>
    i18n.exists(`component.${name}`) ? t(`component.${name}`) : name;
  const language = useLanguage();
  const { id: projectId, zone } = useProject();
  const now = useNow(60_000);
  const today = localDay(zone, now);
  const from = addDays(today, -SILENT_DAYS);
  const query = useCorrections({ pointId: subject.pointId, from, to: addDays(today, 1) });
  const rows = query.data?.data;
  return (
    <Drawer title={t('exc.mistake.silent.title', { code: subject.code })} onClose={onClose}>
      <div className="stack">
        <div className="notice good">
          <Icon name="check" />
          <div>
            <div className="strong">{t('exc.mistake.silent.nothing')}</div>
            <div className="second">{t('exc.mistake.silent.what')}</div>
          </div>
        </div>
        <h3>{t('exc.mistake.silent.cameIn')}</h3>
        <DaysChart
          pointId={subject.pointId}
          unit={subject.unit}
          from={new Date(now.getTime() - (SILENT_DAYS - 1) * 86_400_000).toISOString()}
          to={null}
          isPlain
        />
        <h3>{t('exc.mistake.silent.resettled')}</h3>
        {query.error && !rows ? (
          <ProblemNotice error={query.error} retry={() => void query.refetch()} />
        ) : !rows ? (
          <div aria-busy>
            <Skeleton width="80%" />
            <Waiting what={t('exc.mistake.silent.resettled')} />
          </div>
        ) : rows.length === 0 ? (
          <Empty title={t('exc.mistake.silent.none')} text={t('exc.mistake.silent.noneText')} />
        ) : (
          <table className="small-table">
            <thead>
              <tr>
                <th>{t('exc.mistake.silent.day')}</th>
                <th>{t('exc.mistake.silent.postedOn')}</th>
                <th>{t('exc.effect.difference')}</th>
              </tr>
            </thead>
            <tbody>
              {rows.map((row, index) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: two lines of a settlement may be alike.
                <tr key={`${row.settlementId}/${row.component}/${index}`}>
                  <td>
                    {day(language, row.serviceDay)}{' '}
                    <span className="quiet">{componentOf(row.component)}</span>
                  </td>
                  <td className="quiet">{day(language, row.accountingDate)}</td>
                  <td>{amount(row.difference)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
        <Link
          to="/projects/$projectId/corrections"
          params={{ projectId }}
          className="link-button"
          preload={false}
        >
          {t('exc.mistake.silent.all')}
        </Link>
      </div>
    </Drawer>
  );
}
