/** Openings that wait for their day: one click opens, what keeps one from it is named. */
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useAct } from '../../act.ts';
import { nameOf, useLanguage } from '../../language.ts';
import { useKeepOpening, usePreparedOpenings } from '../../opening-queries.ts';
import type { Opening } from '../../opening-shapes.ts';
import { Icon } from '../../parts/icons.tsx';
import { ProblemNotice } from '../../parts/notice.tsx';
import { useProject } from '../../project.tsx';
import { useLive } from '../../queries.ts';
import { useFaultText } from './fault-text.ts';
import { momentText } from './moment-text.ts';
import { OpeningDrawer } from './opening-drawer.tsx';
import './opening.css';

export function PreparedPanel() {
  const { t } = useTranslation();
  const language = useLanguage();
  const { id: projectId, zone } = useProject();
  const openings = usePreparedOpenings().data?.data ?? [];
  const live = useLive('slow').data?.data ?? [];
  const say = useFaultText();
  const keep = useKeepOpening();
  const open = useAct<Opening>();
  const [edited, edit] = useState<Opening | null>(null);
  if (openings.length === 0 && !open.data) return null;
  const codeOf = (id: string) => live.find(({ pointId }) => pointId === id)?.code ?? id;
  const isBusy = keep.isPending || open.isPending;
  const error = open.error ?? keep.error;
  return (
    <section className="panel opening-panel">
      <div className="panel-head">
        <h2>{t('opening.prepared')}</h2>
        <span className="rest second">
          {t('opening.preparedCount', { count: openings.length })}
        </span>
      </div>
      {error && <ProblemNotice error={error} />}
      {open.data && (
        <div className="notice good" role="status">
          <Icon name="check" />
          <div>
            {t('opening.isOpen', { name: nameOf(language, open.data.content) })}{' '}
            <Link
              to="/projects/$projectId/openings/$openingId"
              params={{ projectId, openingId: open.data.id }}
            >
              {t('opening.paper')}
            </Link>
          </div>
        </div>
      )}
      <ul className="opening-list">
        {openings.map((opening) => {
          const { content, faults } = opening;
          const [first] = faults;
          return (
            <li key={opening.id}>
              <div className="opening-what">
                <b className="strong">{nameOf(language, content)}</b>
                <span className="second">
                  {[
                    content.points.map(({ pointId }) => codeOf(pointId)).join(t('mark.list')),
                    momentText(t, language, zone, content.from),
                    opening.changedBy,
                  ]
                    .filter(Boolean)
                    .join(' · ')}
                </span>
                {first && (
                  <span className="field-hint neg">
                    {say(first)}
                    {faults.length > 1 && ` (+${faults.length - 1})`}
                  </span>
                )}
              </div>
              <div className="opening-acts">
                <button
                  type="button"
                  className="button small"
                  disabled={isBusy}
                  onClick={() => keep.mutate({ openingId: opening.id, content: null })}
                >
                  {t('opening.withdraw')}
                </button>
                <button
                  type="button"
                  className="button small"
                  disabled={isBusy}
                  onClick={() => edit(opening)}
                >
                  {t('opening.edit')}
                </button>
                <button
                  type="button"
                  className="button small primary"
                  disabled={isBusy || faults.length > 0}
                  onClick={() => open.mutate({ path: `/accounts/openings/${opening.id}/open` })}
                >
                  {t('opening.open')}
                </button>
              </div>
            </li>
          );
        })}
      </ul>
      {edited && <OpeningDrawer opening={edited} onClose={() => edit(null)} />}
    </section>
  );
}
