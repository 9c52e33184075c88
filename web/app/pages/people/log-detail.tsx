/** A line of the system log in full: each thing that it tells, what was before → what is after. */
import { useTranslation } from 'react-i18next';
import type { AuditLine } from '../../people-queries.ts';

export function LogDetail({ line }: { line: AuditLine }) {
  const { t } = useTranslation();
  return (
    <dl className="log-detail">
      {Object.entries(line.detail).map(([name, value]) => (
        <Pair key={name} name={name}>
          {isChange(value) ? (
            <>
              {said(value.from)} → <b>{said(value.to)}</b>
            </>
          ) : (
            said(value)
          )}
        </Pair>
      ))}
      {line.traceId && <Pair name={t('log.trace')}>{line.traceId}</Pair>}
      <Pair name={t('log.number')}>{line.id}</Pair>
    </dl>
  );
}

function Pair({ name, children }: { name: string; children: React.ReactNode }) {
  return (
    <>
      <dt className="second">{name}</dt>
      <dd className="mono">{children}</dd>
    </>
  );
}

const isChange = (value: unknown): value is { from: unknown; to: unknown } =>
  typeof value === 'object' && value !== null && 'from' in value && 'to' in value;

const said = (value: unknown): string =>
  typeof value === 'string' ? value : value === null ? '–' : JSON.stringify(value);

/** "alarm1: 300.00 → 150.00 · reason: moved out", for one row. */
export const lineOf = (detail: Record<string, unknown>): string =>
  Object.entries(detail)
    .map(([name, value]) =>
      isChange(value)
        ? `${name}: ${said(value.from)} → ${said(value.to)}`
        : `${name}: ${said(value)}`,
    )
    .join(' · ');
