/** The drawer of a meter: what it is, where it is read, whether the line has time for it, and a test-read first. */
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import {
  type ConfiguredMeter,
  useBudget,
  useConfiguredLines,
  useModels,
  useTestRead,
} from '../../config-queries.ts';
import type { TestRead } from '../../config-shapes.ts';
import { number as figure, thousands } from '../../format.ts';
import { nameOf, useLanguage } from '../../language.ts';
import { Icon } from '../../parts/icons.tsx';
import { ProblemNotice } from '../../parts/notice.tsx';
import { useMay } from '../../project.tsx';
import { useProjectSettings } from '../../queries.ts';
import { SelectField, TextField } from '../tariffs/edit/field.tsx';
import { isDay, isSerial, isWhole, orEmpty, textOrNull, wrongOf } from './checks.ts';
import { EntityDrawer } from './entity-drawer.tsx';

const isSeconds = isWhole(5, 86_400);
const isUnit = isWhole(1, 247);

export function MeterDrawer({
  meter,
  onClose,
}: {
  meter: ConfiguredMeter | null;
  onClose: () => void;
}) {
  const { t } = useTranslation();
  const language = useLanguage();
  const may = useMay();
  const models = useModels().data?.data ?? [];
  const gateways = useConfiguredLines().data?.data ?? [];
  const settings = useProjectSettings().data;
  const [serial, setSerial] = useState(meter?.serial ?? '');
  const [model, setModel] = useState(meter?.model ?? 'DTSY1352');
  const [busId, setBusId] = useState(meter?.busId ?? '');
  const [unit, setUnit] = useState(meter?.unit ? String(meter.unit) : '');
  const [seconds, setSeconds] = useState(meter?.pollSeconds ? String(meter.pollSeconds) : '');
  const [verified, setVerified] = useState(meter?.verifiedUntil ?? '');
  const wanted = seconds.trim() || String(settings?.pollSeconds ?? 60);
  const budget = useBudget(
    busId && isSeconds(wanted)
      ? { busId, model, pollSeconds: wanted, meterId: meter?.id ?? null }
      : null,
  ).data;
  const test = useTestRead();
  const gateway = gateways.find(({ buses }) => buses.some(({ id }) => id === busId));
  const isOver = budget !== undefined && !budget.after.fits && !budget.after.assumed;
  const wrong = wrongOf(t, [
    ['/serial', serial, isSerial, 'serial'],
    ['/unit', unit, busId ? isUnit : orEmpty(isUnit), 'address'],
    ['/pollSeconds', seconds, orEmpty(isSeconds), 'seconds'],
    ['/verifiedUntil', verified, orEmpty(isDay), 'day'],
  ]);
  const place = { busId: busId || null, unit: unit.trim() === '' ? null : Number(unit) };
  return (
    <EntityDrawer
      title={meter ? `${t('config.kind.meter')} ${meter.serial}` : t('config.new.meter')}
      path={meter ? `/meters/${meter.id}` : '/meters'}
      id={meter?.id ?? null}
      body={{
        serial: serial.trim(),
        ...(meter ? {} : { model }),
        ...place,
        verifiedUntil: textOrNull(verified),
        ...(seconds.trim() !== '' && { pollSeconds: Number(seconds) }),
      }}
      wrong={isOver ? [...wrong, { at: '/pollSeconds', message: t('config.budget.over') }] : wrong}
      retired={meter ? meter.state === 'retired' : null}
      permission="device.write"
      onClose={onClose}
    >
      <TextField
        label={t('config.field.serial')}
        at="/serial"
        mono
        value={serial}
        onChange={setSerial}
        maxLength={40}
        hint={t('config.hint.serial')}
      />
      {meter ? (
        <p className="second">
          {t('config.field.model')} <span className="mono">{meter.model}</span>
        </p>
      ) : (
        <SelectField
          label={t('config.field.model')}
          value={model}
          onChange={(next) => {
            setModel(next);
            test.reset();
          }}
          options={(models.length ? models.map(({ name }) => name) : [model]).map((name) => ({
            value: name,
            label: name,
          }))}
        />
      )}
      <SelectField
        label={t('config.field.bus')}
        at="/busId"
        value={busId}
        onChange={(next) => {
          setBusId(next);
          test.reset();
        }}
        options={[
          { value: '', label: t('config.noBus') },
          ...gateways.flatMap((each) =>
            each.buses.map((bus) => ({
              value: bus.id,
              label: `${nameOf(language, each)} · ${bus.name}`,
            })),
          ),
        ]}
      />
      <div className="conf-pair">
        <TextField
          label={t('config.field.address')}
          at="/unit"
          figure
          value={unit}
          onChange={(next) => {
            setUnit(next);
            test.reset();
          }}
        />
        <TextField
          label={t('config.field.seconds')}
          at="/pollSeconds"
          unit="s"
          figure
          value={seconds}
          onChange={setSeconds}
          placeholder={String(settings?.pollSeconds ?? '')}
        />
      </div>
      {budget && (
        <p className={budget.after.fits ? 'second' : 'notice warning'}>
          <span>
            {t('config.budget.with', {
              now: percentOf(budget.before.busyMsPerMinute),
              after: percentOf(budget.after.busyMsPerMinute),
              limit: percentOf(budget.after.limitMsPerMinute),
            })}{' '}
            {budget.after.assumed && t('config.budget.assumed')}
          </span>
        </p>
      )}
      <TextField
        label={t('config.field.verifiedUntil')}
        at="/verifiedUntil"
        value={verified}
        onChange={setVerified}
        placeholder="2030-12-31"
      />
      {gateway && isUnit(unit) && may('device.write') && (
        <div className="conf-test">
          <button
            type="button"
            className="button"
            disabled={test.isPending}
            onClick={() =>
              test.mutate({ gatewayId: gateway.id, bus: busId, address: Number(unit), model })
            }
          >
            <Icon name="retry" size={14} />
            {t(test.isPending ? 'config.test.reading' : 'config.test.act')}
          </button>
          <span className="field-hint">{t('config.test.what')}</span>
        </div>
      )}
      {test.error && <ProblemNotice error={test.error} />}
      {test.data && (
        <TestResult
          read={test.data}
          serial={serial.trim()}
          own={meter?.id ?? null}
          onTake={setSerial}
        />
      )}
    </EntityDrawer>
  );
}

export const percentOf = (msPerMinute: number): string => {
  const percent = msPerMinute / 600;
  return percent < 10 ? percent.toFixed(1) : String(Math.round(percent));
};

/** Channels that tell at a glance whether it is the right meter. */
const shown = [
  ['activeWh', 1000, 'kWh', 2],
  ['forwardWh', 1000, 'kWh', 2],
  ['volumeL', 1000, 'm³', 3],
  ['voltageAV', 1, 'V', 1],
  ['voltageBV', 1, 'V', 1],
  ['voltageCV', 1, 'V', 1],
  ['powerW', 1000, 'kW', 2],
  ['ct', 1, '', 0],
  ['pt', 1, '', 0],
] as const;

function TestResult({
  read,
  serial,
  own,
  onTake,
}: {
  read: TestRead;
  serial: string;
  /** The meter that is being edited: that it stands there is no news. */
  own: string | null;
  onTake: (serial: string) => void;
}) {
  const { t, i18n } = useTranslation();
  const { outcome, why, quality, number, enteredAs, channels } = read;
  if (outcome !== 'read') {
    const said = i18n.exists(`config.test.why.${why}`) ? t(`config.test.why.${why}`) : (why ?? '');
    return (
      <p className="notice warning" role="status">
        <Icon name="unreachable" />
        <span>
          {outcome === 'failed'
            ? t('config.test.failed', { why: said })
            : t('config.test.unanswered')}
        </span>
      </p>
    );
  }
  const isOther = number !== null && serial !== '' && number !== serial;
  return (
    <div className={`notice ${quality === 'ok' && !isOther ? 'good' : 'warning'}`} role="status">
      <Icon name={quality === 'ok' && !isOther ? 'check' : 'warning'} />
      <div>
        <div className="strong">{t('config.test.read', { ms: read.durationMs })}</div>
        {quality !== 'ok' && <div>{t('config.test.wrongModel', { quality })}</div>}
        {number !== null && (
          <div>
            {t('config.test.number', { number })}
            {serial !== '' &&
              `${t('mark.comma')}${t(isOther ? 'config.test.other' : 'config.test.same')}`}
          </div>
        )}
        {enteredAs && enteredAs.meterId !== own && (
          <div>{t('config.test.entered', { serial: enteredAs.serial })}</div>
        )}
        <dl className="conf-channels">
          {shown.flatMap(([channel, divisor, unit, decimals]) => {
            const value = channels[channel];
            if (value === undefined) return [];
            return [
              <div key={channel}>
                <dt>{t(`config.test.channel.${channel}`)}</dt>
                <dd>
                  {thousands(Math.round((value / divisor) * 1000), decimals)} {unit}
                </dd>
              </div>,
            ];
          })}
        </dl>
        {read.clockOffsetMs !== null && (
          <div className="second">
            {t('config.test.clock', { seconds: figure(Math.round(read.clockOffsetMs / 1000)) })}
          </div>
        )}
        <div className="mono conf-words">
          {read.registers
            .map(({ address, words }) => `${address.toString(16).padStart(4, '0')}: ${words}`)
            .join('\n')}
        </div>
        {number !== null && number !== serial && (
          <button type="button" className="button small" onClick={() => onTake(number)}>
            {t('config.test.take')}
          </button>
        )}
      </div>
    </div>
  );
}
