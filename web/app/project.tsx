/** The project that the address names, and who is signed in: handed to every page below. */
import { createContext, useContext } from 'react';
import type { Project, Session } from './api.ts';

export interface Place {
  session: Session;
  project: Project;
}

export const PlaceContext = createContext<Place | null>(null);

/** The project of the page. Outside of one it is a mistake in the routes, and said so. */
export function usePlace(): Place {
  const place = useContext(PlaceContext);
  if (!place) throw new Error('usePlace outside of a project');
  return place;
}

export const useProject = (): Project => usePlace().project;

/** Whether the session's role in this project allows an act. */
export function useMay(): (permission: string) => boolean {
  const { permissions } = useProject();
  return (permission) => permissions.includes(permission);
}
