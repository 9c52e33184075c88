/** The supply of a meter and what it was told: newest first, each opened in place to its steps. */
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useNow } from '../../clock.tsx';
import { HISTORY_SHOWN, useCommands, useOffers } from '../../command-queries.ts';
import type { Command } from '../../command-shapes.ts';
import { moment } from '../../dates.ts';
import { useLanguage } from '../../language.ts';
import { ExportMenu } from '../../parts/export-menu.tsx';
import { Icon } from '../../parts/icons.tsx';
import { Empty, ProblemNotice } from '../../parts/notice.tsx';
import { useMay, useProject } from '../../project.tsx';
import { Outcome, outcomeText } from './outcome.tsx';
import { CommandProgress } from './progress.tsx';
import { askedText, readBack } from './read-back.ts';
import './commands.css';

export function CommandPanel({ meterId }: { meterId: string }) {
  const { t } = useTranslation();
  const may = useMay();
  const query = useCommands(meterId);
  const offers = useOffers(meterId).data?.data ?? [];
  const [open, setOpen] = useState<string>();
  if (!may('command.read')) return null;
  const rows = query.data?.data;
  return (
    <section className="panel" aria-label={t('command.history')}>
      <div className="panel-head">
        <h2>{t('command.history')}</h2>
        <span className="rest">
          {!!rows?.length && <ExportMenu small path="/commands" query={{ meterId }} rows={null} />}
        </span>
      </div>
      {query.isError && !rows && (
        <ProblemNotice error={query.error} retry={() => void query.refetch()} />
      )}
      {rows && !rows.length && (
        <Empty title={t('command.none')} text={t('command.noneText')} icon="command" />
      )}
      {!!rows?.length && (
        <ul className="command-list">
          {rows.map((command) => (
            <Row
              key={command.id}
              command={command}
              isOpen={open === command.id}
              toggle={() => setOpen(open === command.id ? undefined : command.id)}
              mayWithdraw={offers.some((each) => each.function === command.function && each.mayAsk)}
            />
          ))}
        </ul>
      )}
      {query.data?.nextCursor && (
        <div className="panel-foot">{t('command.newest', { count: HISTORY_SHOWN })}</div>
      )}
    </section>
  );
}

function Row({
  command,
  isOpen,
  toggle,
  mayWithdraw,
}: {
  command: Command;
  isOpen: boolean;
  toggle: () => void;
  mayWithdraw: boolean;
}) {
  const { t } = useTranslation();
  const language = useLanguage();
  const { zone } = useProject();
  const now = useNow(60_000);
  const said = [readBack(t, command.after) || askedText(t, command), outcomeText(t, command)]
    .filter(Boolean)
    .join(' · ');
  return (
    <li>
      <button type="button" className="command-row" aria-expanded={isOpen} onClick={toggle}>
        <span className="quiet nowrap">{moment(language, zone, command.requestedAt, now)}</span>
        <span className="strong">{t(`command.function.${command.function}.name`)}</span>
        <Outcome command={command} />
        <Icon name={isOpen ? 'up' : 'down'} size={14} />
        <span className="second command-said">{said || command.reason}</span>
      </button>
      {isOpen && (
        <div className="command-opened">
          <CommandProgress commandId={command.id} mayWithdraw={mayWithdraw} />
        </div>
      )}
    </li>
  );
}

/** The word of the strip: relay or valve, closed or open, and on whose word. */
export function useSupplyWords(meterId: string): { value: string; line: string } | null {
  const { t } = useTranslation();
  const language = useLanguage();
  const { zone } = useProject();
  const now = useNow(60_000);
  const answer = useOffers(meterId).data;
  const supply = answer?.totals?.supply;
  if (!supply || (supply.state === null && !supply.commanded && !supply.lockedOut)) return null;
  const isWater = answer.data.some(
    (each) => each.function === 'valve-open' && each.obstacle !== 'function-unsupported',
  );
  const value =
    supply.state === null
      ? '–'
      : t(`command.supply.${isWater ? 'valve' : 'relay'}.${supply.state}`);
  const control = supply.lockedOut
    ? t('command.supply.lockedOut')
    : supply.commanded
      ? t(`command.control.${supply.commanded.function}`, {
          at: moment(language, zone, supply.commanded.at, now),
        })
      : t('command.control.none');
  return { value, line: control };
}
