import { PassThrough } from 'node:stream'
import cliProgress from 'cli-progress'
import { expect, it } from 'vitest'
import { formatTime } from '../../../services/cli/progress-bar.ts'

it('says of the time that is left what is known of it, from the first tick on', () => {
  const stream = Object.assign(new PassThrough(), { isTTY: true, columns: 80 })
  const bar = new cliProgress.SingleBar({ format: '{eta_formatted} left', stream, formatTime, fps: 1000 })
  bar.start(100, 0)
  bar.update(0)
  bar.stop()
  const shown = String(stream.read())
  expect(shown).toContain('? left')
  expect(shown).not.toMatch(/LL|NF|0s/)
  expect(formatTime(75, { autopaddingChar: '0' }, 5)).toBe('01m15s')
})
