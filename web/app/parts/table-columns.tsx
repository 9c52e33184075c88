// biome-ignore-all lint/a11y/useSemanticElements: a fieldset brings a box of its own.
/** Which columns of a table are shown, and in which order. */
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Icon } from './icons.tsx';
import type { TableLayout } from './table-layout.ts';

export function TableColumns<Row>({ layout }: { layout: TableLayout<Row> }) {
  const { t } = useTranslation();
  const [open, setOpen] = useState(false);
  const { all, shown, choose, move, reset, isChanged } = layout;
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the keys belong to the menu inside.
    <span
      className="menu-anchor"
      onKeyDown={(event) => event.key === 'Escape' && setOpen(false)}
      onBlur={(event) => {
        // A button that moves to its end loses the focus to nothing: the menu stays.
        const to = event.relatedTarget;
        if (to && !event.currentTarget.contains(to)) setOpen(false);
      }}
    >
      <button
        type="button"
        className="button small"
        aria-expanded={open}
        onClick={() => setOpen(!open)}
      >
        <Icon name="columns" size={14} />
        {t('table.columns', { shown: shown.length, all: all.length })}
      </button>
      {open && (
        <>
          <button
            type="button"
            className="menu-behind"
            aria-label={t('act.close')}
            tabIndex={-1}
            onClick={() => setOpen(false)}
          />
          <div
            className="menu right table-choice"
            role="group"
            aria-label={t('table.chooseColumns')}
          >
            {all.map((column, index) => (
              <div className="menu-item" key={column.key}>
                <label>
                  <input
                    type="checkbox"
                    checked={shown.some(({ key }) => key === column.key)}
                    disabled={index === 0}
                    onChange={(event) => choose(column.key, event.target.checked)}
                  />
                  <span className="clip">{column.title || t('table.acts')}</span>
                </label>
                {index > 0 && (
                  <>
                    <button
                      type="button"
                      className="button small plain icon"
                      aria-label={t('table.before', { column: column.title })}
                      title={t('table.before', { column: column.title })}
                      disabled={index === 1}
                      onClick={() => move(column.key, -1)}
                    >
                      <Icon name="up" size={12} />
                    </button>
                    <button
                      type="button"
                      className="button small plain icon"
                      aria-label={t('table.after', { column: column.title })}
                      title={t('table.after', { column: column.title })}
                      disabled={index === all.length - 1}
                      onClick={() => move(column.key, 1)}
                    >
                      <Icon name="down" size={12} />
                    </button>
                  </>
                )}
              </div>
            ))}
            <button type="button" className="menu-item" disabled={!isChanged} onClick={reset}>
              <Icon name="retry" size={14} />
              {t('table.reset')}
            </button>
          </div>
        </>
      )}
    </span>
  );
}
