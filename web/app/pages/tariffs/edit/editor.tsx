/** The editor of a version: what it costs, by steps, by season and hour; beside it whether it holds. */
import { lazy, Suspense, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Tariff, TariffVersion } from '../../../api.ts';
import { nameOf, useLanguage } from '../../../language.ts';
import { Icon } from '../../../parts/icons.tsx';
import { Empty } from '../../../parts/notice.tsx';
import { Segmented } from '../../../parts/segmented.tsx';
import { useMay } from '../../../project.tsx';
import { useCheck, useEventDays, usePriceIndexes } from '../../../tariff-queries.ts';
import type { TariffCalendar } from '../../../tariff-shapes.ts';
import { versionOn } from '../calendar.ts';
import { BeginPanel } from './begin-panel.tsx';
import { beginningOf } from './beginning.ts';
import { CalendarEditor } from './calendar-editor.tsx';
import { ChecksPanel } from './checks-panel.tsx';
import { ComponentsPanel } from './components-panel.tsx';
import { asSent, plainCalendar } from './definition.ts';
import { type Draft, fromExample, useDraft } from './draft.ts';
import { FaultContext, TextField } from './field.tsx';
import { LabelsPanel } from './labels-panel.tsx';
import type { FaultPlace } from './places.ts';
import { ReviewDrawer } from './review-drawer.tsx';
import { saidFault } from './said.ts';
import { SamplePanel } from './sample-panel.tsx';
import { StepsPanel } from './steps-panel.tsx';
import { TextDrawer } from './text-drawer.tsx';

/** Their definitions are fetched when they are asked for. */
const ExamplesDrawer = lazy(() => import('./examples-drawer.tsx'));

export function Editor({
  name,
  start,
  tariff,
  base,
  today,
  onSaved,
  onLeave,
}: {
  /** What the draft is kept under. */
  name: string;
  start: () => Draft;
  tariff: (Tariff & { versions: TariffVersion[] }) | undefined;
  base: TariffVersion | undefined;
  today: string;
  onSaved: (tariffId: string, versionId: string | null) => void;
  onLeave: () => void;
}) {
  const { t, i18n } = useTranslation();
  const language = useLanguage();
  const may = useMay();
  const work = useDraft(name, start);
  const { draft, change, define } = work;
  const { definition, commodity } = draft;
  const versions = tariff?.versions ?? [];
  const next = Math.max(0, ...versions.map(({ version }) => version)) + 1;
  const checked = useCheck(commodity, asSent(definition));
  const say = { t, i18n, language, definition };
  const faults = checked.faults.map((each) => ({ ...each, message: saidFault(each, say) }));
  const check = { ...checked, faults };
  const inForce = versionOn(versions, today);
  const notice = inForce?.definition.noticeDays ?? 0;
  const beginning = beginningOf(draft.effectiveFrom, today, notice, versions);
  const indexes = unique(usePriceIndexes().data?.data.map(({ code }) => code));
  const lists = unique(useEventDays().data?.data.map(({ list }) => list));
  const [season, showSeason] = useState(0);
  const [opened, open] = useState<number | null>(definition.components.length === 1 ? 0 : null);
  const [shown, show] = useState<'review' | 'text' | 'examples' | null>(null);
  const isSound = check.isKnown && check.faults.length === 0;
  const isNamed = !!tariff || draft.name.trim() !== '';
  const setCalendar = (to: (calendar: TariffCalendar) => TariffCalendar, group?: string) =>
    define((now) => (now.calendar ? { ...now, calendar: to(now.calendar) } : now), group);
  const go = ({ part, index }: FaultPlace) => {
    if (index !== null && (part === 'week' || part === 'year')) showSeason(index);
    if (index !== null && part === 'components') open(index);
    // What is opened by this is there after the next drawing.
    requestAnimationFrame(() =>
      document
        .getElementById(
          part === 'components' && index !== null ? `component-${index}` : `part-${part}`,
        )
        ?.scrollIntoView({ block: 'start' }),
    );
  };
  if (!may('tariff.write')) {
    return (
      <section className="panel">
        <Empty icon="lock" title={t('tariff.mayNot')} text={t('tariff.mayNotText')} />
      </section>
    );
  }
  return (
    <FaultContext.Provider value={check.faults}>
      <div className="head">
        <div className="head-text">
          <div className="head-title">
            <h1>{tariff ? nameOf(language, tariff) : draft.name || t('tariff.new')}</h1>
            <span className="chip plain">{t('tariff.draftOf', { version: next })}</span>
          </div>
          <div className="head-line">
            {base ? t('tariff.copyOf', { version: base.version }) : t('tariff.firstVersion')} ·{' '}
            {t(work.isChanged || work.wasKept ? 'tariff.keptHere' : 'tariff.unchanged')}
          </div>
        </div>
        <div className="head-acts wrapping">
          <button
            type="button"
            className="button"
            disabled={!work.undo}
            onClick={() => work.undo?.()}
          >
            <Icon name="retry" size={14} style={{ transform: 'scaleX(-1)' }} />
            {t('tariff.undo')}
          </button>
          <button type="button" className="button" onClick={() => show('text')}>
            {t('tariff.text.act')}
          </button>
          <button type="button" className="button plain" onClick={onLeave}>
            {t('tariff.leave')}
          </button>
          <button
            type="button"
            className="button primary"
            disabled={!isSound || !check.isFresh || !isNamed}
            onClick={() => show('review')}
          >
            <Icon name="lock" size={14} />
            {t('tariff.review.act', { version: next })}
          </button>
        </div>
      </div>
      {work.wasKept && (
        <div className="notice warning kept-notice">
          <Icon name="clock" />
          <div>
            <span>{t('tariff.found')}</span>{' '}
            <button type="button" className="button small" onClick={work.restart}>
              {t('tariff.startOver')}
            </button>
          </div>
        </div>
      )}
      <div className="tariff-columns edit">
        <div className="stack side">
          {!tariff && (
            <NewTariff draft={draft} change={change} onExamples={() => show('examples')} />
          )}
          <BeginPanel {...{ draft, beginning }} tariffId={tariff?.id} onChange={change} />
          <ChecksPanel definition={definition} check={check} onGo={go} />
        </div>
        <div className="stack">
          <ComponentsPanel
            definition={definition}
            before={base?.definition}
            commodity={commodity}
            indexes={indexes}
            lists={lists}
            opened={opened}
            onOpen={open}
            define={define}
          />
          <StepsPanel definition={definition} commodity={commodity} define={define} />
          {definition.calendar ? (
            <CalendarEditor
              calendar={definition.calendar}
              before={base}
              labels={definition.labels}
              shown={Math.min(season, definition.calendar.seasons.length - 1)}
              onShow={showSeason}
              lists={lists}
              today={today}
              effectiveFrom={draft.effectiveFrom}
              onChange={setCalendar}
              onRemove={() => define(({ calendar: _, ...rest }) => rest)}
            />
          ) : (
            <section className="panel" id="part-week">
              <Empty
                icon="tariff"
                title={t('tariff.onePrice')}
                text={t('tariff.onePriceEdit')}
                act={
                  <button
                    type="button"
                    className="button small"
                    onClick={() =>
                      define((now) => ({ ...now, calendar: plainCalendar(t('tariff.wholeYear')) }))
                    }
                  >
                    <Icon name="plus" size={14} />
                    {t('tariff.addCalendar')}
                  </button>
                }
              />
            </section>
          )}
          {definition.calendar && <LabelsPanel definition={definition} define={define} />}
          <SamplePanel
            draft={draft}
            against={base?.id ?? null}
            before={base?.version ?? null}
            next={next}
            today={today}
            season={definition.calendar?.seasons[season]}
            faulty={check.isKnown ? !isSound : null}
            isChecked={check.isFresh}
          />
        </div>
      </div>
      {shown === 'review' && (
        <ReviewDrawer
          draft={draft}
          tariffId={tariff?.id ?? null}
          before={base}
          next={next}
          beginning={beginning}
          onReason={(reason) => change((now) => ({ ...now, reason }), 'reason')}
          onClose={() => show(null)}
          onSaved={(tariffId, versionId) => {
            work.discard();
            onSaved(tariffId, versionId);
          }}
        />
      )}
      {shown === 'examples' && (
        <Suspense>
          <ExamplesDrawer
            onClose={() => show(null)}
            onTake={(example) => {
              change((now) => fromExample(now, example));
              showSeason(0);
              show(null);
            }}
          />
        </Suspense>
      )}
      {shown === 'text' && (
        <TextDrawer
          definition={definition}
          onClose={() => show(null)}
          onTake={(taken) => {
            define(() => taken);
            show(null);
          }}
        />
      )}
    </FaultContext.Provider>
  );
}

const unique = (codes: readonly string[] | undefined): string[] => [...new Set(codes)].sort();

function NewTariff({
  draft,
  change,
  onExamples,
}: {
  draft: Draft;
  change: (to: (draft: Draft) => Draft, group?: string) => void;
  onExamples: () => void;
}) {
  const { t } = useTranslation();
  return (
    <section className="panel">
      <div className="panel-head">
        <h2>{t('tariff.new')}</h2>
      </div>
      <div className="panel-body stack tight">
        <button type="button" className="button small" onClick={onExamples}>
          <Icon name="copy" size={14} />
          {t('tariff.examples.act')}
        </button>
        <TextField
          label={t('tariff.name')}
          value={draft.name}
          maxLength={80}
          onChange={(name) => change((now) => ({ ...now, name }), 'name')}
        />
        <TextField
          label={t('tariff.nameZh')}
          value={draft.nameZh}
          maxLength={80}
          onChange={(nameZh) => change((now) => ({ ...now, nameZh }), 'zh')}
        />
        <Segmented
          label={t('tariff.commodity')}
          value={draft.commodity}
          onChange={(commodity) => change((now) => ({ ...now, commodity }))}
          choices={[
            { value: 'electricity', label: t('commodity.electricity') },
            { value: 'water', label: t('commodity.water') },
          ]}
        />
      </div>
    </section>
  );
}
