/**
 * Opening an account, step by step: whom, which points at what price, which money and contract; then the whole
 * of it as the server checked it, to be opened now or kept for later.
 */
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useAct } from '../../act.ts';
import { useNow } from '../../clock.tsx';
import { localDay } from '../../dates.ts';
import { useKeepOpening, useOpeningFaults } from '../../opening-queries.ts';
import type { Opening } from '../../opening-shapes.ts';
import { Drawer } from '../../parts/drawer.tsx';
import { Icon } from '../../parts/icons.tsx';
import { ProblemNotice } from '../../parts/notice.tsx';
import { Segmented } from '../../parts/segmented.tsx';
import { useProject } from '../../project.tsx';
import { useTariffs } from '../../queries.ts';
import { contentOf, draftOf, emptyDraft, wrongIn } from './draft.ts';
import { MoneyStep } from './money-step.tsx';
import { OpeningCheck } from './opening-check.tsx';
import { PointStep } from './point-step.tsx';
import { useElectric } from './use-electric.ts';
import { WhoStep } from './who-step.tsx';
import './opening.css';

const steps = ['who', 'points', 'money', 'check'] as const;
type Step = (typeof steps)[number];

export function OpeningDrawer({ opening, onClose }: { opening?: Opening; onClose: () => void }) {
  const { t } = useTranslation();
  const project = useProject();
  const today = localDay(project.zone, useNow(60_000));
  const tariffs = useTariffs().data?.data ?? [];
  const [step, setStep] = useState<Step>('who');
  const [draft, setDraft] = useState(() =>
    opening
      ? draftOf(opening.content, (id) => tariffs.find((each) => each.id === id)?.commodity)
      : emptyDraft,
  );
  const [kept, setKept] = useState<Opening | null>(null);
  const keep = useKeepOpening();
  const open = useAct<Opening>();
  const wrong = wrongIn(draft);
  const isReady = draft.name.trim() !== '' && wrong.length === 0;
  const electric = useElectric(draft);
  const content = contentOf(draft, { currency: project.currency, today, electric });
  const isChosen = step === 'points' || step === 'money';
  const asked = isReady && isChosen && draft.points.length > 0;
  const faults = useOpeningFaults(content, asked).data?.faults ?? [];
  const told = { draft, wrong, faults: asked ? faults : [] };
  const change = (part: Partial<typeof draft>) => {
    setDraft({ ...draft, ...part });
    keep.reset();
    open.reset();
  };
  const check = () =>
    keep.mutate(
      {
        openingId: kept?.id ?? opening?.id ?? null,
        content,
      },
      {
        onSuccess: (checked) => {
          setKept(checked);
          setStep('check');
        },
      },
    );
  const at = steps.indexOf(step);
  const next = steps[at + 1];
  const go = (to: Step) => (to === 'check' ? check() : setStep(to));
  if (open.data) return <Done opening={open.data} onClose={onClose} />;
  const isBusy = keep.isPending || open.isPending;
  return (
    <Drawer
      title={t('opening.title')}
      onClose={onClose}
      foot={
        <>
          <button
            type="button"
            className="button"
            // While it is not known whether it was opened, nothing else may be done with it.
            disabled={isBusy || open.unknown}
            onClick={() => (at === 0 ? onClose() : setStep(steps[at - 1] ?? 'who'))}
          >
            {t(at === 0 ? 'act.cancel' : 'act.back')}
          </button>
          {step === 'check' ? (
            <>
              <button
                type="button"
                className="button"
                disabled={isBusy || open.unknown}
                onClick={onClose}
              >
                {t('opening.keep')}
              </button>
              <button
                type="button"
                className="button primary"
                disabled={isBusy || !kept || kept.faults.length > 0}
                onClick={() => kept && open.mutate({ path: `/accounts/openings/${kept.id}/open` })}
              >
                {t(
                  open.isPending
                    ? 'opening.opening'
                    : open.unknown
                      ? 'opening.again'
                      : 'opening.open',
                )}
              </button>
            </>
          ) : (
            <button
              type="button"
              className="button primary"
              disabled={!isReady || isBusy}
              onClick={() => next && go(next)}
            >
              {t(next === 'check' ? 'opening.check' : 'opening.next')}
            </button>
          )}
        </>
      }
    >
      <div className="stack">
        <Segmented
          label={t('opening.steps')}
          value={step}
          onChange={(to) => isReady && !isBusy && go(to)}
          choices={steps.map((value) => ({ value, label: t(`opening.step.${value}`) }))}
        />
        {step === 'who' && <WhoStep {...told} onChange={change} />}
        {step === 'points' && <PointStep {...told} onChange={change} />}
        {step === 'money' && <MoneyStep {...told} onChange={change} />}
        {step === 'check' && kept && <OpeningCheck opening={kept} />}
        {keep.error && <ProblemNotice error={keep.error} />}
        {open.error && (
          <>
            <ProblemNotice error={open.error} />
            <p className="second">{t(open.unknown ? 'opening.unknown' : 'opening.notOpened')}</p>
          </>
        )}
      </div>
    </Drawer>
  );
}

function Done({ opening, onClose }: { opening: Opening; onClose: () => void }) {
  const { t } = useTranslation();
  const { id: projectId } = useProject();
  return (
    <Drawer
      title={t('opening.done')}
      onClose={onClose}
      foot={
        <>
          <button type="button" className="button" onClick={onClose}>
            {t('act.close')}
          </button>
          <Link
            to="/projects/$projectId/openings/$openingId"
            params={{ projectId, openingId: opening.id }}
            className="button primary"
          >
            <Icon name="printer" size={14} />
            {t('opening.paper')}
          </Link>
        </>
      }
    >
      <div className="stack">
        <div className="notice good" role="status">
          <Icon name="check" />
          <div>
            <div className="strong">{t('opening.isOpen', { name: opening.content.name })}</div>
            {opening.result?.sale && (
              <div className="second">
                {t('sale.receipt')} <span className="mono">{opening.result.sale.receipt}</span>
              </div>
            )}
          </div>
        </div>
        <OpeningCheck opening={opening} />
      </div>
    </Drawer>
  );
}
