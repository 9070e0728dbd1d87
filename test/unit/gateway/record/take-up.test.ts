import { Gauge, Registry } from 'prom-client'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { accessDecisions } from '../../../../schemas/topics.ts'
import { beginChain } from '../../../../services/gateway/record/chain.ts'
import { openMarkFile } from '../../../../services/gateway/record/mark-file.ts'
import { endOffsets } from '../../../../services/gateway/record/mark-keeper.ts'
import { takeUp } from '../../../../services/gateway/record/take-up.ts'
import { spoolKeys } from '../../../../services/gateway/spool/keys.ts'
import { toSpoolRecord } from '../../../../services/gateway/spool/records.ts'
import { openSpool } from '../../../../services/gateway/spool/spool.ts'
import { openEmbeddedLog } from '../../../../services/runtime/log/embedded/embedded-log.ts'
import type { EventLog } from '../../../../services/runtime/log/event-log.ts'
import { jsonRecord } from '../../../../services/runtime/log/json-record.ts'
import { tempDir } from '../../../support/gateway/gateway.ts'

const pep = { id: 'gateway', kind: 'gatewatch', version: '0' }
let dir: Awaited<ReturnType<typeof tempDir>>
let log: EventLog
beforeEach(async () => {
  dir = await tempDir()
  log = await openEmbeddedLog({ directory: `${dir.path}/log`, partitions: 2 })
})
afterEach(async () => {
  await log.close()
  await dir.release()
})

const chain = beginChain(pep, null, 'b'.repeat(16))
const decisions = Array.from({ length: 12 }, (_, seq) =>
  chain.link({
    seq,
    decision: {
      id: `${'b'.repeat(16)}-${seq}`,
      decided_at: new Date(Date.UTC(2026, 0, 1) + seq).toISOString(),
      outcome: 'permit',
      subject: { type: 'user', id: `person-${seq}` },
      action: { name: 'read' },
      resource: { type: 'record', id: '1' },
    },
  }),
)
const records = decisions.map((decision) => jsonRecord(accessDecisions, decision))

const openIt = () =>
  openSpool({
    directory: `${dir.path}/spool`,
    keys: spoolKeys(['0123456789abcdef0123456789abcdef']),
    max_bytes: 16_777_216,
  })

/** Twelve decisions in one file of the spool, the first nine of them in the log; the mark has gone on with the sixth. */
async function killed(inLog: readonly number[]): Promise<void> {
  const { spool } = await openIt()
  for (const record of records) await spool.append([toSpoolRecord(record)])
  await spool.close()
  const append = (from: number, to: number) =>
    log.append(records.filter((_, seq) => seq >= from && seq < to && inLog.includes(seq)))
  await append(0, 6)
  const offsets = await endOffsets(log)
  await append(6, 12)
  const mark = await openMarkFile(`${dir.path}/mark`)
  const chained = decisions[5]?.chain
  await mark.keep({ boot_id: 'b'.repeat(16), seq: 5, hash: chained?.hash ?? '', offsets })
  await mark.close()
}

async function toldAlready(): Promise<boolean[]> {
  const { spool, found } = await openIt()
  const mark = await openMarkFile(`${dir.path}/mark`)
  const lost = new Gauge({ name: 'lost', help: 'lost', registers: [new Registry()] })
  const logger = pino({ level: 'silent' })
  const { already } = await takeUp({ eventLog: log, logger, pep_id: pep.id, spool, found, mark, lost })
  const front = await spool.front(100)
  await mark.close()
  await spool.close()
  return front?.records.map(already) ?? []
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, seq) => seq)

describe('a boot that finds a file of the spool of which most was in the log when its gateway was killed', () => {
  it('knows all of that again, before the mark and behind it', async () => {
    await killed(upTo(9))
    expect(await toldAlready()).toEqual(upTo(12).map((seq) => seq < 9))
  })

  it('brings it all once more when the log has lost its tail', async () => {
    await killed([])
    expect(await toldAlready()).toEqual(upTo(12).map(() => false))
  })
})
