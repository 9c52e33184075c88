/** A charge line opened: amount, tariff version and rule, quarter-hours, and the readings behind one of them. */
import { Link } from '@tanstack/react-router';
import type { TFunction } from 'i18next';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { day, time } from '../../dates.ts';
import type {
  Boundary,
  ExplainedInterval,
  ExplainedLine,
  ExplainedQuarterHour,
  Explanation,
  LineKey,
} from '../../explanation.ts';
import { useExplanation } from '../../explanation.ts';
import { amount, currencyName, number } from '../../format.ts';
import { nameOf, useLanguage } from '../../language.ts';
import { Icon } from '../../parts/icons.tsx';
import { ProblemNotice, Skeleton } from '../../parts/notice.tsx';
import { isRank, rankVar } from '../../parts/palette.ts';
import { useProject } from '../../project.tsx';
import './explain.css';

/** Differences that are told before the rest is counted. */
const DIFFERENCES_SHOWN = 3;

export function ExplainBlock({
  settlementId,
  line: key,
  linked = true,
}: {
  settlementId: string;
  line: LineKey;
  /** False on the page that the link leads to. */
  linked?: boolean;
}) {
  const { t } = useTranslation();
  const [slot, setSlot] = useState<number | null>(null);
  const query = useExplanation(settlementId, { line: key });
  const found = query.data;
  const line = found?.lines[0];
  const chosen = slot ?? found?.intervals[0]?.slot ?? null;
  if (query.isError && !found) {
    return <ProblemNotice error={query.error} retry={() => void query.refetch()} />;
  }
  return (
    <div className="explain" aria-busy={!found}>
      <Verdict found={found} settlementId={settlementId} linked={linked} />
      <div className="explain-steps">
        <Step n={1} title={t('explain.amount')}>
          {line ? <Amount line={line} /> : <Lines count={4} />}
        </Step>
        <Step n={2} title={t('explain.tariff')}>
          {line ? <Tariff line={line} /> : <Lines count={4} />}
        </Step>
        <Step
          n={3}
          title={
            found
              ? t('explain.intervals', { count: found.intervals.length })
              : t('explain.quality.measured')
          }
          unit={line && baseUnit(line)}
        >
          {found ? (
            <Intervals intervals={found.intervals} chosen={chosen} choose={setSlot} />
          ) : (
            <Lines count={8} />
          )}
        </Step>
        {chosen !== null && found && line && (
          <Samples settlementId={settlementId} line={line} lineKey={key} slot={chosen} />
        )}
      </div>
    </div>
  );
}

const baseUnit = ({ unit }: Pick<ExplainedLine, 'unit'>) => (unit === 'l' ? 'm³' : 'kWh');

function Lines({ count }: { count: number }) {
  return Array.from({ length: count }, (_, i) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: places that wait, all alike.
    <p key={i}>
      <Skeleton width={`${90 - 10 * (i % 3)}%`} />
    </p>
  ));
}

function Step({
  n,
  title,
  unit,
  children,
}: {
  n: number;
  title: string;
  unit?: string | undefined;
  children: ReactNode;
}) {
  return (
    <section className="explain-step">
      <h3>
        <i>{n}</i>
        {title} {unit && <span className="unit">{unit}</span>}
      </h3>
      {children}
    </section>
  );
}

/** Whether all of it comes to the same, or where it does not. */
export function Verdict({
  found,
  settlementId,
  linked,
}: {
  found: Explanation | undefined;
  settlementId: string;
  linked: boolean;
}) {
  const { t } = useTranslation();
  const { id: projectId, zone } = useProject();
  if (!found) return <Skeleton width={260} />;
  const { agrees, differences, settlement } = found;
  const tone = agrees === false ? 'neg' : agrees ? 'pos' : 'old';
  const shown = differences.slice(0, DIFFERENCES_SHOWN);
  const rest = differences.length - shown.length;
  return (
    <div className="explain-verdict">
      <span className={`state strong ${tone}`}>
        <Icon name={agrees ? 'check' : 'warning'} size={14} />
        {t(agrees === false ? 'explain.differs' : agrees ? 'explain.agrees' : 'explain.partly')}
      </span>
      {linked && (
        <Link
          to="/projects/$projectId/explain/$settlementId"
          params={{ projectId, settlementId }}
          className="second"
        >
          {t('explain.permalink')}
        </Link>
      )}
      {agrees === false && (
        <ul className="second">
          {shown.map((d) => (
            <li key={`${d.what}/${d.slot}/${d.component}/${d.reason}`}>
              {d.at ? `${time(zone, d.at)} ` : ''}
              {t(`explain.reason.${d.reason}`, differenceWords(d))}
            </li>
          ))}
          {rest > 0 && <li>{t('explain.more', { count: rest })}</li>}
        </ul>
      )}
      {settlement.dirty && (
        <span className="second old">{t('explain.dirty', { why: settlement.dirty })}</span>
      )}
    </div>
  );
}

const differenceWords = ({ what, stored, recomputed }: Explanation['differences'][number]) => {
  const text = (value: string | null) =>
    value === null ? '–' : what === 'interval' ? number(Number(value) / 1000, 3) : amount(value, 4);
  return { stored: text(stored), recomputed: text(recomputed) };
};

function Amount({ line }: { line: ExplainedLine }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const { currency } = useProject();
  const unit = currencyName(currency, language);
  const { rounding, before } = line;
  const rate = number(Number(line.taxRate) * 100, 1);
  const tax = line.taxIncluded ? t('explain.taxIn', { rate }) : t('explain.taxOn', { rate });
  return (
    <>
      <p className="explain-figure">
        {amount(line.exact, 4)} <span className="unit">{unit}</span>
      </p>
      <p>
        {quantityOf(line)} × {price(line.price)}
      </p>
      <p>
        {t('explain.cumulated', {
          before: amount(rounding.exactBefore, 4),
          after: amount(rounding.exactAfter, 4),
        })}
      </p>
      <p>{t('explain.posted', { posted: `${amount(rounding.posted.amount)} ${unit}` })}</p>
      <p>{Number(line.taxRate) === 0 ? t('explain.noTax') : tax}</p>
      {before && (
        <p>
          {t('explain.before', {
            quantity: quantityOf({ ...line, quantity: before.quantity }),
            price: price(before.price),
            exact: amount(before.exact, 4),
          })}
        </p>
      )}
    </>
  );
}

/** All decimals that a price has, at least four. */
const price = (text: string) => amount(text, Math.max(4, text.split('.')[1]?.length ?? 0));

const quantityOf = ({ quantity, unit }: Pick<ExplainedLine, 'quantity' | 'unit'>) =>
  unit === 'day'
    ? '1 d'
    : `${number(quantity / 1000, 3)} ${unit === 'l' ? 'm³' : unit === 'w' ? 'kW' : 'kWh'}`;

function Tariff({ line }: { line: ExplainedLine }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const { tariff, rule } = line;
  const rank = String(line.period ?? '');
  const { period } = rule;
  const label = period?.label
    ? nameOf(language, period.label)
    : isRank(rank)
      ? t(`period.${rank}`)
      : nameOf(language, line);
  return (
    <>
      <p className="strong">
        {t('explain.version', { name: tariff.name, version: tariff.version })}
      </p>
      <p>{t('explain.effective', { day: day(language, tariff.effectiveFrom) })}</p>
      <p className="explain-price">
        <span className="state strong">
          {isRank(rank) && <i className="swatch" style={{ background: rankVar(rank) }} />}
          {label}
        </span>
        <span className="strong">{price(line.price)}</span>
      </p>
      {period && (
        <>
          <p>{period.bands.map(({ from, to }) => `${from}–${to}`).join(t('mark.list'))}</p>
          <p>
            {t('explain.season', { ...period.season, season: nameOf(language, period.season) })}
            {' · '}
            {t(`explain.dayType.${period.dayType}`)}
            {period.clock === 'standard' && ` · ${t('explain.standard')}`}
          </p>
        </>
      )}
      {ruleWords(line, t).map((words) => (
        <p key={words}>{words}</p>
      ))}
    </>
  );
}

/** The rest of a rule in words, a line each. */
function ruleWords(line: ExplainedLine, t: TFunction): string[] {
  const { price: trail, steps, fee, demand, allowance, minimum } = line.rule;
  const unit = baseUnit(line);
  const of = (base: number) => `${number(base / 1000)} ${unit}`;
  const words: string[] = [];
  if (trail && (trail.adder || trail.factor || trail.index)) {
    const parts = [`${t('explain.base')} ${price(trail.base)}`];
    if (trail.factor) parts.push(`${t('explain.factor')} ${trail.factor}`);
    if (trail.adder) parts.push(`${t('explain.adder', { step: line.step })} ${trail.adder}`);
    if (trail.index) {
      const sign = trail.index.as === 'factor' ? '×' : '+';
      parts.push(`${t('explain.index', { sign, code: trail.index.code })} ${trail.index.value}`);
    }
    words.push(parts.join(' '));
  }
  if (steps) {
    words.push(
      t('explain.step', {
        step: line.step,
        from: of(steps.from),
        to: steps.to === null ? t('explain.noEnd') : of(steps.to),
        used: of(steps.usedBefore),
      }),
    );
  }
  if (fee) words.push(t(fee.per === 'month' ? 'explain.feeMonth' : 'explain.feeDay', { ...fee }));
  if (demand) {
    words.push(
      t('explain.demand', {
        demand: number(demand.demandW / 1000, 2),
        before: number(demand.beforeW / 1000, 2),
      }),
    );
  }
  if (allowance) {
    words.push(
      t('explain.allowance', { free: of(allowance.free), used: of(allowance.usedBefore) }),
    );
  }
  if (minimum) {
    words.push(
      t('explain.minimum', {
        ...{ least: amount(minimum.least), counted: amount(minimum.counted) },
        ...{ held: minimum.heldDays, days: minimum.days },
      }),
    );
  }
  return words;
}

function Intervals({
  intervals,
  chosen,
  choose,
}: {
  intervals: readonly ExplainedInterval[];
  chosen: number | null;
  choose: (slot: number) => void;
}) {
  const { t } = useTranslation();
  const { zone } = useProject();
  const most = Math.max(1, ...intervals.map(({ quantity }) => quantity ?? 0));
  const total = intervals.reduce((sum, { quantity }) => sum + (quantity ?? 0), 0);
  if (intervals.length === 0) return <p>{t('explain.noIntervals')}</p>;
  return (
    <>
      <ol className="explain-bars">
        {intervals.map((i) => {
          const rank = String(i.rank ?? '');
          const color = isRank(rank) ? rankVar(rank) : 'var(--text3)';
          const quality = i.quality.startsWith('estimated') ? 'estimated' : i.quality;
          const name =
            quality === 'estimated' ? t('explain.estimated') : t(`explain.quality.${quality}`);
          return (
            <li key={i.slot}>
              <button
                type="button"
                aria-pressed={i.slot === chosen}
                title={i.reason ? t(`explain.reason.${i.reason}`, slotWords(i)) : name}
                className={i.reason ? 'neg' : undefined}
                onClick={() => choose(i.slot)}
              >
                <span>{time(zone, i.start)}</span>
                <span className="explain-bar">
                  <i
                    className={quality}
                    style={{ width: `${(100 * Math.max(0, i.quantity ?? 0)) / most}%`, color }}
                  />
                </span>
                <span>{i.quantity === null ? '–' : number(i.quantity / 1000, 3)}</span>
              </button>
            </li>
          );
        })}
      </ol>
      <p className="explain-total">
        <span>{t('total')}</span>
        <span>{number(total / 1000, 3)}</span>
      </p>
    </>
  );
}

const slotWords = ({ quantity, recomputed }: ExplainedInterval) => ({
  stored: quantity === null ? '–' : number(quantity / 1000, 3),
  recomputed: recomputed === null ? '–' : number(recomputed / 1000, 3),
});

function Samples({
  settlementId,
  line,
  lineKey,
  slot,
}: {
  settlementId: string;
  line: ExplainedLine;
  lineKey: LineKey;
  slot: number;
}) {
  const { t } = useTranslation();
  const { zone } = useProject();
  const query = useExplanation(settlementId, { line: lineKey, slot });
  const detail = query.data?.detail;
  const title = detail
    ? t('explain.samples', { from: time(zone, detail.start), to: time(zone, detail.end) })
    : t('explain.choose');
  return (
    <Step n={4} title={title}>
      {query.isError && !detail && <ProblemNotice error={query.error} />}
      {detail ? (
        <Readings detail={detail} unit={baseUnit(line)} />
      ) : (
        !query.isError && <Lines count={6} />
      )}
    </Step>
  );
}

function Readings({ detail, unit }: { detail: ExplainedQuarterHour; unit: string }) {
  const { t } = useTranslation();
  return (
    <>
      {detail.pieces.map((piece) => (
        <div key={piece.meterId} className="explain-piece">
          <p className="quiet">
            {t('explain.meter', { serial: piece.serial, multiplier: piece.multiplier })}
          </p>
          <Register boundary={piece.from} />
          <Register boundary={piece.to} />
          <p className="explain-total">
            <span>{unit}</span>
            <span>{number(piece.quantity / 1000, 3)}</span>
          </p>
        </div>
      ))}
      {detail.heldBy && (
        <p className="old">{t('explain.held', { rule: t(`explain.doubt.${detail.heldBy}`) })}</p>
      )}
      <p>{t('explain.count', { count: detail.readings.length })}</p>
      {detail.errors.map(({ ppm, share, reason }) => (
        <p key={`${ppm}/${reason}`}>
          {t('explain.error', { percent: number((ppm * share) / 10_000, 2), reason })}
        </p>
      ))}
      {detail.edit && <p>{t('explain.edit', { ...detail.edit })}</p>}
    </>
  );
}

function Register({ boundary }: { boundary: Boundary }) {
  const { t } = useTranslation();
  const { zone } = useProject();
  const { before, after, register, bridgeMs } = boundary;
  const kilo = (base: number) => number(base / 1000, 3);
  const at = (instant: string) => time(zone, instant, true);
  const isBetween = bridgeMs > 0 && before && after;
  const moved = [before, isBetween ? after : null].find((r) => r && r.shiftMs !== 0);
  return (
    <div>
      <p className="explain-price">
        <span>{t('explain.register', { at: at(boundary.at) })}</span>
        <span className="strong">{kilo(register)}</span>
      </p>
      <p className="quiet">
        {isBetween
          ? t('explain.between', {
              ...{ before: kilo(before.register), beforeAt: at(before.at) },
              ...{ after: kilo(after.register), afterAt: at(after.at) },
            })
          : before && t('explain.on', { before: kilo(before.register), beforeAt: at(before.at) })}
        {before && before.source !== 'sample' && ` · ${t(`explain.source.${before.source}`)}`}
        {bridgeMs > LONG_MS && ` · ${t('explain.bridge', { minutes: number(bridgeMs / 60_000) })}`}
        {[before, after].some((r) => r?.opens) && ` · ${t('explain.opens')}`}
        {boundary.rolledOver && ` · ${t('explain.rollover')}`}
        {moved && ` · ${t('explain.moved', { seconds: number(moved.shiftMs / 1000) })}`}
      </p>
    </div>
  );
}

/** A longer bridge between two readings is told. */
const LONG_MS = 10 * 60_000;
