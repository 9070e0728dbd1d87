import { describe, expect, it } from 'vitest'
import { everything, textOf } from '../stored-records.ts'
import type { LogUnderTest } from './log-under-test.ts'

export function appendSuite(under: LogUnderTest): void {
  describe('append', () => {
    it('keeps key, value, headers and order by key', async () => {
      const to = under.topic()
      const sent = Array.from({ length: 200 }, (_, i) => ({
        topic: to,
        key: `key-${i % 7}`,
        value: `value ${i} ü`,
        headers: { ce_id: String(i), ce_type: to.name, 'x-own': 'é' },
      }))
      await under.log.append(sent)
      const records = await everything(under.log, to)
      expect(records).toHaveLength(200)
      for (let k = 0; k < 7; k++) {
        const mine = records.filter(({ key }) => key === `key-${k}`)
        const expected = sent.filter(({ key }) => key === `key-${k}`)
        expect(mine.map((r) => textOf(r.value))).toEqual(expected.map((r) => r.value))
        expect(mine.map((r) => r.headers)).toEqual(expected.map((r) => r.headers))
      }
    })

    it('writes all records or none: one that is refused takes the others with it', async () => {
      const to = under.topic()
      const refused = under.log.append([
        { topic: to, key: 'a', value: 'kept only together' },
        { topic: to, key: 'b', value: 'with this', partition: 99 },
      ])
      await expect(refused).rejects.toThrow(/partition/)
      expect(await everything(under.log, to)).toEqual([])
    })

    it('puts a record where its partition says, and moves the watermark by one a record', async () => {
      const to = under.topic()
      await under.log.append([
        { topic: to, key: 'a', value: 'x', partition: 2 },
        { topic: to, key: 'b', value: 'y', partition: 2 },
      ])
      const marks = await under.log.watermarks(to)
      expect(marks.find(({ partition }) => partition === 2)).toEqual({ partition: 2, low: 0, high: 2 })
      expect(marks.filter(({ high }) => high > 0)).toHaveLength(1)
    })

    it('is seen by another client', async () => {
      const to = under.topic()
      const other = await under.client()
      await under.log.append([{ topic: to, key: 'a', value: 'x' }])
      expect(await everything(other, to)).toHaveLength(1)
    })
  })
}
