import { readFileSync, readdirSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { z } from 'zod'
import { Activity } from '../../../schemas/activity.ts'
import { Control } from '../../../schemas/control.ts'
import { Decision, parseDecision } from '../../../schemas/decision.ts'
import { Device } from '../../../schemas/device.ts'
import { Finding } from '../../../schemas/finding.ts'
import { RiskState } from '../../../schemas/risk.ts'
import { ScoredDecision } from '../../../schemas/scored-decision.ts'
import { Story } from '../../../schemas/story.ts'
import { Verdict } from '../../../schemas/verdict.ts'

const folder = new URL('../../golden/v1/', import.meta.url)
const files = readdirSync(folder).filter((name) => name.endsWith('.json'))
const read = (name: string): unknown => JSON.parse(readFileSync(new URL(name, folder), 'utf8'))

/** Longest name first: `decision-full` belongs to `decision`. */
const contracts: readonly [prefix: string, schema: z.ZodType][] = [
  ['scored-decision', ScoredDecision],
  ['risk-state', RiskState],
  ['activity', Activity],
  ['control', Control],
  ['device', Device],
  ['finding', Finding],
  ['story', Story],
  ['verdict', Verdict],
]

describe('golden events of version 1', () => {
  it.each(files.filter((name) => name.startsWith('decision')))(
    '%s parses, and nothing in it is lost',
    (name) => {
      const event = read(name) as Record<string, unknown>
      const parsed = parseDecision(event)
      expect(parsed.error).toBeUndefined()
      const { a_field_of_a_later_version: later, ...known } = event
      expect(parsed.data).toMatchObject(
        later === undefined ? known : { ...known, unmapped: { a_field_of_a_later_version: later } },
      )
    },
  )

  it.each(files.filter((name) => !name.startsWith('decision')))('%s parses to what was written', (name) => {
    const schema = contracts.find(([prefix]) => name.startsWith(prefix))?.[1]
    expect(schema?.parse(read(name))).toEqual(read(name))
  })

  it('covers every outcome-bearing field of a decision', () => {
    const full = Object.keys(read('decision-full.json') as object)
    expect(full.sort()).toEqual(Object.keys(Decision.shape).sort())
  })
})
