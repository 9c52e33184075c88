/** Save view: the page as it stands under a name, the views of this page, and its link. */
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useMay } from '../project.tsx';
import { pageOf, useHere, useOpenView, useRemoveView, useSaveView, useViews } from '../views.ts';
import { Icon } from './icons.tsx';
import { ProblemNotice } from './notice.tsx';
import { Popover } from './popover.tsx';
import './save-view.css';

const COPIED_MS = 1500;
const NAME_MAX = 80;

export function SaveView() {
  const { t } = useTranslation();
  const here = useHere();
  const saved = useViews().data?.find(({ path }) => path === here);
  return (
    <Popover
      title={saved ? saved.name : t('views.title')}
      name="views"
      letter="v"
      className="button save-view"
      button={
        <>
          <Icon name="bookmark" size={14} {...(saved && { fill: 'currentColor' })} />
          <span className="clip">{saved ? saved.name : t('views.act')}</span>
        </>
      }
    >
      {(close) => <Content here={here} close={close} />}
    </Popover>
  );
}

function Content({ here, close }: { here: string; close: () => void }) {
  const { t } = useTranslation();
  const may = useMay();
  const views = useViews().data ?? [];
  const save = useSaveView();
  const remove = useRemoveView();
  const open = useOpenView();
  const current = views.find(({ path, isMine }) => isMine && path === here);
  const [name, setName] = useState(current?.name ?? '');
  const [isShared, setShared] = useState(current?.isShared ?? false);
  // The same name again means: this page is what the name stands for now.
  const same = views.find((view) => view.isMine && view.name === name.trim()) ?? current;
  const page = pageOf({ path: here });
  const ofPage = views.filter((view) => pageOf(view) === page);
  const failed = save.error ?? remove.error;
  return (
    <>
      <form
        className="views-form"
        onSubmit={(event) => {
          event.preventDefault();
          const body = { name: name.trim(), path: here, isShared };
          save.mutate({ viewId: same?.id, body }, { onSuccess: close });
        }}
      >
        <label className="field">
          <span className="field-label">{t('views.name')}</span>
          <input
            className="input"
            value={name}
            maxLength={NAME_MAX}
            autoComplete="off"
            onChange={(event) => setName(event.target.value)}
          />
        </label>
        {same && same.path !== here && <p className="field-hint">{t('views.replaces')}</p>}
        {may('report.read') && (
          <label className="views-share">
            <input
              type="checkbox"
              checked={isShared}
              onChange={(event) => setShared(event.target.checked)}
            />
            {t('views.share')}
          </label>
        )}
        <div className="views-acts">
          <CopyLink />
          <button
            type="submit"
            className="button primary small"
            disabled={!name.trim() || save.isPending}
          >
            {t(same ? 'views.replace' : 'views.save')}
          </button>
        </div>
      </form>
      {failed && <ProblemNotice error={failed} />}
      {ofPage.length > 0 && (
        <div className="views-list">
          <div className="menu-caption">{t('views.list')}</div>
          {ofPage.map((view) => (
            <div key={view.id} className="views-line">
              <button
                type="button"
                className="menu-item"
                aria-current={view.path === here || undefined}
                onClick={() => {
                  close();
                  open(view);
                }}
              >
                <Icon name={view.path === here ? 'check' : 'bookmark'} size={14} />
                <span className="clip" title={view.name}>
                  {view.name}
                </span>
                {view.isShared && <span className="end second">{t('views.shared')}</span>}
              </button>
              {view.isMine && (
                <button
                  type="button"
                  className="button small plain icon"
                  title={t('views.remove')}
                  aria-label={`${t('views.remove')}: ${view.name}`}
                  disabled={remove.isPending}
                  onClick={() => remove.mutate(view.id)}
                >
                  <Icon name="bin" size={14} />
                </button>
              )}
            </div>
          ))}
        </div>
      )}
    </>
  );
}

/** The address is the permalink: a colleague who opens it sees the same. */
function CopyLink() {
  const { t } = useTranslation();
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(location.href);
    setCopied(true);
    setTimeout(() => setCopied(false), COPIED_MS);
  };
  return (
    <button type="button" className="button small" onClick={() => void copy()}>
      <Icon name={copied ? 'check' : 'link'} size={14} />
      <span aria-live="polite">{t(copied ? 'views.copied' : 'views.copy')}</span>
    </button>
  );
}
