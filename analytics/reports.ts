/** The reports there are; each is a question of `questions/`. */
import type { OpenAPIHono, z } from '@hono/zod-openapi';
import type { RouteEnv } from '../sql/route.ts';
import { demand } from './questions/demand.ts';
import { finance } from './questions/finance.ts';
import { integrated } from './questions/integrated.ts';
import { loadDuration } from './questions/load-duration.ts';
import { loadProfile } from './questions/load-profile.ts';
import { losses } from './questions/losses.ts';
import { powerQuality } from './questions/power-quality.ts';
import { quality } from './questions/quality.ts';
import { ranking } from './questions/ranking.ts';
import { rawCharges, rawEntries, rawIntervals, rawRegisters, rawSamples } from './questions/raw.ts';
import { mountReport, type Report, type ReportDeps } from './report.ts';

type Mount = (app: OpenAPIHono<RouteEnv>, deps: ReportDeps) => void;

/** Each report has parameters of its own, so what the list holds is how it is mounted. */
const mounted =
  <Shape extends z.ZodRawShape>(report: Report<Shape>): Mount =>
  (app, deps) =>
    mountReport(app, deps, report);

const reports: readonly Mount[] = [
  mounted(finance),
  mounted(integrated),
  mounted(loadProfile),
  mounted(loadDuration),
  mounted(demand),
  mounted(losses),
  mounted(quality),
  mounted(powerQuality),
  mounted(ranking),
  mounted(rawIntervals),
  mounted(rawRegisters),
  mounted(rawSamples),
  mounted(rawCharges),
  mounted(rawEntries),
];

/** Mounts every report. */
export function mountReports(app: OpenAPIHono<RouteEnv>, deps: ReportDeps): void {
  for (const mount of reports) mount(app, deps);
}
