import { appendFile, copyFile, rename, truncate, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { chainHash, personalHash } from '../../../../schemas/chain.ts'
import { liveCollector, sshdLine } from '../../../support/collector/live-collector.ts'

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

  it('reads a renamed file to its end, with what its writer still writes into it, then the new one', async () => {
    const place = await liveCollector()
    const path = join(place.folder, 'auth.log')
    await writeFile(path, lines(0, 2))
    await place.start(source(path, { rotate_wait: '1s' }))
    await place.atLeast(2)
    await rename(path, `${path}.1`)
    await writeFile(path, lines(4, 6))
    await appendFile(`${path}.1`, lines(2, 4))
    expect((await place.atLeast(6)).map(({ subject }) => subject.id)).toEqual(names(0, 6))
  })

  it('reads what copytruncate took away from the copy, then the file from its beginning', async () => {
    const place = await liveCollector()
    const path = join(place.folder, 'auth.log')
    await writeFile(path, lines(0, 2))
    // Looked at so seldom that all of this happens between two looks.
    await place.start(source(path, { poll: '700ms' }))
    await place.atLeast(2)
    await appendFile(path, lines(2, 40))
    await copyFile(path, `${path}.1`)
    await truncate(path)
    await appendFile(path, lines(40, 42))
    expect((await place.atLeast(42)).map(({ subject }) => subject.id)).toEqual(names(0, 42))
  })

  it('finds its place after two rotations while nobody looked, and loses nothing', async () => {
    const place = await liveCollector()
    const path = join(place.folder, 'auth.log')
    await writeFile(path, lines(0, 2))
    await writeFile(join(place.folder, 'other.log.1'), lines(90, 92))
    const first = await place.start(source(path))
    await place.atLeast(2)
    await first.stop()
    await appendFile(path, lines(2, 3))
    await rename(path, `${path}.1`)
    // Generations are told apart by when they were written, and a file system's clock ticks every 4 ms.
    await pause(20)
    await writeFile(path, lines(3, 5))
    await rename(`${path}.1`, `${path}.2`)
    await rename(path, `${path}.1`)
    await writeFile(path, lines(5, 6))
    await place.start(source(path))
    expect((await place.atLeast(6)).map(({ subject }) => subject.id)).toEqual(names(0, 6))
  })

  it('says what it could not read any more, and goes on with what there is', async () => {
    const place = await liveCollector()
    const path = join(place.folder, 'auth.log')
    await writeFile(path, lines(0, 3))
    const first = await place.start(source(path))
    await place.atLeast(3)
    await first.stop()
    await unlink(path)
    await writeFile(path, lines(7, 8))
    await place.start(source(path))
    expect((await place.atLeast(4)).map(({ subject }) => subject.id)).toEqual([...names(0, 3), 'u7'])
    expect(await place.metrics.metrics()).toContain(
      'gatewatch_collector_losses_total{source="sshd-a",cause="rotated_away"} 1',
    )
  })

  it('begins at the end of a file that it never followed, unless it is told otherwise', async () => {
    const place = await liveCollector()
    const path = join(place.folder, 'auth.log')
    await writeFile(path, lines(0, 3) + lines(3, 4).slice(0, 30))
    const first = await place.start(source(path, { from: 'end' }))
    await first.stop()
    await appendFile(path, lines(3, 4).slice(30) + lines(4, 5))
    await place.start(source(path, { from: 'end' }))
    expect((await place.atLeast(2)).map(({ subject }) => subject.id)).toEqual(names(3, 5))
  })

  it('knows after a restart what sshd said of an attempt before it', async () => {
    const place = await liveCollector()
    const path = join(place.folder, 'auth.log')
    const at = new Date(NOW).toISOString().replace(/\.\d+Z/, '+0000')
    await writeFile(path, `${at} h sshd[5]: Invalid user bob from 203.0.113.7 port 5\n`)
    const first = await place.start(source(path))
    await place.atLeast(1)
    await first.stop()
    const failed = `${at} h sshd[5]: Failed password for invalid user bob from 203.0.113.7 port 5 ssh2\n`
    await appendFile(path, failed + lines(1, 2))
    await place.start(source(path))
    expect((await place.atLeast(2)).map(({ subject }) => subject.id)).toEqual(['bob', 'u1'])
  })
})
