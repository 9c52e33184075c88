/** The page on which a new version is made: begun from another one, checked and priced as it is typed. */
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { Tariff, TariffVersion } from '../../../api.ts';
import { useNow } from '../../../clock.tsx';
import { addMonths, localDay } from '../../../dates.ts';
import { PageProblem, PageWaiting } from '../../../parts/notice.tsx';
import { useProject } from '../../../project.tsx';
import { useTariff } from '../../../queries.ts';
import type { TariffDefinition } from '../../../tariff-shapes.ts';
import type { Draft } from './draft.ts';
import { Editor } from './editor.tsx';
import '../tariffs.css';
import './edit.css';

type Whole = Tariff & { versions: TariffVersion[] };

export default function EditTariff() {
  const { t } = useTranslation();
  const { id, zone } = useProject();
  const navigate = useNavigate();
  const search = useSearch({ from: '/projects/$projectId/tariffs/edit' });
  const today = localDay(zone, useNow(60_000));
  const query = useTariff(search.tariff ?? null);
  const tariff = query.data;
  if (search.tariff && !tariff)
    return query.error ? <PageProblem error={query.error} /> : <PageWaiting />;
  const base = tariff && baseOf(tariff, search.base);
  const key = `wattledger.tariff.${id}.${tariff?.id ?? 'new'}.${base?.id ?? ''}`;
  const start = (): Draft => ({
    name: tariff?.name ?? '',
    nameZh: tariff?.nameZh ?? '',
    commodity: tariff?.commodity ?? 'electricity',
    effectiveFrom: addMonths(today, 1),
    reason: '',
    definition: base ? structuredClone(base.definition) : plain(t('tariff.energyName')),
  });
  return (
    <Editor
      key={key}
      name={key}
      start={start}
      tariff={tariff}
      base={base}
      today={today}
      onSaved={(tariffId, versionId) =>
        void navigate({
          to: '/projects/$projectId/tariffs',
          params: { projectId: id },
          search: { tariff: tariffId, version: versionId ?? undefined },
        })
      }
      onLeave={() =>
        void navigate({
          to: '/projects/$projectId/tariffs',
          params: { projectId: id },
          search: { tariff: tariff?.id, version: base?.id },
        })
      }
    />
  );
}

const baseOf = ({ versions }: Whole, id: string | undefined) =>
  versions.find((version) => version.id === id) ??
  [...versions].sort((a, b) => (a.effectiveFrom < b.effectiveFrom ? 1 : -1))[0];

const plain = (name: string): TariffDefinition => ({
  components: [
    {
      kind: 'usage',
      code: 'energy',
      name,
      treatment: 'revenue',
      taxCode: '',
      taxRate: '0.13',
      taxIncluded: true,
      price: '',
    },
  ],
});
