/** What is published and tariffs refer to: monthly price indexes and lists of event days. */
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { useProject } from '../../../project.tsx';
import { EventDaysPanel } from './event-days.tsx';
import { IndexesPanel } from './indexes.tsx';
import '../tariffs.css';
import '../edit/edit.css';

export default function Published() {
  const { t } = useTranslation();
  const { id: projectId } = useProject();
  return (
    <>
      <div className="head">
        <div className="head-text">
          <div className="head-title">
            <h1>{t('tariff.published.title')}</h1>
          </div>
          <div className="head-line">{t('tariff.published.line')}</div>
        </div>
        <div className="head-acts">
          <Link to="/projects/$projectId/tariffs" params={{ projectId }} className="button">
            {t('page.tariffs')}
          </Link>
        </div>
      </div>
      <div className="published-columns">
        <IndexesPanel />
        <EventDaysPanel />
      </div>
    </>
  );
}
