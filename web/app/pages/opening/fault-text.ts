/** A fault of an opening in the reader's language; one that is not known is said as the server says it. */
import { useTranslation } from 'react-i18next';
import type { Fault } from '../../tariff-shapes.ts';

export function useFaultText(): (fault: Fault) => string {
  const { t, i18n } = useTranslation();
  return ({ code, message, parameters = {} }) => {
    const key = `opening.fault.${code}`;
    if (!code || !i18n.exists(key)) return message;
    const { commodity, why } = parameters;
    return t(key, {
      ...parameters,
      ...(why !== undefined && { why: t(`meterMode.fault.${why}`) }),
      ...(commodity !== undefined && { commodity: t(`commodity.${commodity}`) }),
    });
  };
}
