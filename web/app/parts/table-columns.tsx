// biome-ignore-all lint/a11y/useSemanticElements: a fieldset brings a box of its own.
/** Which columns of a table are shown. */
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Icon } from './icons.tsx';
import type { Column } from './table-model.ts';

export function TableColumns<Row>({
  columns,
  chosen,
  choose,
}: {
  columns: readonly Column<Row>[];
  chosen: ReadonlySet<string>;
  choose: (key: string, shown: boolean) => void;
}) {
  const { t } = useTranslation();
  const [open, setOpen] = useState(false);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the keys belong to the menu inside.
    <span
      className="menu-anchor"
      onKeyDown={(event) => event.key === 'Escape' && setOpen(false)}
      onBlur={(event) => !event.currentTarget.contains(event.relatedTarget) && setOpen(false)}
    >
      <button
        type="button"
        className="button small"
        aria-expanded={open}
        onClick={() => setOpen(!open)}
      >
        <Icon name="columns" size={14} />
        {t('table.columns', { shown: chosen.size, all: columns.length })}
      </button>
      {open && (
        <div className="menu right" role="group" aria-label={t('table.chooseColumns')}>
          {columns.map((column, index) => (
            <label className="menu-item" key={column.key}>
              <input
                type="checkbox"
                checked={chosen.has(column.key)}
                disabled={index === 0}
                onChange={(event) => choose(column.key, event.target.checked)}
              />
              {column.title}
            </label>
          ))}
        </div>
      )}
    </span>
  );
}
