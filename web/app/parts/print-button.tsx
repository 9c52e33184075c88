/** Print: the page as a paper, with nothing on it but what it says. */
import { useTranslation } from 'react-i18next';
import { Icon } from './icons.tsx';

export function PrintButton() {
  const { t } = useTranslation();
  return (
    <button
      type="button"
      className="button icon print-act"
      data-key="p"
      title={t('keys.act.p')}
      aria-label={t('keys.act.p')}
      onClick={() => print()}
    >
      <Icon name="printer" size={14} />
    </button>
  );
}
