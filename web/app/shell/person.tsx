/** What a person sets for themselves: language, theme, and leaving. */
import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { call } from '../api.ts';
import { keepSignedIn } from '../kept.ts';
import { chooseLanguage, useLanguage } from '../language.ts';
import { Icon, type IconName } from '../parts/icons.tsx';
import type { MenuItem } from '../parts/menu.tsx';
import { useProject } from '../project.tsx';
import { chooseTheme, type ThemeChoice, useThemeChoice } from '../theme.ts';

const themes: readonly { choice: ThemeChoice; icon: IconName }[] = [
  { choice: 'light', icon: 'sun' },
  { choice: 'dark', icon: 'moon' },
  { choice: 'system', icon: 'screen' },
];

export function useThemeItems(): MenuItem[] {
  const { t } = useTranslation();
  const chosen = useThemeChoice();
  return themes.map(({ choice, icon }) => ({
    key: choice,
    checked: chosen === choice,
    label: (
      <>
        <Icon name={icon} />
        {t(`theme.${choice}`)}
      </>
    ),
    onSelect: () => chooseTheme(choice),
  }));
}

export function useSignOutItem(): MenuItem {
  const { t } = useTranslation();
  const queryClient = useQueryClient();
  const navigate = useNavigate();
  return {
    key: 'sign-out',
    label: (
      <>
        <Icon name="leave" />
        {t('act.signOut')}
      </>
    ),
    onSelect: async () => {
      // Whatever the server says, nothing of this person's stays on screen.
      await call('/session', { method: 'DELETE' }).catch(() => undefined);
      keepSignedIn(false);
      await navigate({ to: '/sign-in' });
      queryClient.clear();
    },
  };
}

/** The way to one's own password, second factor and sessions. */
export function useOwnAccountItem(): MenuItem {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const { id: projectId } = useProject();
  return {
    key: 'own-account',
    label: (
      <>
        <Icon name="account" />
        {t('page.own')}
      </>
    ),
    onSelect: () =>
      void navigate({ to: '/projects/$projectId/own-account', params: { projectId } }),
  };
}

/** All of it in one list, for the phone. */
export function usePersonItems(): MenuItem[] {
  const language = useLanguage();
  const other = language === 'zh' ? 'en' : 'zh';
  return [
    {
      key: 'language',
      label: (
        <>
          <Icon name="globe" />
          {other === 'zh' ? '中文' : 'English'}
        </>
      ),
      onSelect: () => void chooseLanguage(other),
    },
    ...useThemeItems(),
    useOwnAccountItem(),
    useSignOutItem(),
  ];
}
