/** The browser app: the only file that asks the world for the time, the language and the page. */
import '@fontsource/ibm-plex-mono/latin-400.css';
import '@fontsource/ibm-plex-sans/latin-400.css';
import '@fontsource/ibm-plex-sans/latin-500.css';
import '@fontsource/ibm-plex-sans/latin-600.css';
import './tokens.css';
import './base.css';
import './parts/parts.css';
import './shell/shell.css';
import './print.css';
import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { ClockContext } from './clock.tsx';
import { startLanguage } from './language.ts';
import { watchPrint } from './print.ts';
import { makeQueryClient } from './queries.ts';
import { makeRouter } from './router.tsx';
import { watchTheme } from './theme.ts';

const root = document.getElementById('root');
if (!root) throw new Error('index.html has no #root');

watchTheme();
watchPrint();
await startLanguage(navigator.language);
const queryClient = makeQueryClient(signedOut);
const router = makeRouter(queryClient);
const clock = () => new Date();

/** To the sign-in page, once, with the way back to where the session ended. */
function signedOut() {
  if (router.state.location.pathname === '/sign-in') return;
  queryClient.removeQueries({ queryKey: ['session'] });
  void router.navigate({ to: '/sign-in', search: { back: router.state.location.href } });
}

createRoot(root).render(
  <StrictMode>
    <ClockContext value={clock}>
      <QueryClientProvider client={queryClient}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </ClockContext>
  </StrictMode>,
);
