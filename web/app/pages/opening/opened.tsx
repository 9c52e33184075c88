/** The confirmation of an opening: what was agreed, taken and sold, to be printed and signed. */
import { Link, useParams } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { fullMoment } from '../../dates.ts';
import { nameOf, useLanguage } from '../../language.ts';
import { useOpening } from '../../opening-queries.ts';
import { ProblemNotice, Skeleton } from '../../parts/notice.tsx';
import { PrintButton } from '../../parts/print-button.tsx';
import { useProject } from '../../project.tsx';
import { OpeningCheck } from './opening-check.tsx';
import './opening.css';

export default function Opened() {
  const { t } = useTranslation();
  const language = useLanguage();
  const project = useProject();
  const { openingId } = useParams({ from: '/projects/$projectId/openings/$openingId' });
  const query = useOpening(openingId);
  const opening = query.data;
  if (query.isError && !opening) {
    return <ProblemNotice error={query.error} retry={() => void query.refetch()} />;
  }
  return (
    <>
      <div className="head">
        <div className="head-text">
          <h1>{t('opening.confirmation')}</h1>
          <div className="head-line">
            {opening ? (
              [
                nameOf(language, project),
                opening.result
                  ? t('opening.openedAt', {
                      at: fullMoment(language, project.zone, opening.result.openedAt),
                      by: opening.result.openedBy,
                    })
                  : t(`opening.state.${opening.state}`),
              ].join(' · ')
            ) : (
              <Skeleton width={260} />
            )}
          </div>
        </div>
        <div className="head-acts">
          {opening?.accountId && (
            <Link
              to="/projects/$projectId/accounts/$accountId"
              params={{ projectId: project.id, accountId: opening.accountId }}
              className="button"
            >
              {t('opening.toAccount')}
            </Link>
          )}
          <PrintButton />
        </div>
      </div>
      {opening && (
        <section className="panel opening-paper">
          <OpeningCheck opening={opening} />
          <div className="opening-signs">
            <span>{t('opening.signOffice')}</span>
            <span>{t('opening.signCustomer')}</span>
          </div>
        </section>
      )}
    </>
  );
}
