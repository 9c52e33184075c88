/** What the lists of configuration share: how a row is opened, what is out of use, what to do when there is none. */
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { Icon } from '../../parts/icons.tsx';
import { Empty } from '../../parts/notice.tsx';
import { useMay } from '../../project.tsx';

export interface ListPanelProps {
  /** What is out of use comes along. */
  retired: boolean;
  sort: string | undefined;
  onSort: (sort: string | undefined) => void;
}

/** The name of a row, which opens it. */
export function OpenName({
  name,
  retired,
  inner = 0,
  mark,
  onOpen,
}: {
  name: string;
  retired: boolean;
  /** How deep it lies. */
  inner?: 0 | 1 | 2;
  /** What one must know before anything else. */
  mark?: string | null;
  onOpen: () => void;
}) {
  const { t } = useTranslation();
  const depth = inner === 2 ? ' conf-inner deep' : inner === 1 ? ' conf-inner' : '';
  return (
    <span className={depth}>
      <button type="button" className="conf-open strong" onClick={onOpen}>
        {name}
      </button>
      {retired && <span className="quiet"> · {t('config.retiredMark')}</span>}
      {mark && (
        <span className="conf-mark" role="img" aria-label={mark} title={mark}>
          <Icon name="lock" size={13} />
        </span>
      )}
    </span>
  );
}

export function NewButton({
  kind,
  permission,
  onClick,
}: {
  kind: 'building' | 'gateway' | 'meter' | 'point';
  permission: 'place.write' | 'device.write';
  onClick: () => void;
}) {
  const { t } = useTranslation();
  if (!useMay()(permission)) return null;
  return (
    <button type="button" className="button small" onClick={onClick}>
      <Icon name="plus" size={14} />
      {t(`config.new.${kind}`)}
    </button>
  );
}

export function NothingYet() {
  const { t } = useTranslation();
  return <Empty title={t('config.none')} text={t('config.noneText')} />;
}

/** What the address says is opened (search leads there), and closing it. */
export function useWanted(): { id: string | undefined; clear: () => void } {
  const { open } = useSearch({ from: '/projects/$projectId/configuration' });
  const navigate = useNavigate();
  const clear = () =>
    void navigate({ to: '.', search: (old) => ({ ...old, open: undefined }), replace: true });
  return { id: open, clear: () => open && clear() };
}
