/** As of when the ledger is asked: now, at a position of the journal, at an instant, up to a day of the books. */
import { useTranslation } from 'react-i18next';
import type { JournalHead } from '../../books.ts';
import { Segmented } from '../../parts/segmented.tsx';
import type { LedgerSearch } from '../../search.ts';

const kinds = ['now', 'date', 'instant', 'position'] as const;

export function AsOfFilter({
  search,
  today,
  head,
  onChange,
}: {
  search: LedgerSearch;
  today: string;
  head: JournalHead | undefined;
  onChange: (change: Partial<LedgerSearch>) => void;
}) {
  const { t } = useTranslation();
  const as = search.as ?? 'now';
  const choose = (kind: (typeof kinds)[number]) =>
    onChange({
      as: kind === 'now' ? undefined : kind,
      position: kind === 'position' ? (search.position ?? head?.position) : undefined,
      date: kind === 'date' || kind === 'instant' ? (search.date ?? today) : undefined,
      time: kind === 'instant' ? (search.time ?? '00:00') : undefined,
    });
  return (
    <>
      <Segmented
        label={t('books.ledger.asOf')}
        value={as}
        onChange={choose}
        choices={kinds.map((value) => ({
          value,
          label: t(`books.ledger.as.${value}`),
          title: t(`books.ledger.asWhat.${value}`),
        }))}
      />
      {as === 'position' && (
        <input
          className="input as-input"
          inputMode="numeric"
          aria-label={t('books.ledger.as.position')}
          value={search.position ?? ''}
          maxLength={18}
          onChange={({ target }) =>
            onChange({ position: target.value.replace(/\D/g, '') || undefined })
          }
        />
      )}
      {(as === 'date' || as === 'instant') && (
        <input
          className="input as-input"
          type="date"
          aria-label={t(`books.ledger.as.${as}`)}
          value={search.date ?? today}
          onChange={({ target }) => onChange({ date: target.value || today })}
        />
      )}
      {as === 'instant' && (
        <input
          className="input as-input"
          type="time"
          aria-label={t('books.ledger.time')}
          value={search.time ?? '00:00'}
          onChange={({ target }) => onChange({ time: target.value || '00:00' })}
        />
      )}
    </>
  );
}
