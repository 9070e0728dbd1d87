import { appendFile, copyFile, mkdir, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { chainHash, personalHash } from '../../../../schemas/chain.ts'
import { liveCollector, sshdLine } from '../../../support/live-collector.ts'

const NOW = Date.now()
const lines = (from: number, to: number): string =>
  Array.from({ length: to - from }, (_, nth) => sshdLine(`u${from + nth}`, from + nth, NOW)).join('')
const source = (path: string, more: object = {}) => ({
  sources: [
    {
      name: 'sshd-a',
      kind: 'file',
      format: 'sshd',
      path,
      poll: '10ms',
      rotate_wait: '100ms',
      from: 'beginning',
      ...more,
    },
  ],
})
const names = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, nth) => `u${from + nth}`)

describe('following a file', () => {
  it('gives each line once, live, chained, with an unfinished last line only when it is finished', async () => {
    const place = await liveCollector()
    const path = join(place.folder, 'auth.log')
    const text = lines(0, 3)
    await writeFile(path, text.slice(0, -20))
    const collector = await place.start(source(path))
    expect(await place.atLeast(2)).toHaveLength(2)
    await appendFile(path, text.slice(-20))
    const decisions = await place.atLeast(3)
    expect(decisions.map(({ subject }) => subject.id)).toEqual(names(0, 3))
    expect(decisions[0]).toMatchObject({ tenant: 'live', origin: 'live', outcome: 'deny' })
    for (const [nth, decision] of decisions.entries()) {
      const { chain } = decision
      expect(chain?.prev).toBe(nth === 0 ? '0'.repeat(64) : decisions[nth - 1]?.chain?.hash)
      const personal = personalHash(decision, chain?.salt ?? '')
      expect(chain?.hash).toBe(chainHash(chain?.prev ?? '', decision, personal))
    }
    await collector.stop()
  })

  it('goes on after a restart behind the last line that it took, in a new boot that names the old one', async () => {
    const place = await liveCollector()
    const path = join(place.folder, 'auth.log')
    await writeFile(path, lines(0, 2))
    const first = await place.start(source(path))
    await place.atLeast(2)
    await first.stop()
    await appendFile(path, lines(2, 5))
    await place.start(source(path))
    const decisions = await place.atLeast(5)
    expect(decisions.map(({ subject }) => subject.id)).toEqual(names(0, 5))
    expect(decisions.map(({ pep }) => pep?.boot_id)).toEqual(['b1', 'b1', 'b2', 'b2', 'b2'])
    expect(decisions[2]?.chain?.prev_boot).toEqual({ boot_id: 'b1', seq: 1 })
  })
})
