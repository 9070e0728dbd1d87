import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFile, copyFile, mkdtemp, rename, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { freePorts } from '../../deploy/kafka/free-ports.ts'
import { accessDecisions } from '../../schemas/topics.ts'
import { openEmbeddedLog } from '../../services/runtime/log/embedded/embedded-log.ts'
import { openTokens } from '../../services/runtime/tokens.ts'
import { chainProblems } from '../support/store/stored-decisions.ts'
import { decisionsOf, sshdLine } from '../support/collector/live-collector.ts'
import { eventually } from '../support/eventually.ts'

const CLI = fileURLToPath(new URL('../../services/cli.ts', import.meta.url))
const ROUNDS = 2
const LINES_OF_ROUND = 2000

it('kill -9 of the collector while files rotate and pushes come: what was answered is there, each line and event is there once, and the chains are whole', async ({
  onTestFinished,
}) => {
  // given a collector of two files that rotate in two ways, and of pushes
  const folder = await mkdtemp(join(tmpdir(), 'gatewatch-collector-kill-'))
  const dataDir = join(folder, 'data')
  const [port = 0, admin = 0] = await freePorts(2)
  const renamed = join(folder, 'renamed.log')
  const truncated = join(folder, 'truncated.log')
  await Promise.all([writeFile(renamed, ''), writeFile(truncated, '')])
  const config = join(folder, 'gatewatch.yaml')
  const file = { kind: 'file', format: 'sshd', from: 'beginning', poll: '10ms', rotate_wait: '50ms' }
  await writeFile(
    config,
    JSON.stringify({
      data_dir: dataDir,
      admin: { port: admin },
      collector: {
        http: { port },
        sources: [
          { name: 'renamed', path: renamed, ...file },
          { name: 'truncated', path: truncated, ...file },
          { name: 'pushed', kind: 'http', format: 'sshd' },
        ],
      },
    }),
  )
  const token = await (await openTokens(dataDir)).create({ name: 'sender', scopes: ['collector'] })

  function start() {
    const child = spawn(process.execPath, [CLI, 'run', 'collector', '--config', config], { stdio: 'ignore' })
    onTestFinished(() => void child.kill('SIGKILL'))
    return child
  }
  const answered = new Set<string>()
  const pushed = new Set<string>()
  /** One push, again and again until it is answered, as a sender does it. */
  async function push(nth: number): Promise<void> {
    const users = [`p${nth}a`, `p${nth}b`]
    const body = users
      .map((user) => sshdLine(user, 2 * nth + users.indexOf(user), 1_700_000_000_000 + nth))
      .join('')
    for (const user of users) pushed.add(user)
    await eventually('an answer', async () => {
      const answer = await fetch(`http://127.0.0.1:${port}/v1/push/pushed`, {
        method: 'POST',
        body,
        headers: { authorization: `Bearer ${token}` },
      }).catch(() => null)
      return answer?.status === 200
    })
    for (const user of users) answered.add(user)
  }

  let written = 0
  let generation = 0
  let begun = 0
  const over = new AbortController()
  const sure = new Set<string>()
  const write = async (path: string, prefix: string): Promise<void> => {
    const users = Array.from({ length: 20 }, () => `${prefix}${written++}`)
    await appendFile(path, users.map((user) => sshdLine(user, Number(user.slice(1)))).join(''))
    for (const user of users) sure.add(user)
  }
  async function writeAndRotate(): Promise<void> {
    while (!over.signal.aborted) {
      await pause(15)
      // So many in a round, however slowly processes start here and now.
      if (written >= LINES_OF_ROUND * begun) continue
      await Promise.all([write(renamed, 'r'), write(truncated, 't')])
      if (written % 400 === 0) {
        await rename(renamed, `${renamed}.${(generation += 1)}`)
        await write(renamed, 'r')
      }
      if (written % 560 === 0) {
        // Nobody writes between the copy and the truncation, which is what copytruncate itself loses.
        await copyFile(truncated, `${truncated}.${(generation += 1)}`)
        await truncate(truncated)
      }
    }
  }

  const atLeast = async (count: number): Promise<void> => {
    const log = await openEmbeddedLog({ directory: join(dataDir, 'log'), partitions: 1 })
    try {
      await eventually(`${count} decisions`, async () => {
        const [ends] = await log.watermarks(accessDecisions)
        return (ends?.high ?? 0) >= count
      })
    } finally {
      await log.close()
    }
  }

  // A file that was rotated before it was ever followed is history.
  const first = start()
  await Promise.all([write(renamed, 'r'), write(truncated, 't')])
  await push(0)
  await atLeast(42)
  first.kill('SIGKILL')
  await once(first, 'exit')

  // when it is killed at any time, again and again
  const writing = writeAndRotate()
  let pushes = 0
  for (let round = 0; round < ROUNDS; round += 1) {
    begun += 1
    const child = start()
    const exited = once(child, 'exit')
    await push((pushes += 1))
    const until = performance.now() + 200 + Math.random() * 800
    const pushing = (async () => {
      while (performance.now() < until) await push((pushes += 1))
    })()
    await pause(Math.max(0, until - performance.now() - Math.random() * 150))
    child.kill('SIGKILL')
    await exited
    // A push that got no answer is sent again, to the next one.
    const next = start()
    await pushing
    next.kill('SIGKILL')
    await once(next, 'exit')
  }
  over.abort()
  await writing

  // then the last one brings everything in, and is stopped in order
  const last = start()
  await push((pushes += 1))
  const log = async () => {
    const eventLog = await openEmbeddedLog({ directory: join(dataDir, 'log'), partitions: 1 })
    try {
      return await decisionsOf(eventLog)
    } finally {
      await eventLog.close()
    }
  }
  // What lacks is named below, if something does.
  await atLeast(sure.size + pushed.size).catch(() => {})
  last.kill('SIGTERM')
  expect((await once(last, 'exit'))[0]).toBe(0)
  const decisions = await log()
  const users = decisions.map(({ subject }) => subject.id)
  const counted = new Map<string, number>()
  for (const user of users) counted.set(user, (counted.get(user) ?? 0) + 1)
  const expected = [...sure, ...answered]
  expect(expected.filter((user) => counted.get(user) !== 1)).toEqual([])
  expect([...counted].filter(([, times]) => times !== 1)).toEqual([])
  expect(new Set(decisions.map(({ id }) => id)).size).toBe(decisions.length)
  expect(chainProblems(decisions)).toEqual([])
  expect(sure.size).toBeGreaterThan(1000)
  await rm(folder, { recursive: true, force: true })
})
