import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { ROLES } from '../../services/cli/roles/role.ts'
import { freePorts } from '../../deploy/kafka/free-ports.ts'
import { CONTAINER_USER, layOutImage } from '../support/deploy/image.ts'
import { eventually } from '../support/eventually.ts'

const image = layOutImage()
afterAll(() => rmSync(image.remove, { recursive: true, force: true }))
const options = { cwd: image.app, ...CONTAINER_USER }
const listing = () => readdirSync(image.app, { recursive: true, encoding: 'utf8' }).length

it('the files of the image are enough for every role, under a user that may write to the data directory only', async () => {
  const before = listing()
  expect(readdirSync(join(image.app, 'node_modules'))).not.toContain('@chdb')
  const [admin, proxy, decisions, console, nowhere] = await freePorts(5)
  const env = {
    PATH: process.env['PATH'],
    HOME: '/nonexistent',
    TMPDIR: '/nonexistent',
    NODE_ENV: 'production',
    GATEWATCH_DATA_DIR: image.data,
    GATEWATCH_ADMIN__PORT: String(admin),
    GATEWATCH_GATEWAY__LISTEN__PORT: String(proxy),
    GATEWATCH_GATEWAY__DECISION_POINT__PORT: String(decisions),
    GATEWATCH_GATEWAY__POLICY_FILE: 'deploy/policies/intranet.yaml',
    GATEWATCH_FEEDBACK__PORT: String(console),
    // A server that is away: no role may need it to start.
    GATEWATCH_CLICKHOUSE__URL: `http://127.0.0.1:${nowhere}`,
  }
  const healthcheck = () =>
    spawnSync(process.execPath, ['deploy/image/healthcheck.mjs'], { ...options, env, encoding: 'utf8' })

  const child = spawn(process.execPath, ['services/cli.ts', 'run', ...ROLES], {
    ...options,
    env,
    stdio: 'pipe',
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (output += chunk.toString()))
  const exited = once(child, 'exit')
  const failing = await eventually('all roles are up', async () => {
    if (child.exitCode !== null) throw new Error(output)
    const answer = await fetch(`http://127.0.0.1:${admin}/health/ready`).catch(() => null)
    const body = await answer?.json()
    return body !== undefined && !('start' in body.failing) ? body.failing : null
  }).catch((error: unknown) => {
    throw new Error(output, { cause: error })
  })
  expect(Object.keys(failing)).toEqual(['store'])
  expect(healthcheck()).toMatchObject({ status: 0, stderr: '' })
  expect((await fetch(`http://127.0.0.1:${console}/`)).status).toBe(200)

  child.kill('SIGTERM')
  const [code] = await exited
  expect(code).toBe(0)
  expect(healthcheck().status).toBe(1)
  expect(listing()).toBe(before)
})
