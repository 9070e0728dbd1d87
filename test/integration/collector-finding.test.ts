import { appendFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pino } from 'pino'
import { expect, it, onTestFinished } from 'vitest'
import { Finding } from '../../schemas/finding.ts'
import { accessFindings } from '../../schemas/topics.ts'
import { ScoringConfig } from '../../services/scoring/config.ts'
import { startScoring } from '../../services/scoring/main.ts'
import { eventually } from '../support/eventually.ts'
import { liveCollector } from '../support/collector/live-collector.ts'

it('a line that Envoy writes becomes a finding: mallory, who is refused again and again, is found, and alice is not', async () => {
  // given a collector that follows an access log, and scoring
  const place = await liveCollector()
  const path = join(place.folder, 'access.log')
  await writeFile(path, '')
  await place.start({ sources: [{ name: 'edge', kind: 'file', format: 'envoy', path, poll: '10ms' }] })
  const runtime = {
    dataDir: place.folder,
    eventLog: place.eventLog,
    metrics: place.metrics,
    logger: pino({ level: 'silent' }),
  }
  const scoring = await startScoring(runtime, ScoringConfig.parse({}), { tenant: 'live' })
  onTestFinished(() => scoring.stop())
  const line = (user: string, atMs: number, code: number) =>
    `${JSON.stringify({
      start_time: new Date(atMs).toISOString(),
      method: 'GET',
      path: '/records',
      authority: 'records.example.com',
      response_code: code,
      response_code_details: code === 200 ? 'via_upstream' : 'ext_authz_denied',
      response_flags: code === 200 ? '-' : 'UAEX',
      downstream_remote_address: '203.0.113.7:4000',
      user,
    })}\n`

  // when both work, and one is refused forty times
  const begin = Date.now() - 60_000
  for (let nth = 0; nth < 40; nth += 1) {
    await appendFile(path, line('mallory', begin + nth * 200, 403) + line('alice', begin + nth * 1000, 200))
  }

  // then there is one story to tell
  const findings = await eventually('a finding', async () => {
    const found: Finding[] = []
    for (const { partition } of await place.eventLog.watermarks(accessFindings))
      for await (const some of place.eventLog.read(accessFindings, { partition }))
        found.push(...some.map(({ value }) => Finding.parse(JSON.parse(Buffer.from(value ?? []).toString()))))
    return found.some(({ entity }) => entity.id === 'user:mallory') && found
  })
  await scoring.drained()
  expect(findings.map(({ entity, tenant, origin }) => [entity.id, tenant, origin])).toContainEqual([
    'user:mallory',
    'live',
    'live',
  ])
  expect(findings.filter(({ entity }) => entity.id === 'user:alice')).toEqual([])
})
