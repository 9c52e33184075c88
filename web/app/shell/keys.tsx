/** ?: the keys there are, and what each does on this page. */
import { useTranslation } from 'react-i18next';
import { Drawer } from '../parts/drawer.tsx';
import { useProject } from '../project.tsx';
import { pagesFor } from './pages.ts';

/** Acts of a page by their key: told where the page has them. */
const acts = ['n', 'o', 'c', 'e', 'v', 'p', 'r'] as const;
const table = ['rows', 'ends', 'open', 'select', 'extend', 'copy', 'width', 'order'] as const;

export default function Keys({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const { permissions } = useProject();
  const there = acts.filter((key) => document.querySelector(`[data-key="${key}"]`));
  return (
    <Drawer title={t('keys.title')} onClose={onClose}>
      <Group title={t('keys.everywhere')}>
        <Line keys={['⌘ K']}>{t('keys.search')}</Line>
        <Line keys={['/']}>{t('keys.filter')}</Line>
        <Line keys={['Esc']}>{t('keys.close')}</Line>
        <Line keys={['?']}>{t('keys.list')}</Line>
      </Group>
      {there.length > 0 && (
        <Group title={t('keys.page')}>
          {there.map((key) => (
            <Line key={key} keys={[key.toUpperCase()]}>
              {t(`keys.act.${key}`)}
            </Line>
          ))}
        </Group>
      )}
      <Group title={t('keys.tables')}>
        {table.map((name) => (
          <Line key={name} keys={t(`keys.table.${name}.keys`).split(' ')}>
            {t(`keys.table.${name}.does`)}
          </Line>
        ))}
      </Group>
      <Group title={t('keys.go')}>
        {pagesFor(permissions).map(
          ({ name, letter }) =>
            letter && (
              <Line key={name} keys={['G', letter.toUpperCase()]}>
                {t(`page.${name}`)}
              </Line>
            ),
        )}
      </Group>
    </Drawer>
  );
}

function Group({ title, children }: { title: string; children: React.ReactNode }) {
  return (
    <section className="keys">
      <h3 className="menu-caption">{title}</h3>
      <dl className="pairs">{children}</dl>
    </section>
  );
}

function Line({ keys, children }: { keys: readonly string[]; children: React.ReactNode }) {
  return (
    <div>
      <dt>{children}</dt>
      <dd className="nowrap">
        {keys.map((key) => (
          <kbd className="key" key={key}>
            {key}
          </kbd>
        ))}
      </dd>
    </div>
  );
}
