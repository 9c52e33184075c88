/** What every kind of record is given by its page. */
export interface RecordPanelProps {
  /** Local days [from, to). */
  days: { from: string; to: string };
  q: string | undefined;
  /** What it is narrowed to. */
  only: string | undefined;
  sort: string | undefined;
  onSort: (sort: string | undefined) => void;
}
