/** Facts in a row; a line ends between two of them, never within a date or a number. */
import { Fragment } from 'react';

export function Joined({ facts }: { facts: readonly (string | null | undefined | false)[] }) {
  const said = facts.filter((fact) => !!fact);
  return said.map((fact, at) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: two facts may read the same.
    <Fragment key={at}>
      <span className="whole">
        {fact}
        {at < said.length - 1 && ' ·'}
      </span>
      {at < said.length - 1 && ' '}
    </Fragment>
  ));
}
