import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { benchImport } from '../../../services/collector/bench/import.ts'
import { sshdLog } from '../../../services/collector/bench/sshd-log.ts'

it('the made log is the same for the same seed, has as many lines as asked for, and no more', () => {
  const text = [...sshdLog(5000)].join('')
  expect(text.split('\n')).toHaveLength(5001)
  expect([...sshdLog(5000)].join('')).toBe(text)
  expect([...sshdLog(5000, { seed: 2 })].join('')).not.toBe(text)
})

it('the benchmark imports all of it, and the second time nothing', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'gatewatch-bench-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  const { figures } = await benchImport({ directory, log: 'embedded', scale: 0.005 })
  expect(figures).toMatchObject({ lines: 5000, appended_again: 0 })
  expect(figures['decisions']).toBeGreaterThan(1000)
  expect(figures['lines_per_second']).toBeGreaterThan(0)
})
