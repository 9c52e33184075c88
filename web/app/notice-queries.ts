/** What the pages of notices ask and do. */
import { keepPreviousData, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { call, list, type Page } from './api.ts';
import type {
  Notice,
  NoticeAddress,
  NoticeChannels,
  NoticePreview,
  NoticeSettings,
  NoticeTemplate,
  NoticeWithSteps,
} from './notices.ts';
import { useProject } from './project.tsx';

/** The outbox moves by itself: it is asked again so often. */
const OUTBOX_MS = 15_000;
const path = (projectId: string, rest: string) => `/projects/${projectId}${rest}`;

export function useNotices(query: Record<string, string | undefined>) {
  const { id } = useProject();
  return useQuery({
    queryKey: [id, 'notices', query],
    queryFn: ({ signal }) => list<Notice>(path(id, '/notices'), { query, signal }),
    placeholderData: keepPreviousData,
    refetchInterval: OUTBOX_MS,
  });
}

/** By which channels notices can leave. */
export function useNoticeChannels() {
  const { id } = useProject();
  return useQuery({
    queryKey: [id, 'notice-channels'],
    queryFn: ({ signal }) => call<NoticeChannels>(path(id, '/notice-channels'), { signal }),
    staleTime: 60_000,
  });
}

export function useNotice(noticeId: string) {
  const { id } = useProject();
  return useQuery({
    queryKey: [id, 'notices', noticeId],
    queryFn: ({ signal }) => call<NoticeWithSteps>(path(id, `/notices/${noticeId}`), { signal }),
    refetchInterval: OUTBOX_MS,
  });
}

export function useTemplates() {
  const { id } = useProject();
  return useQuery({
    queryKey: [id, 'notice-templates'],
    queryFn: ({ signal }) => call<Page<NoticeTemplate>>(path(id, '/notice-templates'), { signal }),
  });
}

const templatePath = ({ kind, channel, language }: NoticeTemplate) =>
  `/notice-templates/${kind}/${channel}/${language}`;

/** Writes a template, or takes Wattledger's words again without one. */
export function useWriteTemplate(onDone: () => void) {
  const { id } = useProject();
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ of, text }: { of: NoticeTemplate; text: object | null }) =>
      call<NoticeTemplate>(path(id, templatePath(of)), {
        method: text ? 'PUT' : 'DELETE',
        ...(text && { body: text }),
      }),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: [id, 'notice-templates'] });
      onDone();
    },
  });
}

/** The text as a customer would read it; asked anew when it changes. */
export function usePreview(
  { kind, channel, language }: NoticeTemplate,
  text: { subject: string | null; body: string },
) {
  const { id } = useProject();
  const body = { kind, channel, language, ...text };
  return useQuery({
    queryKey: [id, 'notice-preview', body],
    queryFn: ({ signal }) =>
      call<NoticePreview>(path(id, '/notice-templates/preview'), { method: 'POST', body, signal }),
    placeholderData: keepPreviousData,
  });
}

export function useNoticeSettings() {
  const { id } = useProject();
  return useQuery({
    queryKey: [id, 'notice-settings'],
    queryFn: ({ signal }) => call<NoticeSettings>(path(id, '/notice-settings'), { signal }),
  });
}

export function useWriteSettings(onDone: () => void) {
  const { id } = useProject();
  const client = useQueryClient();
  return useMutation({
    mutationFn: (settings: NoticeSettings) =>
      call<NoticeSettings>(path(id, '/notice-settings'), { method: 'PUT', body: settings }),
    onSuccess: (written) => {
      client.setQueryData([id, 'notice-settings'], written);
      onDone();
    },
  });
}

const addressesOf = (accountId: string) => `/accounts/${accountId}/notice-addresses`;
type Addresses = Page<NoticeAddress>;

/** Where an account is told. */
export function useAddresses(accountId: string) {
  const { id } = useProject();
  return useQuery({
    queryKey: [id, 'notice-addresses', accountId],
    queryFn: ({ signal }) => call<Addresses>(path(id, addressesOf(accountId)), { signal }),
  });
}

export function useAddAddress(accountId: string) {
  const { id } = useProject();
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: Pick<NoticeAddress, 'channel' | 'address' | 'language'>) =>
      call<Addresses>(path(id, addressesOf(accountId)), { method: 'POST', body }),
    onSuccess: (now) => client.setQueryData([id, 'notice-addresses', accountId], now),
  });
}

export function useRemoveAddress(accountId: string) {
  const { id } = useProject();
  const client = useQueryClient();
  return useMutation({
    mutationFn: (addressId: string) =>
      call<Addresses>(path(id, `${addressesOf(accountId)}/${addressId}`), { method: 'DELETE' }),
    onSuccess: (now) => client.setQueryData([id, 'notice-addresses', accountId], now),
  });
}
