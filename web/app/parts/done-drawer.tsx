/** An act that was booked: what came of it, and the number of its receipt. */
import { useTranslation } from 'react-i18next';
import { Drawer } from './drawer.tsx';
import { Icon } from './icons.tsx';

export function DoneDrawer({
  title,
  receipt,
  onClose,
  children,
}: {
  title: string;
  /** Null where none was given out. */
  receipt: string | null;
  onClose: () => void;
  children: React.ReactNode;
}) {
  const { t } = useTranslation();
  return (
    <Drawer
      title={title}
      onClose={onClose}
      foot={
        <button type="button" className="button primary" onClick={onClose}>
          {t('act.close')}
        </button>
      }
    >
      <div className="notice good" role="status">
        <Icon name="check" />
        <div>
          <div>{children}</div>
          {receipt && (
            <div className="second">
              {t('sale.receipt')} <span className="mono">{receipt}</span>
            </div>
          )}
        </div>
      </div>
    </Drawer>
  );
}
