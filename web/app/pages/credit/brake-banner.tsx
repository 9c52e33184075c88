/** The brake: while it holds, nobody is cut without a person; it is released with a reason. */
import { useTranslation } from 'react-i18next';
import { useNow } from '../../clock.tsx';
import { useBrake } from '../../credit-queries.ts';
import { moment } from '../../dates.ts';
import { number } from '../../format.ts';
import { useLanguage } from '../../language.ts';
import { Icon } from '../../parts/icons.tsx';
import { useMay, useProject } from '../../project.tsx';
import { Reasoned } from '../sale/reasoned.tsx';

export function BrakeBanner() {
  const { t } = useTranslation();
  const language = useLanguage();
  const { zone } = useProject();
  const may = useMay();
  const now = useNow(60_000);
  const brake = useBrake().data;
  if (!brake?.engaged) return null;
  return (
    <div className="notice error credit-brake" role="alert">
      <Icon name="warning" />
      <div className="stack">
        <div>
          <div className="strong">
            {t('credit.brake.title', {
              at: brake.since ? moment(language, zone, brake.since, now) : '–',
            })}
          </div>
          <div className="second">
            {t('credit.brake.text', {
              trips: number(brake.tripsLastHour),
              limit: number(brake.limit),
              share: number(brake.sharePercent, 1),
              shareLimit: number(brake.shareLimit),
            })}
          </div>
        </div>
        {may('credit.act') ? (
          <Reasoned
            path="/credit-brake/release"
            label={t('credit.brake.reason')}
            choices={[{ label: t('credit.brake.release') }]}
          />
        ) : (
          <div className="second">{t('exc.notAllowed', { permission: 'credit.act' })}</div>
        )}
      </div>
    </div>
  );
}
