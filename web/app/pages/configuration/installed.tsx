/** Which meter stands at a point and since when; putting one in, taking it away, and the ways to replace it or its transformers. */
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Installation } from '../../api.ts';
import { useNow } from '../../clock.tsx';
import { useConfiguredMeters, useEnter, useModels } from '../../config-queries.ts';
import type { Point } from '../../config-shapes.ts';
import { fullMoment, instantOf, wallText } from '../../dates.ts';
import { number } from '../../format.ts';
import { useLanguage } from '../../language.ts';
import { ProblemNotice } from '../../parts/notice.tsx';
import { useMay, useProject } from '../../project.tsx';
import { useInstallations } from '../../queries.ts';
import { Field } from '../exceptions/field.tsx';
import { registerOf } from '../exceptions/mistakes.ts';
import { FaultContext, SelectField, TextField } from '../tariffs/edit/field.tsx';
import { isWhole, orEmpty, wrongOf } from './checks.ts';

const isRatio = isWhole(1, 9999);
const isRegister = (text: string) => registerOf(text) !== null;

export function InstalledMeter({ point }: { point: Point }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const { id: projectId, zone } = useProject();
  const may = useMay();
  const [isOpen, open] = useState(false);
  const query = useInstallations();
  const stands = query.data?.data.find((each) => each.pointId === point.id && !each.to);
  const meter = useConfiguredMeters().data?.data.find(({ id }) => id === stands?.meterId);
  const close = () => open(false);
  const leads = (correct: 'replace' | 'ratio') =>
    meter && (
      <Link
        to="/projects/$projectId/meters/$meterId"
        params={{ projectId, meterId: meter.id }}
        search={{ correct }}
        className="button"
        preload={false}
      >
        {t(`config.installed.${correct}`)}
      </Link>
    );
  return (
    <section className="stack conf-lock" aria-label={t('config.installed.title')}>
      <h3 className="field-label">{t('config.installed.title')}</h3>
      {stands ? (
        <p>
          <b className="mono">{meter?.serial ?? '–'}</b>{' '}
          <span className="second">
            {t('config.installed.since', {
              at: fullMoment(language, zone, stands.from),
              ct: number(stands.ct),
              pt: number(stands.pt),
            })}
          </span>
        </p>
      ) : (
        query.data && !isOpen && <p className="second">{t('config.installed.none')}</p>
      )}
      {may('device.write') &&
        query.data &&
        (stands || !point.retired) &&
        (isOpen ? (
          stands ? (
            <TakeForm stands={stands} unit={unitOf(point)} onClose={close} />
          ) : (
            <PutForm point={point} onClose={close} />
          )
        ) : (
          <div className="conf-beside">
            {stands && leads('replace')}
            {stands && leads('ratio')}
            <button type="button" className="button" onClick={() => open(true)}>
              {t(stands ? 'config.installed.take' : 'config.installed.put')}
            </button>
          </div>
        ))}
    </section>
  );
}

const unitOf = ({ commodity }: Point) => (commodity === 'water' ? 'm³' : 'kWh');

function PutForm({ point, onClose }: { point: Point; onClose: () => void }) {
  const { t } = useTranslation();
  const { zone } = useProject();
  const now = useNow(60_000);
  const enter = useEnter();
  const models = useModels().data?.data ?? [];
  const [meterId, setMeter] = useState('');
  const [wall, setWall] = useState(() => wallText(zone, now));
  const [first, setFirst] = useState('');
  const [ct, setCt] = useState('1');
  const [pt, setPt] = useState('1');
  const fits = (model: string) =>
    models.find(({ name }) => name === model)?.commodity === point.commodity;
  const free = (useConfiguredMeters().data?.data ?? []).filter(
    (meter) => !meter.pointId && meter.state !== 'retired' && fits(meter.model),
  );
  const at = instantOf(zone, wall);
  const wrong = wrongOf(t, [
    ['/firstRegister', first, orEmpty(isRegister), 'register'],
    ['/ct', ct, isRatio, 'ratio'],
    ['/pt', pt, isRatio, 'ratio'],
  ]);
  const send = () =>
    enter.mutate(
      {
        path: '/installations',
        id: null,
        body: {
          ...{ pointId: point.id, meterId, from: at, ct: Number(ct), pt: Number(pt) },
          firstRegister: registerOf(first),
        },
      },
      { onSuccess: onClose },
    );
  return (
    <FaultContext.Provider value={wrong.filter(({ isEmpty }) => !isEmpty)}>
      <SelectField
        label={t('config.installed.meter')}
        value={meterId}
        onChange={setMeter}
        options={[
          { value: '', label: t('config.installed.choose', { count: free.length }) },
          ...free.map(({ id, serial, model }) => ({ value: id, label: `${serial} · ${model}` })),
        ]}
        hint={free.length === 0 && t('config.installed.noFree')}
      />
      <Field label={t('config.installed.from')} type="instant" value={wall} onChange={setWall} />
      <TextField
        label={t('config.installed.first')}
        at="/firstRegister"
        unit={unitOf(point)}
        figure
        value={first}
        onChange={setFirst}
        hint={t('config.installed.firstHint')}
      />
      <div className="conf-pair">
        <TextField label="CT" at="/ct" figure value={ct} onChange={setCt} />
        <TextField label="PT" at="/pt" figure value={pt} onChange={setPt} />
      </div>
      <Foot
        act={t('config.installed.putAct')}
        isReady={meterId !== '' && at !== null && wrong.length === 0}
        {...{ enter, send, onClose }}
      />
    </FaultContext.Provider>
  );
}

function TakeForm({
  stands,
  unit,
  onClose,
}: {
  stands: Installation;
  unit: string;
  onClose: () => void;
}) {
  const { t } = useTranslation();
  const { zone } = useProject();
  const now = useNow(60_000);
  const enter = useEnter();
  const [wall, setWall] = useState(() => wallText(zone, now));
  const [last, setLast] = useState('');
  const at = instantOf(zone, wall);
  const isEarly = at !== null && at <= stands.from;
  const wrong = wrongOf(t, [['/lastRegister', last, orEmpty(isRegister), 'register']]);
  const send = () =>
    enter.mutate(
      {
        path: `/installations/${stands.id}`,
        id: stands.id,
        body: { to: at, ...(last.trim() !== '' && { lastRegister: registerOf(last) }) },
      },
      { onSuccess: onClose },
    );
  return (
    <FaultContext.Provider value={wrong.filter(({ isEmpty }) => !isEmpty)}>
      <p className="second">{t('config.installed.takeText')}</p>
      <Field
        label={t('config.installed.to')}
        type="instant"
        value={wall}
        onChange={setWall}
        invalid={isEarly}
      />
      <TextField
        label={t('config.installed.last')}
        at="/lastRegister"
        unit={unit}
        figure
        value={last}
        onChange={setLast}
        hint={t('config.installed.lastHint')}
      />
      <Foot
        act={t('config.installed.takeAct')}
        isReady={at !== null && !isEarly && wrong.length === 0}
        {...{ enter, send, onClose }}
      />
    </FaultContext.Provider>
  );
}

function Foot({
  act,
  isReady,
  enter,
  send,
  onClose,
}: {
  act: string;
  isReady: boolean;
  enter: ReturnType<typeof useEnter>;
  send: () => void;
  onClose: () => void;
}) {
  const { t } = useTranslation();
  return (
    <>
      <div className="conf-beside">
        <button
          type="button"
          className="button primary"
          disabled={!isReady || enter.isPending}
          onClick={send}
        >
          {enter.isPending ? t('config.saving') : act}
        </button>
        <button type="button" className="button" onClick={onClose}>
          {t('act.cancel')}
        </button>
      </div>
      {enter.error && <ProblemNotice error={enter.error} />}
    </>
  );
}
