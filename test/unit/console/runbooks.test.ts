import { describe, expect, it } from 'vitest'
import { readRunbooks } from '../../../services/console/runbooks.ts'
import { BREAK_GLASS_DETECTOR } from '../../../services/feedback/usage/break-glass.ts'
import { sourceDetectors } from '../../../services/scoring/source-stage.ts'
import { subjectDetectors } from '../../../services/scoring/subject-stage.ts'

/** Who finds something without being a detector of a stage. */
const OTHERS = ['policy-intent', 'gateway-silent', 'decision-gap', 'decision-integrity', 'rules']
const { head, sections } = await readRunbooks()
const names = [
  ...subjectDetectors().map(({ id }) => id),
  ...sourceDetectors().map(({ id }) => id),
  ...OTHERS,
  BREAK_GLASS_DETECTOR,
]

describe('deploy/detectors.md', () => {
  it.each(names)('says what to do about a finding of %s', (name) => {
    const section = (sections.get(name) ?? '').replaceAll(/\s+/g, ' ')
    for (const part of ['**Says**', '**Look**', '**Often harmless**', '**Do**'])
      expect(section).toContain(part)
  })

  it('has no section about what nobody finds', () => {
    expect([...sections.keys()].filter((name) => !names.includes(name))).toEqual([])
  })

  it('says how every triage begins', () => {
    expect(head).toContain('gatewatch explain')
    expect(head).toContain('gatewatch verdict')
  })
})
