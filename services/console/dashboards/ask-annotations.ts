import type { AdHocFilter } from './ad-hoc.ts'
import { askStore, type StoreSource } from './ask-store.ts'
import type { Definition } from './definition.ts'
import type { GrafanaContext } from './macros.ts'
import { secondsOf, type Cell, type Rows } from './series.ts'

/** Something that happened, at an instant or over a span of time. */
export interface Happening {
  /** Which annotation of the definition it is of. */
  readonly name: string
  readonly colour: string
  /** Seconds since 1970; `to_s` is there for a span. */
  readonly at_s: number
  readonly to_s?: number
  readonly title: string
  readonly text: string
  /** Where in the console more of it stands, as `#/…`. */
  readonly link?: string
}

/** Of one annotation at most; more of them can't be told apart on an axis. */
const MOST_HAPPENINGS = 200

/** What happened in the range, by the annotation queries of the definition, oldest first. */
export async function askAnnotations(
  source: StoreSource,
  { annotations }: Definition,
  range: {
    fromMs: number
    toMs: number
    variables: GrafanaContext['variables']
    filters: readonly AdHocFilter[]
  },
  signal: AbortSignal,
): Promise<Happening[]> {
  const { fromMs, toMs, variables, filters } = range
  const context = { from: new Date(fromMs), to: new Date(toMs), interval_s: 60, variables, filters }
  const found = await Promise.all(
    annotations.list.map(async ({ name, enable, iconColor: colour, target }) =>
      enable && target !== undefined
        ? happeningsOf(await askStore(source, target.rawSql, context, signal), { name, colour })
        : [],
    ),
  )
  return found.flat().sort((a, b) => a.at_s - b.at_s)
}

/** Columns as Grafana names the fields of an annotation: `time`, `timeEnd`, `title`, `text`. */
function happeningsOf({ columns, rows }: Rows, of: { name: string; colour: string }): Happening[] {
  const cell = (row: readonly Cell[], name: string) =>
    row[columns.findIndex((column) => column.name === name)]
  return rows.slice(0, MOST_HAPPENINGS).flatMap((row) => {
    const at_s = secondsOf(cell(row, 'time'))
    const to_s = secondsOf(cell(row, 'timeEnd'))
    if (at_s === undefined) return []
    const said = String(cell(row, 'text') ?? '')
    const link = /<a href="[^"]*?(#\/[^"]*)">/.exec(said)?.[1]
    return [
      {
        ...of,
        at_s,
        title: String(cell(row, 'title') ?? ''),
        text: plain(said),
        ...(to_s !== undefined && { to_s }),
        ...(link !== undefined && { link: unescaped(link) }),
      },
    ]
  })
}

/** What Grafana shows as HTML, as the text that it reads: a link goes beside it, a name in it was escaped. */
function plain(html: string): string {
  const text = html.replaceAll(/<a [^>]*>[^<]*<\/a>/g, '').replaceAll(/<[^>]*>/g, ' ')
  return unescaped(text).trim()
}

/** @see https://www.w3.org/TR/xml/#sec-predefined-ent */
function unescaped(text: string): string {
  const entities: Readonly<Record<string, string>> = { lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' }
  return text.replaceAll(/&(lt|gt|quot|apos|amp);/g, (_, name: string) => entities[name] ?? '')
}
