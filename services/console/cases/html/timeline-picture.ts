import type { CaseFile } from '../../../../schemas/case-file.ts'
import { markup, type Markup } from './markup.ts'

const WIDTH = 1000
const LEFT = 70
const RIGHT = 10
const BARS = { top: 10, height: 90 }
const RISK = { top: 120, height: 60 }
const FINDINGS_Y = 205
const VERDICTS_Y = 228
const HEIGHT = 262
/** Permits, whatever they were called. */
const PERMITTED: ReadonlySet<string> = new Set(['permit', 'error_open'])
const MOST_MARKS = 500

/** Decisions, risk, findings and verdicts of a case over time, as one SVG picture without script or style of its own. */
export function timelinePicture(file: CaseFile): Markup {
  const { from, to } = extentOf(file)
  const span = Math.max(1, to - from)
  const x = (at: string) => {
    const share = Math.min(1, Math.max(0, (Date.parse(at) - from) / span))
    return round(LEFT + share * (WIDTH - LEFT - RIGHT))
  }
  return markup`<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="Timeline of decisions, risk, findings and verdicts">
${bars(file, x)}${riskLine(file, x, to)}
<text x="0" y="${FINDINGS_Y + 4}">findings</text>${file.findings.rows
    .slice(0, MOST_MARKS)
    .map(
      (one) =>
        markup`<circle class="finding" cx="${x(one.observed_at)}" cy="${FINDINGS_Y}" r="5"><title>${one.observed_at} ${one.summary}</title></circle>`,
    )}
<text x="0" y="${VERDICTS_Y + 4}">verdicts</text>${file.verdicts.rows
    .slice(0, MOST_MARKS)
    .map(
      (one) =>
        markup`<rect class="verdict" x="${round(x(one.decided_at) - 4)}" y="${VERDICTS_Y - 4}" width="8" height="8"><title>${one.decided_at} ${one.verdict}</title></rect>`,
    )}
<line class="axis" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${HEIGHT - 20}" y2="${HEIGHT - 20}"/>
<text x="${LEFT}" y="${HEIGHT - 6}">${shortTime(from)}</text>
<text x="${WIDTH - RIGHT}" y="${HEIGHT - 6}" text-anchor="end">${shortTime(to)}</text>
</svg>`
}

function bars({ activity }: CaseFile, x: (at: string) => number): Markup {
  const { buckets, bucket_ms } = activity
  const most = Math.max(1, ...buckets.map(({ outcomes }) => sum(outcomes, () => true)))
  const height = (n: number) => round((n / most) * BARS.height)
  const drawn = buckets.map(({ at, outcomes }) => {
    const end = new Date(Date.parse(at) + bucket_ms).toISOString()
    const width = Math.max(1, round(x(end) - x(at) - 1))
    const permitted = sum(outcomes, (outcome) => PERMITTED.has(outcome))
    const refused = sum(outcomes, (outcome) => !PERMITTED.has(outcome))
    const low = round(BARS.top + BARS.height - height(permitted))
    return markup`<g><title>${at}: ${permitted} permitted, ${refused} refused</title><rect class="permitted" x="${x(at)}" y="${low}" width="${width}" height="${height(permitted)}"/><rect class="refused" x="${x(at)}" y="${round(low - height(refused))}" width="${width}" height="${height(refused)}"/></g>`
  })
  return markup`<text x="0" y="${BARS.top + 10}">decisions</text><text x="0" y="${BARS.top + 24}">most ${most}</text>${drawn}`
}

/** A line for each entity: risk holds until its next state. */
function riskLine({ risk }: CaseFile, x: (at: string) => number, to: number): Markup {
  const lines = new Map<string, { at: string; score: number }[]>()
  for (const { entity, updated_at, score } of risk.rows) {
    const name = `${entity.type} ${entity.id}`
    lines.set(name, [...(lines.get(name) ?? []), { at: updated_at, score }])
  }
  const y = (score: number) => round(RISK.top + RISK.height * (1 - Math.min(100, Math.max(0, score)) / 100))
  const drawn = [...lines].map(([name, states]) => {
    const path = states.map(({ at, score }, n) =>
      n === 0 ? `M${x(at)} ${y(score)}` : `H${x(at)}V${y(score)}`,
    )
    return markup`<path class="risk" d="${path.join('')}H${x(new Date(to).toISOString())}"><title>risk of ${name}</title></path>`
  })
  return markup`<text x="0" y="${RISK.top + 10}">risk</text><line class="axis" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${RISK.top + RISK.height}" y2="${RISK.top + RISK.height}"/>${drawn}`
}

function sum(outcomes: Readonly<Record<string, number>>, counts: (outcome: string) => boolean): number {
  return Object.entries(outcomes).reduce((all, [outcome, n]) => (counts(outcome) ? all + n : all), 0)
}

/** From the first thing that is drawn to the last; what followed may have come after the range. */
function extentOf(file: CaseFile): { from: number; to: number } {
  const { activity, findings, risk, verdicts } = file
  const times = [
    ...activity.buckets.flatMap(({ at }) => [Date.parse(at), Date.parse(at) + activity.bucket_ms]),
    ...findings.rows.map(({ observed_at }) => Date.parse(observed_at)),
    ...risk.rows.map(({ updated_at }) => Date.parse(updated_at)),
    ...verdicts.rows.map(({ decided_at }) => Date.parse(decided_at)),
  ].filter((ms) => ms >= Date.parse(file.from))
  if (times.length === 0) return { from: Date.parse(file.from), to: Date.parse(file.to) }
  return { from: times.reduce((a, b) => Math.min(a, b)), to: times.reduce((a, b) => Math.max(a, b)) }
}

function shortTime(ms: number): string {
  const instant = new Date(ms).toISOString()
  return `${instant.slice(0, 10)} ${instant.slice(11, 19)} UTC`
}

function round(n: number): number {
  return Math.round(n * 10) / 10
}
