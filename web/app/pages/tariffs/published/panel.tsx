/** The frame of what is published by codes: one code chosen, what stands under it, and a form for more. */
import type { UseQueryResult } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { Empty, ProblemNotice, Skeleton, Waiting } from '../../../parts/notice.tsx';
import { Segmented } from '../../../parts/segmented.tsx';

/** As the server takes the code of an index or a list. */
export const isCode = (text: string): boolean => /^[a-z][a-z0-9-]{0,39}$/.test(text);

export function PublishedPanel({
  what,
  query,
  codes,
  code,
  onCode,
  children,
}: {
  what: 'index' | 'events';
  query: UseQueryResult<{ data: readonly unknown[] }>;
  codes: readonly string[];
  code: string;
  onCode: (code: string) => void;
  children: React.ReactNode;
}) {
  const { t } = useTranslation();
  const title = t(`tariff.${what}.title`);
  const rows = query.data?.data;
  return (
    <section className="panel" aria-label={title}>
      <div className="panel-head">
        <h2>{title}</h2>
        {codes.length > 1 && (
          <Segmented
            label={title}
            value={code}
            onChange={onCode}
            choices={codes.map((value) => ({ value, label: value }))}
          />
        )}
        {codes.length === 1 && <span className="mono rest">{code}</span>}
      </div>
      {query.error && !rows && (
        <div className="panel-body">
          <ProblemNotice error={query.error} retry={() => void query.refetch()} />
        </div>
      )}
      {!rows && !query.error && (
        <div className="panel-body" aria-busy>
          <Skeleton width="60%" />
          <Waiting what={title} />
        </div>
      )}
      {rows?.length === 0 && (
        <Empty title={t(`tariff.${what}.none`)} text={t(`tariff.${what}.noneText`)} />
      )}
      {children}
    </section>
  );
}
