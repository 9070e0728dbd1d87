import type { AdHocFilter } from './ad-hoc.ts'
import { askStore, type StoreSource } from './ask-store.ts'
import type { Panel, Target } from './definition.ts'
import { intervalOf } from './interval.ts'
import type { GrafanaContext } from './macros.ts'
import { askPrometheus } from './prometheus.ts'
import { aligned, linesOf, type Line, type Rows, type SeriesSet } from './series.ts'

/** What a panel shows: lines, rows of each of its queries, or why neither. */
export type PanelAnswer =
  | ({ readonly kind: 'series'; readonly interval_s: number } & SeriesSet)
  | { readonly kind: 'rows'; readonly frames: readonly Frame[] }
  | { readonly kind: 'unavailable'; readonly message: string }

export interface Frame extends Rows {
  readonly ref_id: string
}

export interface PanelQuestion {
  readonly fromMs: number
  readonly toMs: number
  /** Points on the time axis at most. */
  readonly points: number
  readonly variables: GrafanaContext['variables']
  readonly filters: readonly AdHocFilter[]
}

export interface PanelSources extends StoreSource {
  readonly prometheus_url: string | undefined
}

/** Asks for what a panel shows, by the queries of its definition and nothing else. */
export async function askPanel(
  sources: PanelSources,
  { type, targets }: Panel,
  question: PanelQuestion,
  signal: AbortSignal,
): Promise<PanelAnswer> {
  const interval_s = intervalOf(question.toMs - question.fromMs, question.points)
  if (targets.some(isPrometheus) && sources.prometheus_url === undefined)
    return {
      kind: 'unavailable',
      message: 'Prometheus knows this; console.prometheus_url in the configuration says where it is.',
    }
  const asked = { ...question, interval_s }
  const overTime = type === 'timeseries' || targets.some((target) => isPrometheus(target) && !target.instant)
  if (overTime) {
    const lines = await Promise.all(targets.map((target) => askLines(sources, target, asked, signal)))
    return { kind: 'series', interval_s, ...aligned(lines.flat()) }
  }
  const frames = await Promise.all(
    targets.map(async (target) => ({
      ref_id: target.refId,
      ...(isPrometheus(target)
        ? rowsOfLines(await askLines(sources, target, asked, signal))
        : await askStore(sources, target.rawSql, contextOf(asked), signal)),
    })),
  )
  return { kind: 'rows', frames }
}

type Asked = PanelQuestion & { readonly interval_s: number }

async function askLines(
  sources: PanelSources,
  target: Target,
  asked: Asked,
  signal: AbortSignal,
): Promise<readonly Line[]> {
  if (!isPrometheus(target))
    return linesOf(await askStore(sources, target.rawSql, contextOf(asked), signal), target.refId)
  const { expr, legendFormat: legend, refId: ref_id } = target
  const { fromMs, toMs, interval_s: step_s } = asked
  return askPrometheus(sources.prometheus_url ?? '', { expr, legend, ref_id, fromMs, toMs, step_s }, signal)
}

/** The newest value of each line, for a panel that shows no course of time. */
function rowsOfLines(lines: readonly Line[]): Rows {
  const columns = lines.map(({ name }) => ({ name, type: 'Float64' }))
  return {
    columns,
    rows: lines.length === 0 ? [] : [lines.map(({ points }) => [...points.values()].at(-1) ?? null)],
  }
}

function contextOf({ fromMs, toMs, interval_s, variables, filters }: Asked): GrafanaContext {
  return { from: new Date(fromMs), to: new Date(toMs), interval_s, variables, filters }
}

function isPrometheus(target: Target): target is Extract<Target, { expr: string }> {
  return 'expr' in target
}
