import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Pool } from 'undici'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { accessDecisions } from '../../schemas/topics.ts'
import { openEmbeddedLog } from '../../services/runtime/log/embedded/embedded-log.ts'
import { verifyChain } from '../support/events/chain.ts'
import { readDecisions, startUpstream, tempDir } from '../support/gateway/gateway.ts'
import type { Upstream } from '../support/gateway/gateway.ts'

/**
 * The promise: every answered request has its decision in the log, numbered
 * without a gap and chained, whoever is killed when.
 */

const child = fileURLToPath(new URL('../support/gateway/gateway-child.ts', import.meta.url))
let dir: Awaited<ReturnType<typeof tempDir>>
let upstream: Upstream
let policy: string
const children: ChildProcess[] = []

beforeEach(async () => {
  dir = await tempDir()
  upstream = await startUpstream()
  policy = `version: 1
policy: p
routes:
  - id: all
    host: app.localhost
    path: /**
    upstream: ${upstream.url}
    app: app
    public: true
    rules: [{ id: all, when: 'true', outcome: permit }]
`
})

afterEach(async () => {
  for (const process of children.splice(0)) if (process.exitCode === null) process.kill('SIGKILL')
  await upstream.stop()
  await dir.release()
})

async function boot(): Promise<{ process: ChildProcess; origin: string }> {
  const started = spawn(process.execPath, [child, dir.path, policy], { stdio: ['ignore', 'pipe', 'inherit'] })
  children.push(started)
  const port = await new Promise<string>((resolve, reject) => {
    let text = ''
    started.stdout?.on('data', (data: Buffer) => {
      text += data.toString()
      const ready = /ready (\d+)/.exec(text)?.[1]
      if (ready !== undefined) resolve(ready)
    })
    started.once('exit', (code) => reject(new Error(`the gateway ended with ${code}`)))
  })
  return { process: started, origin: `http://127.0.0.1:${port}` }
}

function exited(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) resolve()
    else child.once('exit', () => resolve())
  })
}

/** Sends requests on several connections until so many were answered, or the gateway is gone; gives the decision ids that were answered. */
async function load(origin: string, answers: number, halfway: () => void = () => {}): Promise<string[]> {
  const pool = new Pool(origin, { connections: 8 })
  const answered: string[] = []
  await Promise.all(
    Array.from({ length: 8 }, async () => {
      while (answered.length < answers) {
        try {
          const answer = await pool.request({ path: '/x', method: 'GET', headers: { host: 'app.localhost' } })
          await answer.body.dump()
          const id = answer.headers['x-gatewatch-decision-id']
          if (answer.statusCode === 200 && typeof id === 'string') answered.push(id)
          if (answered.length === Math.floor(answers / 2)) halfway()
        } catch {
          return
        }
      }
    }),
  )
  await pool.destroy()
  return answered
}

async function stored() {
  const log = await openEmbeddedLog({ directory: dir.path, partitions: 4 })
  try {
    return await readDecisions(log)
  } finally {
    await log.close()
  }
}

it('keeps the chain whole over kill -9 under load and over an orderly restart', async () => {
  const answered: string[] = []
  for (const signal of ['SIGKILL', 'SIGKILL', 'SIGTERM', 'SIGKILL'] as const) {
    const gateway = await boot()
    answered.push(...(await load(gateway.origin, 200, () => gateway.process.kill(signal))))
    gateway.process.kill(signal)
    await exited(gateway.process)
  }
  const decisions = await stored()
  const ids = new Set(decisions.map(({ id }) => id))
  expect(answered.length).toBeGreaterThanOrEqual(400)
  expect(answered.filter((id) => !ids.has(id))).toEqual([])
  expect(ids.size).toBe(decisions.length)
  expect(verifyChain(decisions)).toEqual({ boots: 4, links: decisions.length, problems: [] })
})

it('shows it when the log lost its tail: the next boot names a number that the log lacks', async () => {
  const first = await boot()
  await load(first.origin, 50)
  first.process.kill('SIGTERM')
  await exited(first.process)
  const before = await stored()
  const last = Math.max(...before.map(({ pep }) => pep?.seq ?? -1))
  // The decisions are gone, the mark beside the log is not: as after restoring an old copy of the log.
  const mark = await readFile(join(dir.path, 'gateway', 'gateway.mark'))
  const other = await tempDir()
  const log = await openEmbeddedLog({ directory: other.path, partitions: 4 })
  const kept = before.filter(({ pep }) => (pep?.seq ?? 0) <= last - 5)
  await log.append(
    kept.map((decision) => ({
      topic: accessDecisions,
      key: accessDecisions.key(decision),
      value: JSON.stringify(decision),
    })),
  )
  await log.close()
  const lost = dir
  dir = other
  await rm(join(dir.path, 'gateway'), { recursive: true, force: true })
  await mkdir(join(dir.path, 'gateway'))
  await writeFile(join(dir.path, 'gateway', 'gateway.mark'), mark)
  const second = await boot()
  await load(second.origin, 20)
  second.process.kill('SIGTERM')
  await exited(second.process)
  await lost.release()
  const report = verifyChain(await stored())
  expect(report.problems).toEqual([
    expect.stringContaining(`the boot before it ends at ${last - 5}, not ${last}`),
  ])
})

it('links to the last decision of the log when the mark file is gone', async () => {
  const first = await boot()
  await load(first.origin, 20)
  first.process.kill('SIGTERM')
  await exited(first.process)
  await rm(join(dir.path, 'gateway'), { recursive: true })
  const second = await boot()
  await load(second.origin, 20)
  second.process.kill('SIGTERM')
  await exited(second.process)
  expect(verifyChain(await stored())).toMatchObject({ boots: 2, problems: [] })
})
