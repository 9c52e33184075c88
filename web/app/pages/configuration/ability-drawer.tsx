/** One function of one model: how far it is known, who decided what of it, and deciding it anew. */
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useEnter, useModelDecisions } from '../../config-queries.ts';
import type { ModelAbility } from '../../config-shapes.ts';
import { fullMoment } from '../../dates.ts';
import { useLanguage } from '../../language.ts';
import { Drawer } from '../../parts/drawer.tsx';
import { Icon } from '../../parts/icons.tsx';
import { ProblemNotice, Skeleton } from '../../parts/notice.tsx';
import { useMay, useProject } from '../../project.tsx';
import { TextField } from '../tariffs/edit/field.tsx';
import { isName } from './checks.ts';

export function AbilityDrawer({
  ability,
  onClose,
}: {
  ability: ModelAbility;
  onClose: () => void;
}) {
  const { t } = useTranslation();
  const may = useMay();
  const decide = useEnter();
  const [source, setSource] = useState('');
  const { model, function: name, state, simulated, meters } = ability;
  const isOn = state === 'enabled';
  const mayDecide = state !== 'verified' && may('model.enable');
  const send = () =>
    decide.mutate(
      {
        path: '/model-functions',
        id: null,
        body: { model, function: name, enabled: !isOn, source: source.trim() },
      },
      { onSuccess: () => setSource('') },
    );
  return (
    <Drawer
      title={`${model} · ${t(`command.function.${name}.name`)}`}
      onClose={onClose}
      foot={
        <>
          <button type="button" className="button" onClick={onClose}>
            {t('act.close')}
          </button>
          {mayDecide && (
            <button
              type="button"
              className={isOn ? 'button danger' : 'button primary'}
              disabled={!isName(source) || decide.isPending}
              onClick={send}
            >
              {t(isOn ? 'config.ability.withdraw' : 'config.ability.enable')}
            </button>
          )}
        </>
      }
    >
      <div className="stack conf-form">
        <dl className="pairs">
          <div>
            <dt>{t('config.field.state')}</dt>
            <dd>
              <AbilityState ability={ability} />
            </dd>
          </div>
          <div>
            <dt>{t('config.field.meters')}</dt>
            <dd>{meters}</dd>
          </div>
        </dl>
        <p>{t(`command.function.${name}.what`)}</p>
        {state === 'verified' ? (
          <p className="second">
            {t(simulated ? 'config.ability.simulatedText' : 'config.ability.verifiedText')}
          </p>
        ) : (
          <>
            {!isOn && (
              <p className="notice warning">
                <Icon name="warning" />
                <span>{t('config.ability.risk')}</span>
              </p>
            )}
            {mayDecide ? (
              <TextField
                label={t(isOn ? 'config.ability.why' : 'config.ability.source')}
                value={source}
                onChange={setSource}
                maxLength={120}
                hint={t(isOn ? 'config.ability.whyHint' : 'config.ability.sourceHint')}
              />
            ) : (
              <p className="second">{t('config.ability.notAllowed')}</p>
            )}
            <Decisions model={model} name={name} />
          </>
        )}
        {decide.error && <ProblemNotice error={decide.error} />}
      </div>
    </Drawer>
  );
}

/** Every decision of it, the newest first: that one holds. */
function Decisions({ model, name }: { model: string; name: string }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const { zone } = useProject();
  const query = useModelDecisions();
  if (query.isError && !query.data) return <ProblemNotice error={query.error} />;
  if (!query.data) return <Skeleton width={240} />;
  const made = query.data.data.filter((each) => each.model === model && each.function === name);
  if (made.length === 0) return <p className="second">{t('config.ability.nobody')}</p>;
  return (
    <section aria-label={t('config.ability.history')}>
      <h3 className="field-label">{t('config.ability.history')}</h3>
      <ul className="conf-decisions">
        {made.map(({ id, enabled, source, decidedBy, at }) => (
          <li key={id}>
            <div className="strong">
              {t(enabled ? 'config.ability.enabled' : 'config.ability.withdrawn')}
            </div>
            <div>{source}</div>
            <div className="second">
              {t('config.lock.by', { by: decidedBy, at: fullMoment(language, zone, at) })}
            </div>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** How far it is known, or trusted, as a mark and a word. */
export function AbilityState({ ability: { state } }: { ability: ModelAbility }) {
  const { t } = useTranslation();
  const isOff = state === 'not-enabled';
  return (
    <span className={isOff ? 'state quiet' : 'state'}>
      <Icon name={isOff ? 'lock' : 'check'} size={13} />
      {t(`config.ability.state.${state}`)}
    </span>
  );
}
