import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { accessFindings } from '../../schemas/topics.ts'
import { openEmbeddedLog } from '../../services/runtime/log/embedded/embedded-log.ts'
import { jsonRecord } from '../../services/runtime/log/json-record.ts'
import { runCliProcess } from '../support/whole/cli-process.ts'
import { finding } from '../support/scoring/findings.ts'

let directory: string
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'gatewatch-unheard-'))
  const eventLog = await openEmbeddedLog({ directory: join(directory, '.gatewatch', 'log') })
  await eventLog.append(
    Array.from({ length: 200 }, (_, n) => jsonRecord(accessFindings, finding({ id: `f-${n}` }))),
  )
  await eventLog.close()
})
afterAll(() => rm(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 }))

describe('a command whose output nobody reads any more', () => {
  it.each([
    [['--help'], 0],
    [['topics', '--json'], 0],
    [['findings', '--json'], 0],
    [['findings', '--follow', '--json'], 0],
    [['run', 'painter'], 2],
  ])('ends quietly, with the exit code that it has otherwise: %j', async (args, code) => {
    const heard = args.includes('--follow') ? code : await runCliProcess(args, {}, directory).exited()
    const cli = runCliProcess(args, {}, directory)
    cli.child.stdout?.destroy()
    expect(await cli.exited()).toBe(heard)
    expect(heard).toBe(code)
    expect(cli.output()).not.toMatch(/EPIPE|unhandled|\bat .*\.ts:/i)
  })

  it('and whose complaints nobody reads either, too', async () => {
    const cli = runCliProcess(['run', 'painter'], {}, directory)
    cli.child.stdout?.destroy()
    cli.child.stderr?.destroy()
    expect(await cli.exited()).toBe(2)
  })
})
