import { describe, expect, it } from 'vitest'
import { textOf } from '../stored-records.ts'
import type { LogUnderTest } from './log-under-test.ts'

export function tableSuite(under: LogUnderTest): void {
  describe('table', () => {
    it('holds the newest value of each key, and forgets a removed one', async () => {
      const of = under.topic('compacted')
      const table = await under.log.openTable(of)
      await under.log.append([
        { topic: of, key: 'a', value: '1' },
        { topic: of, key: 'b', value: '1' },
        { topic: of, key: 'a', value: '2' },
      ])
      await under.log.append([{ topic: of, key: 'b', value: null }])
      await table.caughtUp()
      expect(textOf(table.get('a') ?? null)).toBe('2')
      expect(table.get('b')).toBeUndefined()
      expect(table.get('never')).toBeUndefined()
    })

    it('is opened by two parts of one process, and both hold and follow everything', async () => {
      const of = under.topic('compacted')
      await under.log.append([{ topic: of, key: 'before', value: '1' }])
      const first = await under.log.openTable(of)
      const second = await under.log.openTable(of)
      await under.log.append([{ topic: of, key: 'after', value: '2' }])
      for (const table of [first, second]) {
        await table.caughtUp()
        expect([...table.entries()].map(([key, value]) => `${key} ${textOf(value)}`).sort()).toEqual([
          'after 2',
          'before 1',
        ])
      }
      await first.close()
      await under.log.append([{ topic: of, key: 'after', value: '3' }])
      await second.caughtUp()
      expect(textOf(second.get('after') ?? null)).toBe('3')
    })

    it('lists its entries by prefix', async () => {
      const of = under.topic('compacted')
      const table = await under.log.openTable(of)
      const long = 'x'.repeat(3_000)
      await under.log.append(
        ['p/1', 'p/2', 'q/1', `p/${long}`].map((key) => ({ topic: of, key, value: key.slice(0, 3) })),
      )
      await table.caughtUp()
      expect([...table.entries('p/')].map(([key]) => key).sort()).toEqual(['p/1', 'p/2', `p/${long}`])
      expect([...table.entries()]).toHaveLength(4)
    })

    it('tells a follower of every change from then on, in the order of the under.log, from any client', async () => {
      const of = under.topic('compacted')
      const other = await under.client()
      await under.log.append([{ topic: of, key: 'k', value: 'before' }])
      const table = await other.openTable(of)
      await table.caughtUp()
      const changes: (string | undefined)[] = []
      const end = table.follow((_, value) => changes.push(value === undefined ? undefined : textOf(value)))
      for (let i = 0; i < 20; i++) await under.log.append([{ topic: of, key: 'k', value: String(i) }])
      await under.log.append([{ topic: of, key: 'k', value: null }])
      await table.caughtUp()
      end()
      await under.log.append([{ topic: of, key: 'k', value: 'after' }])
      await table.caughtUp()
      expect(changes).toEqual([...Array.from({ length: 20 }, (_, i) => String(i)), undefined])
    })
  })
}
