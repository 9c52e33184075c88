/** Before a version is saved: what it changes, when it begins, what follows, and the reason of a correction. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { ApiProblem, call, type Tariff, type TariffVersion } from '../../../api.ts';
import { day } from '../../../dates.ts';
import { number } from '../../../format.ts';
import { nameOf, useLanguage } from '../../../language.ts';
import { Drawer } from '../../../parts/drawer.tsx';
import { Icon } from '../../../parts/icons.tsx';
import { ProblemNotice } from '../../../parts/notice.tsx';
import { useMay, useProject } from '../../../project.tsx';
import { Meaning } from './begin-panel.tsx';
import type { Beginning } from './beginning.ts';
import { type Change, changesOf } from './changes.ts';
import { asSent } from './definition.ts';
import type { Draft } from './draft.ts';
import { TextField } from './field.tsx';
import { saidFault } from './said.ts';

const REASON_MAX = 500;

export function ReviewDrawer({
  draft,
  tariffId,
  before,
  next,
  beginning,
  onReason,
  onClose,
  onSaved,
}: {
  draft: Draft;
  tariffId: string | null;
  before: TariffVersion | undefined;
  /** The number it will have. */
  next: number;
  beginning: Beginning;
  onReason: (reason: string) => void;
  onClose: () => void;
  onSaved: (tariffId: string, versionId: string | null) => void;
}) {
  const { t, i18n } = useTranslation();
  const language = useLanguage();
  const { id } = useProject();
  const may = useMay();
  const queryClient = useQueryClient();
  const definition = asSent(draft.definition);
  // What overrules a notice or is settled already takes a reason, of who may give one.
  const isCorrection =
    (beginning.kind === 'correction' || beginning.kind === 'too-soon') &&
    tariffId !== null &&
    may('tariff.correct');
  const save = useMutation({
    mutationFn: async (): Promise<{ tariffId: string; versionId: string | null }> => {
      const version = {
        effectiveFrom: draft.effectiveFrom,
        definition,
        ...(isCorrection && { correction: { reason: draft.reason.trim() } }),
      };
      if (tariffId) {
        const made = await call<TariffVersion>(`/projects/${id}/tariffs/${tariffId}/versions`, {
          method: 'POST',
          body: version,
        });
        return { tariffId, versionId: made.id };
      }
      const made = await call<Tariff & { versions: TariffVersion[] }>(`/projects/${id}/tariffs`, {
        method: 'POST',
        body: {
          name: draft.name.trim(),
          nameZh: draft.nameZh.trim() || null,
          commodity: draft.commodity,
          version,
        },
      });
      return { tariffId: made.id, versionId: made.versions[0]?.id ?? null };
    },
    onSuccess: (made) => {
      void queryClient.invalidateQueries({ queryKey: [id, 'tariff'] });
      void queryClient.invalidateQueries({ queryKey: [id, 'list'] });
      onSaved(made.tariffId, made.versionId);
    },
  });
  const changes = before ? changesOf(before.definition, definition) : null;
  const hasReason = !isCorrection || draft.reason.trim() !== '';
  const isReady = hasReason && beginning.kind !== 'unknown' && beginning.kind !== 'taken';
  return (
    <Drawer
      title={t('tariff.review.title', { version: next })}
      onClose={onClose}
      foot={
        <>
          <button type="button" className="button" onClick={onClose}>
            {t('act.back')}
          </button>
          <button
            type="button"
            className="button primary"
            disabled={!isReady || save.isPending}
            onClick={() => save.mutate()}
          >
            <Icon name="lock" size={14} />
            {t(
              save.isPending
                ? 'tariff.review.saving'
                : isCorrection
                  ? 'tariff.review.correct'
                  : 'tariff.review.save',
              { version: next },
            )}
          </button>
        </>
      }
    >
      <div className="stack">
        <dl className="pairs">
          <div>
            <dt>{t('tariff.begin.day')}</dt>
            <dd className="strong">{day(language, draft.effectiveFrom || '')}</dd>
          </div>
          {changes?.map((change) => (
            <ChangeLine key={JSON.stringify(change)} change={change} />
          ))}
        </dl>
        {changes?.length === 0 && <p className="quiet">{t('tariff.review.nothing')}</p>}
        <Meaning
          beginning={beginning}
          tariffId={tariffId ?? undefined}
          from={draft.effectiveFrom}
        />
        {isCorrection && (
          <TextField
            label={t('tariff.review.reason')}
            value={draft.reason}
            maxLength={REASON_MAX}
            onChange={onReason}
            hint={t('tariff.review.reasonHint')}
          />
        )}
        <p className="second">{t('tariff.review.never')}</p>
        {save.error && <ProblemNotice error={save.error} />}
        {save.error instanceof ApiProblem && save.error.faults.length > 0 && (
          <ul className="fault-lines">
            {save.error.faults.map((fault) => (
              <li key={fault.at + fault.message}>
                <Icon name="warning" size={13} />
                {saidFault(fault, { t, i18n, language, definition: draft.definition })}
              </li>
            ))}
          </ul>
        )}
      </div>
    </Drawer>
  );
}

function ChangeLine({ change }: { change: Change }) {
  const { t } = useTranslation();
  const language = useLanguage();
  switch (change.kind) {
    case 'component':
      return (
        <div>
          <dt>{nameOf(language, change)}</dt>
          <dd>{t(`tariff.review.component.${change.what}`)}</dd>
        </div>
      );
    case 'bands':
      return (
        <div>
          <dt>
            {nameOf(language, change)}
            {t('mark.comma')}
            {t(`tariff.dayType.${change.day}`)}
          </dt>
          <dd>{t('tariff.review.hours', { hours: number(change.hours, 2) })}</dd>
        </div>
      );
    case 'days':
      return (
        <div>
          <dt>{t(`tariff.review.${change.what}`)}</dt>
          <dd>{t('tariff.review.addedGone', { added: change.added, gone: change.gone })}</dd>
        </div>
      );
    case 'part':
      return (
        <div>
          <dt>{t(`tariff.review.part.${change.part}`)}</dt>
          <dd>{t('tariff.review.component.changed')}</dd>
        </div>
      );
  }
}
