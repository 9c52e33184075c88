/** An act that was booked: what came of it, and the number of its receipt. */
import { useTranslation } from 'react-i18next';
import { Drawer } from './drawer.tsx';
import { Icon } from './icons.tsx';

export function DoneDrawer({
  title,
  receipt,
  onClose,
  print,
  children,
}: {
  title: string;
  /** Null where none was given out. */
  receipt: string | null;
  onClose: () => void;
  /** The key that prints the receipt. */
  print?: React.ReactNode;
  children: React.ReactNode;
}) {
  const { t } = useTranslation();
  return (
    <Drawer
      title={title}
      onClose={onClose}
      foot={
        <>
          {print}
          <button type="button" className="button primary" onClick={onClose}>
            {t('act.close')}
          </button>
        </>
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
