/** A sheet at the right (from below on a phone): Escape and the cross close it, the focus stays inside. */
import { useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { Icon } from './icons.tsx';

export function Drawer({
  title,
  onClose,
  foot,
  wide,
  children,
}: {
  title: string;
  onClose: () => void;
  foot?: React.ReactNode;
  /** For tables. */
  wide?: boolean;
  children: React.ReactNode;
}) {
  const { t } = useTranslation();
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const element = dialog.current;
    // The browser's own dialog keeps the focus inside and the page behind still.
    element?.showModal();
    element?.querySelector<HTMLElement>('.drawer-body input:not([type=checkbox])')?.focus();
    return () => element?.close();
  }, []);
  return (
    <dialog
      ref={dialog}
      className={wide ? 'drawer wide' : 'drawer'}
      aria-label={title}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
    >
      <div className="drawer-head">
        <h2>{title}</h2>
        <span className="topbar-rest" />
        <button
          type="button"
          className="button plain icon"
          aria-label={t('act.close')}
          onClick={onClose}
        >
          <Icon name="cross" />
        </button>
      </div>
      <div className="drawer-body">{children}</div>
      {foot && <div className="drawer-foot">{foot}</div>}
    </dialog>
  );
}
