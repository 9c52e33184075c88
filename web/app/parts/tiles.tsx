/** Units as tiles in the colour of their state; the bar is load against the overload threshold. */
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { Building, LivePoint } from '../api.ts';
import { kw } from '../format.ts';
import { useProject } from '../project.tsx';
import { Icon } from './icons.tsx';
import './tiles.css';

const collator = new Intl.Collator('en', { numeric: true });

/** In the order of their codes, read as people read numbers. */
export const byCode = (a: Pick<LivePoint, 'code'>, b: Pick<LivePoint, 'code'>): number =>
  collator.compare(a.code, b.code);

/** Tenants' units only: mains count the same energy again. */
export const isUnit = ({ role, commodity }: LivePoint): boolean =>
  role === 'unit' && commodity === 'electricity';

/** The units of a floor. */
export function Tiles({
  units,
  building,
}: {
  units: readonly LivePoint[];
  building: Pick<Building, 'code'> | null;
}) {
  return (
    <div className="tiles">
      {units.toSorted(byCode).map((unit) => (
        <Tile key={unit.pointId} unit={unit} code={shortCode(unit.code, building?.code)} />
      ))}
    </div>
  );
}

function Tile({ unit, code }: { unit: LivePoint; code: string }) {
  const { t } = useTranslation();
  const { id: projectId } = useProject();
  const part = unit.powerW !== null && unit.overloadW ? unit.powerW / unit.overloadW : null;
  const state = t(`state.${unit.state}`);
  const title = [
    ...[unit.code, state, unit.lockedOut && t('lockedOut'), `${kw(unit.powerW)} kW`],
    unit.accountName,
  ]
    .filter(Boolean)
    .join(' · ');
  const body = (
    <>
      <span className="tile-code">{code}</span>
      {unit.state === 'arrears' ? (
        <Icon name="power" size={11} className="tile-mark" />
      ) : (
        unit.state !== 'lostContact' &&
        unit.state !== 'notOpened' &&
        part !== null && (
          <span className="tile-bar">
            <span style={{ width: `${Math.min(100, Math.max(4, part * 100))}%` }} />
          </span>
        )
      )}
      {unit.lockedOut && <Icon name="lock" size={11} className="tile-lock" />}
      {unit.state === 'alarm1' && <span className="tile-mark">!</span>}
      {unit.state === 'alarm2' && <span className="tile-mark">!!</span>}
    </>
  );
  if (!unit.meterId)
    return (
      <span className={`tile ${unit.state}`} title={title}>
        {body}
      </span>
    );
  return (
    <Link
      to="/projects/$projectId/meters/$meterId"
      params={{ projectId, meterId: unit.meterId }}
      className={`tile ${unit.state}`}
      title={title}
      aria-label={title}
      preload={false}
    >
      {body}
    </Link>
  );
}

/** A203 in building A is 203: the building stands at the left already. */
function shortCode(code: string, building: string | undefined): string {
  const rest = building && code.startsWith(building) ? code.slice(building.length) : code;
  return rest.replace(/^[-_ ./]+/, '') || code;
}
