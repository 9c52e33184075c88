/** Signed in, but no project to see yet. */
import { useTranslation } from 'react-i18next';
import { Empty } from '../parts/notice.tsx';

export default function NoProject() {
  const { t } = useTranslation();
  return (
    <main className="main" style={{ maxWidth: 640, margin: '8vh auto' }}>
      <div className="panel">
        <Empty
          title={t('noProject.title')}
          text={t('noProject.text')}
          act={<a href="/api/docs">{t('noProject.docs')}</a>}
        />
      </div>
    </main>
  );
}
