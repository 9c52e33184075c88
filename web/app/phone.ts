/** Whether the screen is as narrow as a phone; the same limit as in the style sheets. */
import { useSyncExternalStore } from 'react';

const query = '(max-width: 760px)';

export const useIsPhone = (): boolean =>
  useSyncExternalStore(
    (listener) => {
      const media = matchMedia(query);
      media.addEventListener('change', listener);
      return () => media.removeEventListener('change', listener);
    },
    () => matchMedia(query).matches,
  );
