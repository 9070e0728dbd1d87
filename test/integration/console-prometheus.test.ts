import { describe, expect, it } from 'vitest'
import { askPrometheus } from '../../services/console/dashboards/prometheus.ts'
import { hasPrometheus, startPrometheus } from '../support/prometheus-process.ts'

const HOUR_S = 3600

describe.skipIf(!hasPrometheus())('what the console asks Prometheus', () => {
  it('over thirty days includes what began minutes ago, as it is now', async ({ onTestFinished }) => {
    const now_s = Math.floor(Date.now() / 15_000) * 15
    const past = [30, 15, 0].flatMap((ago, index) =>
      ['a', 'b'].map((job) => `began{job="${job}"} ${index + 1} ${now_s - ago}\n`),
    )
    const sorted = past.toSorted().join('')
    const prometheus = await startPrometheus({}, { groups: [] }, `# TYPE began gauge\n${sorted}# EOF\n`)
    onTestFinished(() => prometheus.stop())
    const range = { expr: 'began', legend: '{{job}}', ref_id: 'A', fromMs: (now_s - 720 * HOUR_S) * 1000 }
    const lines = await askPrometheus(
      prometheus.url,
      { ...range, toMs: now_s * 1000 + 7000, step_s: 6 * HOUR_S },
      AbortSignal.timeout(20_000),
    )
    expect(lines.map(({ name }) => name)).toEqual(['a', 'b'])
    for (const { points } of lines) expect([...points].at(-1)).toEqual([now_s, 3])
  })
})
