import type { CaseFile } from '../../../schemas/case-file.ts'
import type { Finding } from '../../../schemas/finding.ts'

type Suppression = CaseFile['suppressed']['rows'][number]
type CaseRisk = CaseFile['risk']['rows'][number]

/** What made a score smaller, or kept a restriction from being imposed, in the order of time. */
export function suppressionsOf(findings: readonly Finding[], risk: readonly CaseRisk[]): Suppression[] {
  const gates = findings.flatMap((finding) =>
    finding.gates.map(({ name, factor }): Suppression => ({
      at: finding.observed_at,
      what: 'gate',
      about: finding.id,
      why: name,
      factor,
    })),
  )
  const withheld = risk.flatMap(({ withheld: why, updated_at, entity }): Suppression[] =>
    why === null
      ? []
      : [{ at: updated_at, what: 'risk_withheld', about: `${entity.type} ${entity.id}`, why, factor: null }],
  )
  return [...gates, ...withheld].toSorted((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0))
}
