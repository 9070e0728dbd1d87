import type { ClickHouseClient } from '@clickhouse/client'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { namesOf } from '../../services/erasure/person.ts'
import { eraseFromStore } from '../../services/erasure/store/erase-store.ts'
import { migrate } from '../../services/runtime/clickhouse/migrate.ts'
import { sampleScored } from '../support/events/samples.ts'
import { storeDecisions } from '../support/store/store-decisions.ts'
import { rowsOf, startTempEngine, type TempEngine } from '../support/store/temp-engine.ts'

/**
 * No cluster is to be had here, so nothing of this was run on one: what changes
 * something is only parsed by the engine, and these tests look at what it says.
 */
let store: TempEngine
beforeAll(async () => {
  store = await startTempEngine()
  await migrate(store.client)
})
afterAll(() => store.close())

/** A client whose queries are the engine's, and whose changes are written down instead. */
function noting(client: ClickHouseClient, said: string[]): ClickHouseClient {
  return new Proxy(client, {
    get(target, name: keyof ClickHouseClient) {
      if (name !== 'command') return target[name].bind(target)
      return ({ query }: { query: string }) => {
        said.push(query)
        return Promise.resolve()
      }
    },
  })
}

it('an erasure changes the local tables of all nodes of a cluster, inserts through the table over them, and says no name', async () => {
  const at = new Date().toISOString()
  await storeDecisions(store.client, 't', [sampleScored({ id: 'd-1', decided_at: at })], Date.now())
  await store.client.command({
    query: `INSERT INTO findings (id, revision, tenant, entity_type, entity_id, entities_type, entities_id, summary, evidence, ingested_at)
            VALUES ('f-1', 1, 'default', 'subject', 'user:alice', ['session'], ['s-1'], 'alice', '{}', now64(3))`,
  })
  await store.client.command({
    query: `INSERT INTO verdicts (id, tenant, entity_type, entity_id, ingested_at) VALUES ('v-1', 'default', 'subject', 'user:alice', now64(3))`,
  })
  await store.client.command({
    query: `INSERT INTO dead_letters (topic, partition, offset, value_base64, ingested_at) VALUES ('t', 0, 1, base64Encode('of alice'), now64(3))`,
  })
  const said: string[] = []
  const names = namesOf({
    tenant: 'default',
    subject: { type: 'user', id: 'alice' },
    sessions: ['s-1'],
    devices: [],
    addresses: [],
    prefixes: [],
  })
  // The twins that were only noted are stored for real, since nothing is deleted without them.
  await store.client.command({
    query: `INSERT INTO decisions SELECT * REPLACE ('erased' AS subject_id) FROM (SELECT * FROM decisions)`,
  })
  const target = {
    client: noting(store.client, said),
    cluster: 'main',
    tenant: 'default',
    whole_from: at.slice(0, 10),
  }
  await eraseFromStore(target, names, () => {})

  expect(said.length).toBeGreaterThanOrEqual(6)
  expect(said.filter((sql) => /alice|s-1/.test(sql))).toEqual([])
  const texts: string[] = []
  for (const sql of said) {
    const escaped = sql.replace(/[\\']/g, (mark) => `\\${mark}`)
    const [row] = await rowsOf<{ text: string }>(store.client, `SELECT formatQuery('${escaped}') AS text`)
    texts.push(row?.text ?? '')
  }
  const inserts = texts.filter((text) => text.startsWith('INSERT'))
  expect(inserts.filter((text) => text.includes('_local'))).toEqual([])
  const others = texts.filter((text) => !text.startsWith('INSERT'))
  expect(others.filter((text) => !/^ALTER TABLE \w+_local ON CLUSTER main/.test(text))).toEqual([])
})
