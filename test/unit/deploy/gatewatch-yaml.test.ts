import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { Config } from '../../../services/config.ts'

const text = readFileSync(new URL('../../../deploy/gatewatch.yaml', import.meta.url), 'utf8')

/** The file with every suggestion taken: a commented line that reads as YAML loses its mark. */
function withSuggestions(file: string): string {
  return file.replaceAll(/^( *)# ((?: *)(?:- \{|[a-z_]+:).*)$/gm, '$1$2')
}

describe('deploy/gatewatch.yaml', () => {
  it('is a valid configuration as it stands', () => {
    expect(Config.safeParse(parse(text)).error?.issues).toBeUndefined()
  })

  it('is one with every suggestion taken too', () => {
    const config = parse(withSuggestions(text))
    expect(config).toMatchObject({
      gateway: { oidc: { client_id: 'gatewatch' }, listen: { tls: {} } },
      feedback: { alerts: { webhooks: [{ name: 'on-call' }] } },
      clickhouse: { listen: { port: 8123 } },
    })
    expect(Config.safeParse(config).error?.issues).toBeUndefined()
  })

  it('names a policy that is there', () => {
    const { gateway } = Config.parse(parse(text))
    expect(existsSync(new URL(`../../../${gateway.policy_file}`, import.meta.url))).toBe(true)
  })
})
