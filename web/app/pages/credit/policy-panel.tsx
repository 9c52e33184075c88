/** The policy that holds, in plain words and as figures; its versions with who and why; the form that writes the next. */
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useNow } from '../../clock.tsx';
import { usePolicy, usePolicyVersions } from '../../credit-queries.ts';
import type { PolicyVersion } from '../../credit-shapes.ts';
import { moment } from '../../dates.ts';
import { useLanguage } from '../../language.ts';
import { Icon } from '../../parts/icons.tsx';
import { ProblemNotice, Skeleton } from '../../parts/notice.tsx';
import { useMay, useProject } from '../../project.tsx';
import { PolicyForm } from './policy-form.tsx';
import { PolicyWords } from './policy-words.tsx';

export function PolicyPanel() {
  const { t } = useTranslation();
  const may = useMay();
  const query = usePolicy();
  // The version that the form began from: a newer one is told by the server, never written over.
  const [begun, begin] = useState<PolicyVersion>();
  const current = query.data;
  if (query.isError && !current) {
    return <ProblemNotice error={query.error} retry={() => void query.refetch()} />;
  }
  if (!current) return <Skeleton width="100%" height={240} />;
  return (
    <div className="columns" style={{ '--side': '340px' } as React.CSSProperties}>
      <section className="panel" aria-label={t('credit.tab.policy')}>
        <div className="panel-head">
          <h2>{t(begun ? 'credit.policyNext' : 'credit.policyNow')}</h2>
          {!begun && <ModeMark mode={current.policy.mode} />}
          <span className="rest">
            {may('credit.write') && !begun && (
              <button type="button" className="button small" onClick={() => begin(current)}>
                <Icon name="edit" size={14} />
                {t('credit.edit')}
              </button>
            )}
          </span>
        </div>
        <div className="panel-body">
          {begun ? (
            <PolicyForm from={begun} onDone={() => begin(undefined)} />
          ) : (
            <PolicyWords policy={current.policy} />
          )}
        </div>
      </section>
      <Versions current={current} />
    </div>
  );
}

function ModeMark({ mode }: { mode: PolicyVersion['policy']['mode'] }) {
  const { t } = useTranslation();
  const tone = { off: 'notOpened', propose: 'alarm1', automatic: 'arrears' }[mode];
  return (
    <span className={`chip ${tone}`}>
      <Icon name={mode === 'off' ? 'lock' : 'power'} size={13} />
      {t(`credit.mode.${mode}`)}
    </span>
  );
}

function Versions({ current }: { current: PolicyVersion }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const { zone } = useProject();
  const now = useNow(60_000);
  const versions = usePolicyVersions().data?.data ?? (current.since ? [current] : []);
  return (
    <section className="panel" aria-label={t('credit.versions')}>
      <div className="panel-head">
        <h2>{t('credit.versions')}</h2>
      </div>
      <ol className="credit-versions">
        {versions.map((version) => (
          <li key={version.version}>
            <details>
              <summary>
                <span className="strong">{t('credit.version', { n: version.version })}</span>
                <ModeMark mode={version.policy.mode} />
                <span className="second">
                  {version.since ? moment(language, zone, version.since, now) : '–'} ·{' '}
                  {version.by ?? '–'}
                </span>
                <span className="credit-why">{version.reason}</span>
              </summary>
              <PolicyWords policy={version.policy} />
            </details>
          </li>
        ))}
        {versions.length === 0 && <li className="quiet">{t('credit.noVersions')}</li>}
      </ol>
    </section>
  );
}
