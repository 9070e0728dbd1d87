import { expect, it } from 'vitest'
import { z } from 'zod'
import { registeredMetrics } from '../../support/deploy/registered-metrics.ts'
import { metricsIn } from '../../support/deploy/rules.ts'
import { panels } from '../../support/dashboards/questions.ts'

const PromTarget = z.object({ expr: z.string() })

it('panels read metrics that some process has', () => {
  const registered = registeredMetrics()
  const expressions = panels.flatMap(({ panel }) => z.array(PromTarget).safeParse(panel.targets).data ?? [])
  const read = expressions.flatMap(({ expr }) => metricsIn(expr))
  expect(read.length).toBeGreaterThan(20)
  expect(read.filter((name) => !registered.has(name))).toEqual([])
})
