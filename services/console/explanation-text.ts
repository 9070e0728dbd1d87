import type { Explanation } from './explanation.ts'
import { utc } from './reason-sentences.ts'

/** An explanation as plain text, for a terminal. */
export function explanationText({
  decision,
  headline,
  why,
  help,
  missing,
  findings,
  stories,
}: Explanation): string {
  const place = [decision.enrichment_source_city, decision.enrichment_source_country]
    .filter(Boolean)
    .join(', ')
  const scores = Object.entries(decision.scores)
    .filter(([, score]) => score > 0)
    .sort((a, b) => b[1] - a[1])
    .map(([detector, score]) => `${detector} ${Math.round(score * 100) / 100}`)
  const facts: readonly (readonly [name: string, value: string])[] = [
    ['decision', `${decision.id}, ${decision.outcome} at ${utc(decision.decided_at)}`],
    ['from', [decision.context_ip, place, decision.enrichment_source_as_org].filter(Boolean).join(' · ')],
    [
      'policy',
      [decision.policy_route_id, decision.policy_rule_id, decision.policy_revision?.slice(0, 12)]
        .filter(Boolean)
        .join(' / '),
    ],
    ['scores', scores.join(', ')],
    ['findings', findings.map(({ id, detector }) => `${id} (${detector.id})`).join(', ')],
    ['stories', stories.map(({ id, title }) => `${id}: ${title}`).join('; ')],
  ]
  const lines = [
    headline,
    '',
    ...section('Why', why),
    ...section('What would help', help),
    ...section('Not looked at', missing),
    ...facts.filter(([, value]) => value !== '').map(([name, value]) => `${`${name}:`.padEnd(11)}${value}`),
  ]
  return `${lines.map(printable).join('\n')}\n`
}

function section(title: string, sentences: readonly string[]): string[] {
  return sentences.length === 0 ? [] : [`${title}:`, ...sentences.map((sentence) => `  - ${sentence}`), '']
}

/** A name or path may hold what a terminal would obey; such characters are shown, not sent. */
function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, '\u{fffd}')
}
