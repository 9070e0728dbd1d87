import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { control } from '../../../../schemas/topics.ts'
import { openEmbeddedLog } from '../../../../services/runtime/log/embedded/embedded-log.ts'
import { compileRules } from '../../../../services/scoring/rules/language/rule-set.ts'
import { RuleAdoptions } from '../../../../services/scoring/rules/rule-adoptions.ts'
import { RuleSets } from '../../../../services/scoring/rules/rule-sets.ts'

const rules = (action: string) =>
  compileRules([
    {
      file: 'a.yml',
      text: `title: A\nlogsource: { product: gatewatch }\ndetection: { one: { action.name: ${action} }, condition: one }\n`,
    },
  ])

it('which rules were taken up is forgotten when the next ones have been in force for as long as decisions are kept', async ({
  onTestFinished,
}) => {
  const directory = await mkdtemp(join(tmpdir(), 'gatewatch-rule-adoptions-'))
  const eventLog = await openEmbeddedLog({ directory })
  const sets = await RuleSets.open(eventLog)
  const adoptions = await RuleAdoptions.open(eventLog, sets, 'default')
  onTestFinished(async () => {
    await adoptions.close()
    await sets.close()
    await eventLog.close()
    await rm(directory, { recursive: true, force: true })
  })
  const forgotten: string[][] = []
  for (const [index, day] of ['2026-01-01', '2026-01-30', '2026-01-31', '2026-02-15'].entries()) {
    const outputs = adoptions.begin(0, index * 10, rules(`read${index}`), `${day}T00:00:00.000Z`)
    await eventLog.append(outputs)
    await adoptions.took(0)
    forgotten.push(
      outputs.flatMap(({ topic, key, value }) => (topic === control && value === null ? [key] : [])),
    )
  }
  // On 31 January the rules of New Year's Day had been in force until the day before.
  expect(forgotten).toEqual([[], [], [], ['default/rule-set/0/10', 'default/rule-set/0/0']])
})
