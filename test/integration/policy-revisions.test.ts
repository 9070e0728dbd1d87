import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { request } from 'undici'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { PolicyRevision } from '../../schemas/policy.ts'
import { policyRevisions } from '../../schemas/topics.ts'
import { openBreakGlassList } from '../../services/feedback/usage/break-glass-list.ts'
import { openEmbeddedLog } from '../../services/runtime/log/embedded/embedded-log.ts'
import type { EventLog } from '../../services/runtime/log/event-log.ts'
import { parseJson } from '../../services/runtime/log/json-record.ts'
import { eventually } from '../support/eventually.ts'
import { startTestGateway, tempDir } from '../support/gateway/gateway.ts'

let dir: Awaited<ReturnType<typeof tempDir>>
let log: EventLog

beforeAll(async () => {
  dir = await tempDir()
  log = await openEmbeddedLog({ directory: join(dir.path, 'log'), partitions: 2 })
})

afterAll(async () => {
  await log?.close()
  await dir?.release()
})

function policyOf(contact: string): string {
  return `version: 1
policy: test
contact: ${contact}
break_glass: ['user:root']
routes:
  - id: wiki
    host: wiki.localhost
    path: /**
    upstream: http://127.0.0.1:9
    app: wiki
    rules: [{ id: nobody, description: Nobody may., when: 'false', outcome: permit }]
`
}

/** How many revisions were written so far. */
async function written(): Promise<number> {
  let count = 0
  for (const { high } of await log.watermarks(policyRevisions)) count += high
  return count
}

async function recorded(): Promise<PolicyRevision | undefined> {
  const table = await log.openTable(policyRevisions)
  try {
    await table.caughtUp()
    const value = table.get('default/test')
    const parsed = value === undefined ? undefined : parseJson({ value })
    return parsed?.kind === 'ok' ? PolicyRevision.parse(parsed.value) : undefined
  } finally {
    await table.close()
  }
}

it('what a gateway enforces is written down when it begins, once, and again when the file changes', async () => {
  const first = await startTestGateway(dir.path, log, policyOf('first@example.org'))
  try {
    expect(await recorded()).toMatchObject({
      policy: 'test',
      applied_by: 'gateway',
      document: { contact: 'first@example.org', routes: [{ rules: [{ description: 'Nobody may.' }] }] },
    })
    await (await request(first.origin, { headers: { host: 'wiki.localhost' } })).body.dump()
    const [decision] = await eventually('the decision', async () => {
      const decisions = await first.decisions()
      return decisions.length > 0 && decisions
    })
    expect((await recorded())?.revision).toBe(decision?.policy?.revision)
    expect(await written()).toBe(1)
  } finally {
    await first.stop()
  }

  const again = await startTestGateway(dir.path, log, policyOf('first@example.org'))
  try {
    expect(await written()).toBe(1)
    await writeFile(join(dir.path, 'policy.yaml'), policyOf('second@example.org'))
    await eventually(
      'the changed policy',
      async () => (await recorded())?.document.contact === 'second@example.org',
    )
    expect(await written()).toBe(2)
  } finally {
    await again.stop()
  }
})

it('what a changed policy refuses carries what the one before would have said, after a restart as well', async () => {
  const policy = (when: string) =>
    policyOf('rollout@example.org')
      .replace("when: 'false'", `when: '${when}'`)
      .replace('app: wiki', 'app: wiki\n    public: true')
  const ask = async (gateway: Awaited<ReturnType<typeof startTestGateway>>) => {
    const known = (await gateway.decisions()).length
    await (await request(gateway.origin, { headers: { host: 'wiki.localhost' } })).body.dump()
    return eventually('the decision', async () => (await gateway.decisions())[known])
  }
  let gateway = await startTestGateway(dir.path, log, policy('true'))
  try {
    const before = await ask(gateway)
    expect(before).toMatchObject({ outcome: 'permit' })
    expect(before.policy?.shadow).toBeUndefined()
    const revision = before.policy?.revision
    await writeFile(join(dir.path, 'policy.yaml'), policy('context.method == "PUT"'))
    await eventually('the changed policy', async () => (await recorded())?.revision !== revision)
    expect(await ask(gateway)).toMatchObject({
      outcome: 'deny',
      policy: { shadow: { revision, outcome: 'permit' } },
    })
    const changed = (await recorded())?.revision
    await gateway.stop()
    gateway = await startTestGateway(dir.path, log, policy('context.method == "DELETE"'))
    expect(await ask(gateway)).toMatchObject({
      outcome: 'deny',
      policy: { shadow: { revision: changed, outcome: 'deny' } },
    })
  } finally {
    await gateway.stop()
  }
})

it('so the ledger knows whom the policy says never to restrict', async () => {
  const list = await openBreakGlassList(log, [])
  try {
    expect(list.has('default', 'user:root')).toBe(true)
    expect(list.has('default', 'user:alice')).toBe(false)
  } finally {
    await list.close()
  }
})
