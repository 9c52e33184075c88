/** Configuration: places, gateways and buses, meters, points, what models are trusted with, and the project's defaults. */
import { getRouteApi, Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { Icon } from '../../parts/icons.tsx';
import { Segmented } from '../../parts/segmented.tsx';
import { useMay, useProject } from '../../project.tsx';
import { configurationTabs } from '../../search.ts';
import { Check } from '../tariffs/edit/field.tsx';
import { DefaultsPanel } from './defaults-panel.tsx';
import { LinesPanel } from './lines-panel.tsx';
import { MetersPanel } from './meters-panel.tsx';
import { ModelsPanel } from './models-panel.tsx';
import { PlacesPanel } from './places-panel.tsx';
import { PointsPanel } from './points-panel.tsx';
import { VendingPanel } from './vending-panel.tsx';
import './configuration.css';

const route = getRouteApi('/projects/$projectId/configuration');

const panels = {
  places: PlacesPanel,
  lines: LinesPanel,
  meters: MetersPanel,
  points: PointsPanel,
  models: ModelsPanel,
} as const;

export default function Configuration() {
  const { t } = useTranslation();
  const { id: projectId } = useProject();
  const may = useMay();
  const { tab = 'places', retired, sort } = route.useSearch();
  const navigate = route.useNavigate();
  const Panel = tab === 'defaults' ? null : panels[tab];
  return (
    <>
      <div className="head">
        <div className="head-text">
          <h1>{t('page.configuration')}</h1>
          <div className="head-line">{t('config.line')}</div>
        </div>
        <div className="head-acts">
          {may('device.write') && may('place.write') && (
            <Link
              to="/projects/$projectId/configuration/import"
              params={{ projectId }}
              className="button"
              preload={false}
            >
              <Icon name="sheet" size={14} />
              {t('config.toImport')}
            </Link>
          )}
        </div>
      </div>
      <div className="filters">
        <Segmented
          label={t('config.show')}
          value={tab}
          onChange={(next) =>
            void navigate({ search: { tab: next === 'places' ? undefined : next, retired } })
          }
          choices={configurationTabs
            .filter((value) => value !== 'models' || may('command.read'))
            .map((value) => ({ value, label: t(`config.tab.${value}`) }))}
        />
        {tab !== 'defaults' && tab !== 'models' && (
          <Check
            label={t('config.retiredToo')}
            checked={retired === true}
            onChange={(all) =>
              void navigate({ search: (now) => ({ ...now, retired: all || undefined }) })
            }
          />
        )}
      </div>
      <div className="stack">
        {Panel ? (
          <Panel
            key={tab}
            retired={retired === true}
            sort={sort}
            onSort={(next) => void navigate({ search: (now) => ({ ...now, sort: next }) })}
          />
        ) : (
          <div className="stack">
            <DefaultsPanel />
            <VendingPanel />
          </div>
        )}
      </div>
    </>
  );
}
