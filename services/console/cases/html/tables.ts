import type { CaseFile } from '../../../../schemas/case-file.ts'
import { keyIdOf } from '../../../../schemas/checkpoint.ts'
import { markup, type Markup } from './markup.ts'

interface Rows {
  readonly left_out: number
  readonly statement?: string | undefined
  readonly rows: readonly (readonly Cell[])[]
}
type Cell = string | number | Markup

/** A table with its heading, or a word where there is nothing; says how many rows were left out. */
function section(title: string, { left_out, statement, rows }: Rows, head: readonly string[]): Markup {
  if (rows.length === 0 && left_out === 0) return markup`<h2>${title}</h2><p class="note">none</p>`
  const left =
    left_out === 0
      ? markup``
      : markup`<p class="bad">${left_out} more are left out of this file.</p>${whole(statement)}`
  return markup`<h2>${title}</h2>${left}<table><thead><tr>${head.map((name, n) => (rows.every((row) => typeof row[n] === 'number') ? markup`<th class="number">${name}</th>` : markup`<th>${name}</th>`))}</tr></thead><tbody>
${rows.map((row) => markup`<tr>${row.map(cell)}</tr>\n`)}</tbody></table>`
}

/** How to see what is not here. */
function whole(statement: string | undefined): Markup {
  return statement === undefined
    ? markup`<p class="note">A shorter range (--from, --to) has them.</p>`
    : markup`<p class="note">All of them: <code>gatewatch query -</code>, with this on its standard input, or a case of a shorter range (--from, --to).</p><pre class="note">${statement}</pre>`
}

function cell(value: Cell): Markup {
  return typeof value === 'number' ? markup`<td class="number">${value}</td>` : markup`<td>${value}</td>`
}

export function findingsTable({ findings: { rows, ...counted } }: CaseFile): Markup {
  return section(
    'Findings',
    {
      ...counted,
      rows: rows.map((one) => [
        one.observed_at,
        markup`${one.summary}<br><span class="note">${one.entity.type} ${one.entity.id} · ${one.id}</span>`,
        `${one.detector.id} ${one.technique}`,
        one.risk_level,
        figures(one.evidence),
        one.decisions_total,
      ]),
    },
    ['last observed', 'what', 'detector, technique', 'level', 'evidence', 'decisions'],
  )
}

function figures(evidence: CaseFile['findings']['rows'][number]['evidence']): Markup {
  return markup`${Object.entries(evidence).map(([name, value]) => markup`${name}: ${String(value)}<br>`)}`
}

export function storiesTable({ stories: { rows, ...counted } }: CaseFile): Markup {
  return section(
    'Stories',
    {
      ...counted,
      rows: rows.map((one) => [
        one.opened_at,
        one.title,
        one.state,
        one.risk_level,
        one.response,
        one.verdict ?? '',
        one.id,
      ]),
    },
    ['opened', 'title', 'state', 'level', 'response', 'verdict', 'id'],
  )
}

export function verdictsTable({ verdicts: { rows, ...counted } }: CaseFile): Markup {
  return section(
    'Verdicts',
    {
      ...counted,
      rows: rows.map((one) => [
        one.decided_at,
        one.verdict,
        `${one.entity.type} ${one.entity.id}`,
        one.analyst,
        one.note,
      ]),
    },
    ['given', 'verdict', 'on', 'by', 'note'],
  )
}

export function riskTable({ risk: { rows, ...counted } }: CaseFile): Markup {
  return section(
    'Risk',
    {
      ...counted,
      rows: rows.map((one) => [
        one.updated_at,
        `${one.entity.type} ${one.entity.id}`,
        one.score,
        one.level,
        one.causes.join(', '),
        one.required_action,
        one.withheld ?? '',
        one.expires_at ?? '',
      ]),
    },
    ['from', 'of', 'score', 'level', 'causes', 'action', 'withheld', 'until'],
  )
}

export function suppressedTable({ suppressed: { left_out, rows } }: CaseFile): Markup {
  return section(
    'What was suppressed, and why',
    { left_out, rows: rows.map((one) => [one.at, one.what, one.about, one.why, one.factor ?? '']) },
    ['at', 'what', 'about', 'why', 'factor'],
  )
}

export function revisionsTable({ policy_revisions: { rows, ...counted } }: CaseFile): Markup {
  return section(
    'Policy revisions',
    {
      ...counted,
      rows: rows.map((one) => [
        markup`<code>${one.revision}</code>`,
        one.decisions,
        one.first_decided_at,
        one.last_decided_at,
        one.applied_at ?? '',
        one.applied_by ?? '',
      ]),
    },
    ['revision', 'decisions', 'first', 'last', 'applied', 'by'],
  )
}

export function placesTable({ places: { rows, ...counted } }: CaseFile): Markup {
  return section(
    'Places',
    {
      ...counted,
      rows: rows.map((one) => [
        one.country || 'unknown',
        one.city,
        one.decisions,
        one.refused,
        one.first_decided_at,
        one.last_decided_at,
      ]),
    },
    ['country', 'city', 'decisions', 'refused', 'first', 'last'],
  )
}

export function decisionsTable({ decisions: { rows, ...counted } }: Pick<CaseFile, 'decisions'>): Markup {
  return section(
    'Decisions',
    {
      ...counted,
      rows: rows.map(({ decision, enrichment, link, unproven, finding_ids }) => [
        markup`${decision.decided_at}<br><span class="hash">${decision.id}</span>`,
        `${decision.outcome}${finding_ids.length > 0 ? ' ●' : ''}`,
        `${decision.subject.type}:${decision.subject.id}`,
        `${decision.action.name} ${decision.resource.id}`,
        `${decision.context?.ip ?? ''} ${enrichment.source.city} ${enrichment.source.country}`,
        `${decision.policy?.rule_id ?? ''} ${(decision.reasons ?? []).join(', ')}`,
        link === null
          ? markup`<span class="bad">${unproven ?? ''}</span>`
          : markup`${link.pep_id} ${link.seq}<br><span class="hash">${link.hash ?? unproven ?? ''}</span>`,
      ]),
    },
    ['at, id', 'outcome', 'who', 'what', 'from', 'rule, reasons', 'place in the chain, hash'],
  )
}

export function proofTable({ proof }: CaseFile): Markup {
  const rows = proof.stretches.map(({ pep_id, boot_id, seq_from, seq_to, links, checkpoint }) => [
    markup`${pep_id}<br><span class="hash">${boot_id}</span>`,
    seq_from,
    seq_to,
    links.length,
    markup`${checkpoint.number}, ${checkpoint.signed_at}<br><span class="hash">${checkpoint.hash}</span>`,
    markup`<span class="hash">${keyIdOf(checkpoint.public_key)}</span>`,
  ])
  return section('Proof', { left_out: 0, rows }, [
    'enforcement point, boot',
    'from',
    'to',
    'links',
    'signed checkpoint, its hash',
    'key',
  ])
}
