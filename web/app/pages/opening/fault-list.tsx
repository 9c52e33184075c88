/** What the server found wrong with a part of an opening, where that part is chosen. */
import type { Fault } from '../../tariff-shapes.ts';
import { useFaultText } from './fault-text.ts';

export function FaultList({ faults, at }: { faults: readonly Fault[]; at: string }) {
  const say = useFaultText();
  const here = faults.filter((fault) => fault.at.startsWith(at));
  return here.map((fault) => (
    <p key={fault.at + fault.message} className="field-hint neg" role="status">
      {say(fault)}
    </p>
  ));
}
